import {
  ATTEMPT_HEADER,
  type Context,
  type CrashReason,
  type HttpRequest,
  REQUEST_ID_HEADER,
  type ServiceDefinition,
} from '../kernel/index.ts';
import type { CrashTriggers } from './exact-trigger.ts';
import { type ActiveFault, type CrashAtFault, isOf } from './fault.ts';
import { sitsAt } from './fault-place.ts';
import { crashEffect, crashReason } from './faulty-ports.ts';
import { type DrawKey, hits, injected, injectedAnswer, slowMs } from './injection.ts';

export interface FaultyDoorOptions {
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  readonly triggers: CrashTriggers;
  /** The host's `HostPorts.crash`. */
  crash(reason: CrashReason): void;
}

const isCrashAt = isOf('crash-at');

/**
 * A service with the faults of its door: after admission, so that what waits here holds a request
 * slot, and before the handler. Everything that asks is hit alike, health checks too. Its own
 * background work is not. All delays that hit a request add up; then the first error that hits answers.
 */
export function faultyDefinition(definition: ServiceDefinition, door: FaultyDoorOptions): ServiceDefinition {
  const crashIfDue = async (
    request: HttpRequest,
    context: Context,
    when: CrashAtFault['when'],
  ): Promise<void> => {
    if (!door.active().some(isCrashAt)) return;
    const operation = definition.operationOf(request);
    const due = door.triggers.reached('handler', operation, when);
    if (due === null) return;
    const effect = crashEffect(when, `handling ${operation}`);
    context.log.emit(injected(due, effect));
    door.crash(crashReason(due, effect));
    // Never settles: this life is over.
    await context.portCall<void>('fault.crash', () => undefined);
  };

  const handle: ServiceDefinition['handle'] = async (request, context) => {
    if (door.active().length > 0) {
      const { random } = context;
      const key = keyOf(request, context);
      const here = door
        .active()
        .filter(isOf('slow', 'errors'))
        .filter(({ fault }) => sitsAt(fault.target, context.instance));
      for (const slow of here.filter(isOf('slow'))) {
        const delayMs = slowMs(random, slow, key);
        if (delayMs === null) continue;
        context.log.emit(injected(slow, 'held at the door', delayMs));
        await context.clock.sleep(delayMs);
      }
      const error = here.filter(isOf('errors')).find((active) => hits(random, active, key));
      if (error !== undefined) {
        context.log.emit(injected(error, `answered ${error.fault.status}`));
        return injectedAnswer(error);
      }
      await crashIfDue(request, context, 'before');
    }
    const response = await definition.handle(request, context);
    if (door.active().length > 0) await crashIfDue(request, context, 'after');
    return response;
  };

  return { ...definition, handle };
}

/** The caller names its call and attempt; a request from outside is known by its own span. */
const keyOf = (request: HttpRequest, context: Context): DrawKey => [
  request.headers[REQUEST_ID_HEADER] ?? context.span?.spanId ?? request.path,
  request.headers[ATTEMPT_HEADER] ?? 1,
];
