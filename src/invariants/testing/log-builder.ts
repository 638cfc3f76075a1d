import {
  type EventDraft,
  eventId,
  instanceId,
  type Json,
  type RowChange,
  type RunEvent,
  type ServiceName,
} from '../../kernel/index.ts';

/** Writes a log by hand: an event a line, 1 ms apart unless told. */
export class LogBuilder {
  readonly events: RunEvent[] = [];
  timeMs = 0;

  add(
    service: ServiceName,
    draft: EventDraft,
    at: Partial<Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause'>> = {},
  ): this {
    this.timeMs += 1;
    const instance = instanceId(service, 1);
    const number = this.events.length;
    const head = {
      id: eventId(instance, 1, number + 1),
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
  commit(service: ServiceName, rows: Readonly<Record<string, Json>>): this {
    const changes = Object.entries(rows).map(([name, after]): RowChange => {
      const [table = '', key = ''] = name.split('/');
      return { table, key, after };
    });
    return this.add(service, {
      type: 'store.committed',
      database: service,
      operation: 'test',
      rows: changes,
    });
  }
}
