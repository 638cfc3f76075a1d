import type { CrashReason, EventId, HostPorts, InstanceId, LogPlace, Undo } from '../kernel/index.ts';
import type { CrashTriggers } from './exact-trigger.ts';
import type { ActiveFault, ActiveOf, CrashAtFault } from './fault.ts';
import { faultyBegin } from './faulty-store.ts';
import { injected, type WriteEvent } from './injection.ts';

export interface FaultyPortsOptions {
  readonly instance: InstanceId;
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  readonly triggers: CrashTriggers;
  /** The instance's own (`InstanceRuntime.write`). */
  readonly write: WriteEvent;
}

const NOTHING: Undo = () => {};

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
 * After a crash nothing is called back.
 */
export function faultyPorts(ports: HostPorts, options: FaultyPortsOptions): HostPorts {
  const { triggers, write, instance } = options;

  const crash = (due: ActiveOf<'crash-at'>, what: string, at: Partial<LogPlace>): void => {
    const effect = crashEffect(due.fault.when, what);
    write(injected(due, effect), at);
    ports.crash(crashReason(due, effect));
  };

  const begin = faultyBegin(ports, {
    instance,
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
    settings: () => ports.settings(),
    schedule: (delayMs, wake) => ports.schedule(delayMs, wake),
    emit: (event) => ports.emit(event),
    crash: (reason) => ports.crash(reason),
    ready: () => ports.ready(),
    closed: (cause) => ports.closed(cause),
    drained: (cause) => ports.drained(cause),
    work(durationMs, done) {
      const before = triggers.reached('work', '', 'before');
      if (before !== null) {
        crash(before, 'its work', {});
        return NOTHING;
      }
      return ports.work(durationMs, () => {
        const after = triggers.reached('work', '', 'after');
        if (after === null) done();
        else crash(after, 'its work', {});
      });
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
      return ports.send(message, (given) => {
        const after = triggers.reached('network', operation, 'after');
        if (after === null) reply(given);
        else crash(after, `${operation} was answered`, at(given.cause ?? message.cause));
      });
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
