import {
  type Asker,
  type CrashReason,
  type EventId,
  type HostPorts,
  type InstanceId,
  type LogPlace,
  plusMs,
  type Reply,
  serviceOf,
  type Undo,
} from '../kernel/index.ts';
import { customersSettings } from './customers-load.ts';
import type { CrashTriggers } from './exact-trigger.ts';
import { type ActiveFault, type ActiveOf, type CrashAtFault, type FaultOf, isOf } from './fault.ts';
import { sitsAt } from './fault-place.ts';
import { faultyBegin } from './faulty-store.ts';
import type { HangGate } from './hang-gate.ts';
import { injected, type WriteEvent } from './injection.ts';

export interface FaultyPortsOptions {
  readonly instance: InstanceId;
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  readonly triggers: CrashTriggers;
  readonly gate: HangGate;
  /** The instance's own (`InstanceRuntime.write`). */
  readonly write: WriteEvent;
}

const NOTHING: Undo = () => {};
const isSlowCpu = isOf('slow-cpu');
const isClockOffset = isOf('clock-offset');
type AtThePorts = ActiveOf<'slow-cpu'> | ActiveOf<'clock-offset'>;

const placeOf = (asker: Asker | undefined): Partial<LogPlace> => ({
  traceId: asker?.span?.traceId ?? null,
  spanId: asker?.span?.spanId ?? null,
  parentSpanId: asker?.parentSpanId ?? null,
  cause: asker?.cause ?? null,
});

const ahead = ({ offsetMs }: FaultOf<'clock-offset'>): string =>
  `${Math.abs(offsetMs) / 1000} s ${offsetMs < 0 ? 'behind' : 'ahead'}`;

/** What the log and the crash itself say of it. */
export const crashEffect = (when: CrashAtFault['when'], what: string): string => `crashed ${when} ${what}`;

export const crashReason = ({ faultId }: ActiveOf<'crash-at'>, effect: string): CrashReason => ({
  reason: `a fault: ${effect}`,
  faultId,
});

/**
 * An instance's ports with the crashes that wait at them, and its database with its faults.
 * - network: before the message leaves; or once its answer is here, before the process sees it;
 * - store: before the transaction begins; or once it is durable, before the process hears of it;
 * - work: before it begins; or when it is done.
 * After a crash nothing is called back. While the instance hangs nothing is either, until it goes on; a transaction
 * that was begun is finished first, since a database waits for nobody.
 */
export function faultyPorts(ports: HostPorts, options: FaultyPortsOptions): HostPorts {
  const { triggers, write, instance, gate } = options;

  const crash = (due: ActiveOf<'crash-at'>, what: string, at: Partial<LogPlace>): void => {
    const effect = crashEffect(due.fault.when, what);
    write(injected(due, effect), at);
    ports.crash(crashReason(due, effect));
  };

  const here = <Here extends AtThePorts>(
    isKind: (active: ActiveFault) => active is Here,
  ): readonly Here[] => {
    const active = options.active();
    if (active.length === 0) return [];
    return active.filter(isKind).filter(({ fault }) => sitsAt(fault.target, instance));
  };

  const slowed = (durationMs: number, asker: Asker | undefined): number => {
    let ms = durationMs;
    if (durationMs === 0) return ms;
    for (const slow of here(isSlowCpu)) {
      const more = ms * (slow.fault.factor - 1);
      write(injected(slow, 'worked slowly', more), placeOf(asker));
      ms += more;
    }
    return ms;
  };

  const begin = faultyBegin(ports, {
    instance,
    gate,
    active: () => options.active(),
    write,
    durable(operation, events) {
      const due = triggers.reached('store', operation, 'after');
      if (due === null) return false;
      const last = events.at(-1);
      const { traceId = null, spanId = null, parentSpanId = null, id: cause = null } = last ?? {};
      crash(due, transaction(operation), { traceId, spanId, parentSpanId, cause });
      return true;
    },
  });

  // Named one by one: a host may be a class, whose methods a spread would lose.
  return {
    tracker: ports.tracker,
    random: ports.random,
    crypto: ports.crypto,
    now: () => ports.now(),
    settings:
      serviceOf(instance) === 'customers'
        ? customersSettings(ports, () => options.active())
        : () => ports.settings(),
    timeOfDay(asker) {
      let nowUs = ports.now();
      for (const active of here(isClockOffset)) {
        write(injected(active, `its clock is ${ahead(active.fault)}`), placeOf(asker));
        nowUs = plusMs(nowUs, active.fault.offsetMs);
      }
      return nowUs;
    },
    schedule: (delayMs, wake) => ports.schedule(delayMs, () => gate.pass(wake)),
    emit: (event) => ports.emit(event),
    crash: (reason) => ports.crash(reason),
    ready: () => ports.ready(),
    closed: (cause) => ports.closed(cause),
    drained: (cause) => ports.drained(cause),
    work(durationMs, done, asker) {
      const before = triggers.reached('work', '', 'before');
      if (before !== null) {
        crash(before, 'its work', {});
        return NOTHING;
      }
      const finished = () => {
        const after = triggers.reached('work', '', 'after');
        if (after === null) done();
        else crash(after, 'its work', {});
      };
      return ports.work(slowed(durationMs, asker), () => gate.pass(finished));
    },
    send(message, reply) {
      const { operation } = message;
      const at = (cause: EventId): Partial<LogPlace> => ({
        traceId: message.span.traceId,
        spanId: message.span.spanId,
        cause,
      });
      const before = triggers.reached('network', operation, 'before');
      if (before !== null) {
        crash(before, `${operation} was sent`, at(message.cause));
        return NOTHING;
      }
      const answered = (given: Reply) => {
        const after = triggers.reached('network', operation, 'after');
        if (after === null) reply(given);
        else crash(after, `${operation} was answered`, at(given.cause ?? message.cause));
      };
      return ports.send(message, (given) => gate.pass(() => answered(given)));
    },
    begin(operation, tables, mode, opened, at) {
      const before = triggers.reached('store', operation, 'before');
      if (before === null) return begin(operation, tables, mode, opened, at);
      crash(before, transaction(operation), at ?? {});
      return NOTHING;
    },
  };
}

const transaction = (operation: string): string => `the transaction ${operation}`;
