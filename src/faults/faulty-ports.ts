import type { CrashReason, EventId, HostPorts, RunEvent, Undo } from '../kernel/index.ts';
import type { CrashTrigger, CrashTriggers } from './exact-trigger.ts';
import type { CrashAtFault } from './fault.ts';
import { injected, type WriteEvent } from './injection.ts';

export interface FaultyPortsOptions {
  readonly triggers: CrashTriggers;
  /** The instance's own (`InstanceRuntime.write`). */
  readonly write: WriteEvent;
}

const NOTHING: Undo = () => {};

/** What the log and the crash itself say of it. */
export const crashEffect = (when: CrashAtFault['when'], what: string): string => `crashed ${when} ${what}`;

export const crashReason = ({ faultId }: CrashTrigger, effect: string): CrashReason => ({
  reason: `a fault: ${effect}`,
  faultId,
});

/**
 * An instance's ports with the crashes that wait at them.
 * - network: before the message leaves; or once its answer is here, before the process sees it;
 * - store: before the transaction begins; or once it is durable, before the process hears of it;
 * - work: before it begins; or when it is done.
 * After a crash nothing is called back.
 */
export function faultyPorts(ports: HostPorts, { triggers, write }: FaultyPortsOptions): HostPorts {
  type Place = Partial<Pick<RunEvent, 'traceId' | 'spanId'>> & { readonly cause?: EventId | null };

  /** True: the instance has ended here. */
  const ends = (
    port: CrashAtFault['port'],
    operation: string,
    when: CrashAtFault['when'],
    what: string,
    at: Place,
  ): boolean => {
    const due = triggers.reached(port, operation, when);
    if (due === null) return false;
    const effect = crashEffect(when, what);
    write(injected(due, effect), at);
    ports.crash(crashReason(due, effect));
    return true;
  };

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
    work(durationMs, done) {
      if (ends('work', '', 'before', 'its work', {})) return NOTHING;
      return ports.work(durationMs, () => {
        if (!ends('work', '', 'after', 'its work', {})) done();
      });
    },
    send(message, reply) {
      const { operation, span, cause } = message;
      const at = { traceId: span.traceId, spanId: span.spanId };
      if (ends('network', operation, 'before', `${operation} was sent`, { ...at, cause })) return NOTHING;
      return ports.send(message, (given) => {
        const heard = { ...at, cause: given.cause ?? cause };
        if (!ends('network', operation, 'after', `${operation} was answered`, heard)) reply(given);
      });
    },
    begin(operation, tables, mode, opened) {
      const what = `the transaction ${operation}`;
      if (ends('store', operation, 'before', what, {})) return NOTHING;
      return ports.begin(operation, tables, mode, (outcome) => {
        if (!outcome.ok) {
          opened(outcome);
          return;
        }
        const transaction = outcome.value;
        opened({
          ok: true,
          value: {
            request: (asked, done) => transaction.request(asked, done),
            commit: (events, done) =>
              transaction.commit(events, (committed) => {
                const cause = events.at(-1)?.id ?? null;
                if (committed.ok && ends('store', operation, 'after', what, { cause })) return;
                done(committed);
              }),
            abort: () => transaction.abort(),
          },
        });
      });
    },
  };
}
