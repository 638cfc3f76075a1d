import {
  ATTEMPT_HEADER,
  type Context,
  type CrashReason,
  type FaultId,
  type HttpRequest,
  type HttpResponse,
  type InstanceId,
  parseJsonBody,
  problemResponse,
  REQUEST_ID_HEADER,
  type ServiceDefinition,
} from '../kernel/index.ts';
import type { CrashTriggers } from './exact-trigger.ts';
import { type ActiveFault, type ActiveOf, type CrashAtFault, isOf } from './fault.ts';
import { sitsAt } from './fault-place.ts';
import { DELIVERY } from './faulty-network.ts';
import { crashEffect, crashReason } from './faulty-ports.ts';
import {
  type DrawKey,
  hits,
  injected,
  injectedAnswer,
  slowMs,
  spoilt,
  spoiltEffect,
  tricklingMs,
} from './injection.ts';

export interface FaultyDoorOptions {
  readonly instance: InstanceId;
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  readonly triggers: CrashTriggers;
  /** The host's `HostPorts.crash`. */
  crash(reason: CrashReason): void;
}

const isCrashAt = isOf('crash-at');
const isPoison = isOf('message-poison');
const isStale = isOf('registry-stale');
const isMemoryLimit = isOf('memory-limit');
const isSlowStart = isOf('slow-start');
const isSlowBody = isOf('slow-body');
const isCorruptBody = isOf('corrupt-body');
const isAtTheDoor = isOf(
  'slow',
  'errors',
  'message-poison',
  'registry-stale',
  'memory-limit',
  'slow-body',
  'corrupt-body',
);
type AtTheDoor = ActiveOf<
  'slow' | 'errors' | 'message-poison' | 'registry-stale' | 'memory-limit' | 'slow-body' | 'corrupt-body'
>;

const LOOK_UP = 'GET /instances';
const QUARTERS = 4;

/**
 * A service with the faults of its door: after admission, so that what waits here holds a request
 * slot, and before the handler. Everything that asks is hit alike, health checks too. Its own
 * background work is not. All delays that hit a request add up; then the first error that hits answers.
 * One for each life of an instance.
 */
export function faultyDefinition(definition: ServiceDefinition, door: FaultyDoorOptions): ServiceDefinition {
  /** What requests have left behind in this life, KB, by fault. */
  const leakedKb = new Map<FaultId, number>();
  /** What was looked up first, by fault and path. */
  const oldLists = new Map<string, HttpResponse>();

  const faultsHere = (): readonly AtTheDoor[] =>
    door
      .active()
      .filter(isAtTheDoor)
      .filter(({ fault }) => sitsAt(fault.target, door.instance));

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
    await crash(crashReason(due, effect), context);
  };

  const crash = async (reason: CrashReason, context: Context): Promise<void> => {
    door.crash(reason);
    // Never settles: this life is over.
    await context.portCall<void>('fault.crash', () => undefined);
  };

  const leak = async (limit: ActiveOf<'memory-limit'>, context: Context): Promise<void> => {
    const { fault, faultId } = limit;
    const before = leakedKb.get(faultId) ?? 0;
    const used = before + fault.leakKbPerRequest;
    leakedKb.set(faultId, used);
    const limitKb = fault.limitMb * 1024;
    const quarter = (kb: number): number => Math.floor((QUARTERS * kb) / limitKb);
    if (quarter(used) === quarter(before)) return;
    if (used < limitKb) {
      context.log.emit(injected(limit, `uses ${Math.floor(used / 1024)} of ${fault.limitMb} MB`));
      return;
    }
    context.log.emit(injected(limit, `killed: all of its ${fault.limitMb} MB were used`));
    await crash({ reason: 'a fault: out of memory', faultId }, context);
  };

  const handle: ServiceDefinition['handle'] = async (request, context) => {
    if (door.active().length > 0) {
      const { random } = context;
      const key = keyOf(request, context);
      const here = faultsHere();
      for (const slow of here.filter(isOf('slow'))) {
        const delayMs = slowMs(random, slow, key, context.clock.now());
        if (delayMs === null) continue;
        context.log.emit(injected(slow, 'held at the door', delayMs));
        await context.clock.sleep(delayMs);
      }
      const error = here.filter(isOf('errors')).find((active) => hits(random, active, key));
      if (error !== undefined) {
        context.log.emit(injected(error, `answered ${error.fault.status}`));
        return injectedAnswer(error);
      }
      const other = insteadOf(
        definition,
        request,
        context,
        here.filter(isPoison),
        here.filter(isStale),
        oldLists,
      );
      if (other !== null) return other;
      await crashIfDue(request, context, 'before');
    }
    const response = await definition.handle(request, context);
    if (door.active().length === 0) return response;
    await crashIfDue(request, context, 'after');
    return await afterwards(request, context, response);
  };

  const afterwards = async (
    request: HttpRequest,
    context: Context,
    given: HttpResponse,
  ): Promise<HttpResponse> => {
    const here = faultsHere();
    if (here.length === 0) return given;
    for (const { faultId } of here.filter(isStale)) {
      const place = `${faultId} ${request.path}`;
      if (definition.operationOf(request) === LOOK_UP && !oldLists.has(place)) oldLists.set(place, given);
    }
    for (const limit of here.filter(isMemoryLimit)) await leak(limit, context);
    const key = keyOf(request, context);
    let response = given;
    for (const corrupt of here.filter(isCorruptBody)) {
      const other = spoilt(context.random, corrupt, response, key);
      if (other === null) continue;
      context.log.emit(injected(corrupt, spoiltEffect(corrupt)));
      response = other;
      break;
    }
    for (const slow of here.filter(isSlowBody)) {
      const ms = tricklingMs(context.random, slow, response.body, key);
      if (ms === null) continue;
      context.log.emit(injected(slow, 'its body trickled', ms));
      await context.clock.sleep(ms);
    }
    return response;
  };

  const slowStarts = door
    .active()
    .filter(isSlowStart)
    .filter(({ fault }) => sitsAt(fault.target, door.instance));
  if (slowStarts.length === 0) return { ...definition, handle };
  const onStart = async (context: Context): Promise<void> => {
    for (const slow of slowStarts) {
      context.log.emit(injected(slow, 'slow to start', slow.fault.addMs));
      await context.clock.sleep(slow.fault.addMs);
    }
    await definition.onStart?.(context);
  };
  return { ...definition, handle, onStart };
}

/** What is answered to a poisoned message, or from an old list; null: it is handled. */
function insteadOf(
  definition: ServiceDefinition,
  request: HttpRequest,
  context: Context,
  poisons: readonly ActiveOf<'message-poison'>[],
  stale: readonly ActiveOf<'registry-stale'>[],
  oldLists: ReadonlyMap<string, HttpResponse>,
): HttpResponse | null {
  if (poisons.length === 0 && stale.length === 0) return null;
  const operation = definition.operationOf(request);
  if (operation === LOOK_UP) {
    for (const active of stale) {
      const old = oldLists.get(`${active.faultId} ${request.path}`);
      if (old === undefined) continue;
      context.log.emit(injected(active, 'answered from an old list'));
      return old;
    }
  }
  if (operation !== DELIVERY || poisons.length === 0) return null;
  const json = parseJsonBody(request.body);
  const { id, type } = (json.ok ? json.value : {}) as { readonly id?: unknown; readonly type?: unknown };
  const poison = poisons.find(
    (active) =>
      (active.fault.messageType === null || active.fault.messageType === type) &&
      hits(context.random, active, ['message', String(id)]),
  );
  if (poison === undefined) return null;
  context.log.emit(injected(poison, `could not handle the message ${String(id)}`));
  return problemResponse({
    type: 'https://bulkhead.dev/problems/poisoned-message',
    title: 'Poisoned message',
    status: 500,
    detail: `A fault (${poison.faultId}) makes this message impossible to handle, however often it comes.`,
    faultId: poison.faultId,
  });
}

/** The caller names its call and attempt; a request from outside is known by its own span. */
const keyOf = (request: HttpRequest, context: Context): DrawKey => [
  request.headers[REQUEST_ID_HEADER] ?? context.span?.spanId ?? request.path,
  request.headers[ATTEMPT_HEADER] ?? 1,
];
