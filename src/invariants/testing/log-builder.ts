import {
  type EventDraft,
  eventId,
  instanceId,
  type Json,
  type RowChange,
  type RunEvent,
  type ServiceName,
} from '../../kernel/index.ts';
import { type CheckOptions, checkInvariants } from '../index.ts';
import type { FinalTables } from '../invariant.ts';

/** Where an event stands, when it matters. */
export type At = Partial<Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause'>> & {
  /** The life that writes it, of instance 1. Default 1. */
  readonly life?: number;
};

/** Writes a log by hand: an event a line, 1 ms apart unless told. */
export class LogBuilder {
  readonly events: RunEvent[] = [];
  timeMs = 0;

  add(service: ServiceName, draft: EventDraft, { life = 1, ...at }: At = {}): this {
    this.timeMs += 1;
    const instance = instanceId(service, 1);
    const number = this.events.length;
    const head = {
      id: eventId(instance, life, number + 1),
      seq: number,
      timeUs: this.timeMs * 1000,
      instance,
      service,
    };
    this.events.push({
      traceId: null,
      spanId: null,
      parentSpanId: null,
      cause: null,
      ...at,
      ...head,
      ...draft,
    } as RunEvent);
    return this;
  }

  at(timeMs: number): this {
    this.timeMs = timeMs - 1;
    return this;
  }

  /** One commit: `{ 'products/TEA': {…}, 'reservations/o1': null }`. */
  commit(service: ServiceName, rows: Readonly<Record<string, Json>>, at: At = {}): this {
    const changes = Object.entries(rows).map(([name, after]): RowChange => {
      const slash = name.indexOf('/');
      return { table: name.slice(0, slash), key: name.slice(slash + 1), after };
    });
    return this.add(
      service,
      { type: 'store.committed', database: service, operation: 'test', rows: changes },
      at,
    );
  }
}

/** What one invariant says of a log that has come to rest. */
export const found = (
  id: string,
  log: LogBuilder,
  tables?: FinalTables,
  options: Omit<CheckOptions, 'ids'> = { healed: true },
): string[] => checkInvariants(log.events, tables, { ...options, ids: [id] }).map(({ message }) => message);
