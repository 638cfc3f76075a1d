import {
  ATTEMPT_HEADER,
  type Context,
  type CrashReason,
  type HttpRequest,
  REQUEST_ID_HEADER,
  type ServiceDefinition,
} from '../kernel/index.ts';
import type { CrashTriggers } from './exact-trigger.ts';
import type { ActiveFault, CrashAtFault } from './fault.ts';
import { crashEffect, crashReason } from './faulty-ports.ts';
import { type AttemptKey, effectsOn, injected, injectedAnswer } from './injection.ts';

export interface FaultyDoorOptions {
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  readonly triggers: CrashTriggers;
  /** The host's `HostPorts.crash`. */
  crash(reason: CrashReason): void;
}

/**
 * A service with the faults of its door: after admission, so that what waits here holds a request
 * slot, and before the handler. Everything that asks is hit alike, health checks too. Its own
 * background work is not.
 */
export function faultyDefinition(definition: ServiceDefinition, door: FaultyDoorOptions): ServiceDefinition {
  const crashIfDue = async (
    context: Context,
    operation: string,
    when: CrashAtFault['when'],
  ): Promise<void> => {
    const due = door.triggers.reached('handler', operation, when);
    if (due === null) return;
    const effect = crashEffect(when, `handling ${operation}`);
    context.log.emit(injected(due, effect));
    door.crash(crashReason(due, effect));
    // Never settles: this life is over.
    await context.portCall<void>('fault.crash', () => undefined);
  };

  const handle: ServiceDefinition['handle'] = async (request, context) => {
    const operation = definition.operationOf(request);
    const { delays, error } = effectsOn(
      faultsAt(door.active(), context),
      keyOf(request, context),
      context.random,
    );
    for (const { by, delayMs } of delays) {
      context.log.emit(injected(by, 'held at the door', delayMs));
      await context.clock.sleep(delayMs);
    }
    if (error !== null) {
      context.log.emit(injected(error, `answered ${error.fault.status}`));
      return injectedAnswer(error);
    }
    await crashIfDue(context, operation, 'before');
    const response = await definition.handle(request, context);
    await crashIfDue(context, operation, 'after');
    return response;
  };

  return { ...definition, handle };
}

const faultsAt = (active: readonly ActiveFault[], context: Context): readonly ActiveFault[] =>
  active.filter(({ fault }) => {
    if (fault.kind === 'crash-at') return false;
    const { target } = fault;
    if (target.kind === 'service') return target.service === context.service;
    return target.kind === 'instance' && target.instance === context.instance;
  });

/** The caller names its call and attempt; a request from outside is known by its own span. */
const keyOf = (request: HttpRequest, context: Context): AttemptKey => ({
  call: request.headers[REQUEST_ID_HEADER] ?? context.span?.spanId ?? request.path,
  attempt: request.headers[ATTEMPT_HEADER] ?? 1,
});
