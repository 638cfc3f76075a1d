import { beforeAll, describe, expect, it } from 'vitest';
import type { CompositionName } from '../compositions/index.ts';
import {
  type EventId,
  instanceId,
  type Json,
  type RunEvent,
  type RunEventOf,
  type RunEventType,
  runTimeUs,
  type SpanId,
} from '../kernel/index.ts';
import { checkInvariants, INVARIANTS } from './index.ts';
import type { FinalTables } from './invariant.ts';
import { isRow, type Row, textOf } from './rows.ts';
import { type ShopRun, shopRun } from './testing/shop-runs.ts';

// A real run of the shop in which all is well; each test changes one thing in its log, and exactly one
// invariant must see it.

const runs = new Map<CompositionName, ShopRun>();
const logOf = (composition: CompositionName): readonly RunEvent[] => runs.get(composition)?.events ?? [];

beforeAll(async () => {
  // Each is down for a while: there are retries, messages that come twice, and some that have to wait.
  const [shipping, broker] = [instanceId('shipping', 1), instanceId('broker', 1)];
  const commands = [
    { atMs: 15_000, command: { type: 'instance.crash', instance: shipping } },
    { atMs: 17_000, command: { type: 'instance.restart', instance: shipping } },
    { atMs: 20_000, command: { type: 'instance.crash', instance: broker } },
    { atMs: 28_000, command: { type: 'instance.restart', instance: broker } },
  ] as const;
  runs.set('microservices', await shopRun({ commands }));
  runs.set('monolith', await shopRun({ composition: 'monolith' }));
}, 120_000);

const brokenBy = (events: readonly RunEvent[], tables?: FinalTables): string[] => [
  ...new Set(
    checkInvariants(events, tables, { healed: true, inTrueOrder: true }).map(({ invariant }) => invariant),
  ),
];

type Change = (events: readonly RunEvent[]) => readonly RunEvent[];

/** Of the first event of this type that fits (and of no other), something else is told; null: nothing. */
const tell =
  <Type extends RunEventType>(
    type: Type,
    fits: (event: RunEventOf<Type>, all: readonly RunEvent[]) => boolean,
    change: (event: RunEventOf<Type>) => Partial<RunEventOf<Type>> | null,
  ): Change =>
  (events) => {
    const at = events.findIndex((event) => event.type === type && fits(event as RunEventOf<Type>, events));
    const event = events[at];
    if (event === undefined) throw new Error(`no ${type} fits`);
    const changed = change(event as RunEventOf<Type>);
    return changed === null ? events.toSpliced(at, 1) : events.with(at, { ...event, ...changed } as RunEvent);
  };

/** The first row of this table that fits is told otherwise; null: not at all. */
const tellRow = (table: string, fits: (row: Row) => boolean, change: (row: Row) => Row | null): Change =>
  tell(
    'store.committed',
    ({ rows }) => rows.some((row) => row.table === table && isRow(row.after) && fits(row.after)),
    ({ rows }) => ({
      rows: rows.flatMap((row) => {
        if (row.table !== table || !isRow(row.after) || !fits(row.after)) return [row];
        const after = change(row.after);
        return after === null ? [] : [{ ...row, after }];
      }),
    }),
  );

/** Every row of this table that fits is told otherwise. */
const tellRows =
  (table: string, fits: (row: Row) => boolean, change: (row: Row) => Row): Change =>
  (events) =>
    events.map((event) => {
      if (event.type !== 'store.committed') return event;
      const rows = event.rows.map((row) =>
        row.table === table && isRow(row.after) && fits(row.after)
          ? { ...row, after: change(row.after) }
          : row,
      );
      return { ...event, rows };
    });

const append =
  (
    make: (events: readonly RunEvent[]) => { readonly service: string; readonly rows: Record<string, Json> },
  ): Change =>
  (events) => {
    const { service, rows } = make(events);
    const last = events.findLast((event) => event.type === 'store.committed' && event.service === service);
    const changes = Object.entries(rows).map(([name, after]) => {
      const [table = '', key = ''] = name.split('/');
      return { table, key, after };
    });
    return [...events, { ...last, rows: changes, id: `${service}-1.1.999999` as EventId } as RunEvent];
  };

const is = (field: string, value: string) => (row: Row) => textOf(row, field) === value;
const orderWith = (events: readonly RunEvent[], status: string): string => {
  for (const event of events) {
    if (event.type !== 'store.committed') continue;
    const row = event.rows.find(
      (one) => one.table === 'orders' && isRow(one.after) && is('status', status)(one.after),
    );
    if (row !== undefined) return row.key;
  }
  throw new Error(`no order is ${status}`);
};

const isLast = (event: RunEventOf<'message.consumed'>, all: readonly RunEvent[]): boolean =>
  event.messageType === 'order.confirmed' &&
  all.some((other) => other.type === 'message.acknowledged' && other.messageId === event.messageId);

/** Two messages of one key, both of which were waiting for the broker, change places there. */
const swapMessages: Change = (events) => {
  const taken = events.filter((event) => event.type === 'message.accepted');
  const writtenAt = (messageId: string) =>
    events.findIndex((event) => event.type === 'message.published' && event.messageId === messageId);
  for (const [index, first] of taken.entries()) {
    const second = taken.find(
      (other, place) => place > index && other.key === first.key && other.topic === first.topic,
    );
    if (second === undefined || second.messageId === first.messageId) continue;
    if (writtenAt(second.messageId) > events.indexOf(first)) continue;
    return events.map((event) => {
      if (event === first) return { ...event, messageId: second.messageId };
      return event === second ? { ...event, messageId: first.messageId } : event;
    });
  }
  throw new Error('no two messages wait');
};

/** A customer who was told of an order asks for it, and hears that there is none. */
const denyOrder: Change = (events) => {
  const known = new Set<string>();
  for (const [at, event] of events.entries()) {
    if (event.type === 'intent.answered' && event.kind === 'order' && event.orderId !== null)
      known.add(event.orderId);
    if (event.type !== 'request.sent' || event.service !== 'customers') continue;
    if (event.method !== 'GET' || !known.has(event.path.replace('/orders/', ''))) continue;
    const answer = events.findIndex(
      (other, index) => index > at && other.type === 'response.received' && other.spanId === event.spanId,
    );
    return events.with(answer, { ...events[answer], status: 404 } as RunEvent);
  }
  throw new Error('nobody asked for an order');
};

/** A call that ended while its breaker was OPEN began while it was, too. */
const admitWhileOpen: Change = (events) => {
  const like = events.find((event) => event.type === 'breaker.call.succeeded');
  if (like?.type !== 'breaker.call.succeeded') throw new Error('a call');
  const from = events.indexOf(like);
  const { id, timeUs, instance, service, to, figures } = like;
  const head = { ...like, instance, service };
  const opening = {
    ...head,
    id: `${id}1` as EventId,
    type: 'breaker.state.changed',
    before: 'CLOSED',
    after: 'OPEN',
    untilUs: null,
    permits: 0,
    to,
    figures,
    timeUs: timeUs - 10_000,
  };
  const call = { ...like, durationMs: 5 };
  return events.toSpliced(from, 1, opening as unknown as RunEvent, call);
};

describe('a healthy log of the services, changed in one place', () => {
  it('breaks nothing as it is', () => {
    const run = runs.get('microservices');
    expect(checkInvariants(run?.events ?? [], run?.tables, { healed: true, inTrueOrder: true })).toEqual([]);
    const types = new Set(logOf('microservices').map(({ type }) => type));
    for (const type of [
      'saga.compensated',
      'instance.crashed',
      'retry.scheduled',
      'message.redelivery.scheduled',
    ])
      expect(types).toContain(type);
  });

  it.each<[string, string, Change]>([
    ['INV-1', 'a capture is left out', tellRow('authorisations', is('status', 'captured'), () => null)],
    [
      'INV-2',
      'goods leave without their row',
      tell(
        'store.committed',
        ({ rows }) =>
          rows.some(
            ({ table, after }) => table === 'reservations' && isRow(after) && is('state', 'committed')(after),
          ),
        ({ rows }) => ({ rows: rows.filter(({ table }) => table !== 'products') }),
      ),
    ],
    [
      'INV-3',
      'the end of a saga is left out',
      tell(
        'saga.completed',
        () => true,
        () => null,
      ),
    ],
    [
      'INV-4',
      'a compensation is left out',
      tell(
        'saga.step.completed',
        ({ step }) => step === 'releaseStock',
        () => null,
      ),
    ],
    [
      'INV-4',
      'two compensations change places',
      (events) => {
        const places = events.flatMap((event, at) =>
          event.type === 'saga.step.started' && event.lane === 'compensation' ? [at] : [],
        );
        const [at = 0] = places;
        const first = events[at];
        const next = places.find((place) => {
          const event = events[place];
          return (
            place > at &&
            event?.type === 'saga.step.started' &&
            first?.type === 'saga.step.started' &&
            event.sagaId === first.sagaId
          );
        });
        const second = events[next ?? -1];
        if (first?.type !== 'saga.step.started' || second?.type !== 'saga.step.started')
          throw new Error('two');
        return events
          .with(at, { ...first, step: second.step })
          .with(next ?? -1, { ...second, step: first.step });
      },
    ],
    [
      'INV-6',
      'a span names another parent',
      tell(
        'request.sent',
        ({ method, service }) => method === 'GET' && service === 'gateway',
        () => ({ parentSpanId: 'ffffffffffffffff' as SpanId }),
      ),
    ],
    ['INV-8', 'two messages change places', swapMessages],
    ['INV-9', 'a message is not processed', tell('message.consumed', isLast, () => null)],
    [
      'INV-9',
      'a message is processed again',
      (events) => {
        const twice = events.find((event) => event.type === 'message.consumed');
        if (twice === undefined) throw new Error('a message');
        return [...events, { ...twice, id: `${twice.id}1` as EventId }];
      },
    ],
    [
      'INV-9',
      'an event is not written with its change',
      tell(
        'store.committed',
        ({ rows }) =>
          rows.some(
            ({ table, after }) =>
              table === 'outbox' && isRow(after) && is('type', 'shipment.dispatched')(after),
          ),
        ({ rows }) => ({ rows: rows.filter(({ table }) => table !== 'outbox') }),
      ),
    ],
    ['INV-10', 'an order is denied to its customer', denyOrder],
    [
      'INV-11',
      'a copy is behind',
      tellRow('order-statuses', is('status', 'CONFIRMED'), (row) => ({ ...row, status: 'APPROVAL_PENDING' })),
    ],
    [
      'INV-12',
      'a third attempt',
      tell(
        'request.sent',
        ({ attempt }) => attempt === 2,
        () => ({ attempt: 3 }),
      ),
    ],
    [
      'INV-12',
      'more retries than allowed',
      tell(
        'retry.scheduled',
        () => true,
        () => ({ retrying: 4, active: 10 }),
      ),
    ],
    [
      'INV-14',
      'an attempt past its deadline',
      tell(
        'request.sent',
        ({ deadlineUs }) => deadlineUs !== null,
        ({ timeUs }) => ({ deadlineUs: timeUs }),
      ),
    ],
    [
      'INV-15',
      'a second payment of an order',
      append((events) => {
        const orderId = orderWith(events, 'CONFIRMED');
        return {
          service: 'payment-provider',
          rows: {
            [`authorisations/${orderId}`]: {
              status: 'captured',
              amountMinor: 5,
              capturedMinor: 5,
              refundedMinor: 0,
            },
          },
        };
      }),
    ],
    [
      'INV-16',
      'a parcel stays where it is',
      (events) => {
        const orderId = orderWith(events, 'CONFIRMED');
        const ofOrder = (row: Row) => textOf(row, 'orderId') === orderId;
        return tellRows('shipments', ofOrder, (row) => ({ ...row, status: 'held' }))(events);
      },
    ],
    [
      'INV-17',
      'an order that was taken is refused',
      tell(
        'response.sent',
        ({ operation, service }) => operation === 'POST /orders' && service === 'order',
        () => ({ status: 409 }),
      ),
    ],
    [
      'INV-18',
      'a saga is advanced by another',
      tellRow(
        'sagas',
        (row) => textOf(row, 'leaseHolder') === 'order-1.1' && Number(row['entries']) === 4,
        (row) => ({ ...row, leaseHolder: 'order-2.1', fence: Number(row['fence']) + 1 }),
      ),
    ],
    [
      'INV-19',
      'a breaker miscounts',
      tell(
        'breaker.call.succeeded',
        () => true,
        ({ figures }) => ({ figures: { ...figures, calls: figures.calls + 1 } }),
      ),
    ],
    [
      'INV-20',
      'a lease gets an old number',
      tellRow(
        'leases',
        (row) => Number(row['fence']) === 2,
        (row) => ({ ...row, fence: 1 }),
      ),
    ],
    [
      'INV-21',
      'the registry evicts before the lease is over',
      tell(
        'registry.instance.expired',
        () => true,
        ({ timeUs }) => ({ timeUs: runTimeUs(timeUs - 2_000_000) }),
      ),
    ],
    [
      'INV-22',
      'a caller believes in somebody whom the registry never listed',
      tell(
        'discovery.refreshed',
        ({ known }) => known['shipping'] !== undefined,
        ({ known }) => ({ known: { ...known, shipping: [instanceId('shipping', 9)] } }),
      ),
    ],
  ])('only %s sees that %s', (id, _, change) => {
    expect(brokenBy(change(logOf('microservices')))).toEqual([id]);
  });

  it('INV-5 and the breaker’s rules (INV-19) see a call that an open breaker let through', () => {
    expect(brokenBy(admitWhileOpen(logOf('microservices')))).toEqual(expect.arrayContaining(['INV-5']));
  });

  it('only INV-23 sees work that matters turned away while other work waits', () => {
    const events = logOf('microservices');
    const received = events.find((event) => event.type === 'request.received' && event.service === 'order');
    const shed = {
      ...received,
      type: 'request.shed',
      id: 'order-1.1.999999',
      slots: 12,
      queued: 20,
      priority: 'critical',
      leastWaiting: 'sheddable',
    } as unknown as RunEvent;
    expect(brokenBy([...events, shed])).toEqual(['INV-23']);
  });

  it('only INV-7 sees a row that the databases have and the log has not', () => {
    const run = runs.get('microservices');
    const { product = {}, ...others } = run?.tables ?? {};
    const [first, ...rest] = product['products'] ?? [];
    const tables = {
      ...others,
      product: { ...product, products: [{ ...(first as Row), stock: 1 }, ...rest] },
    };
    expect(brokenBy(run?.events ?? [], tables)).toEqual(['INV-7']);
  });

  it('every invariant has been broken here', () => {
    // Kept by hand: a new one needs its line above.
    expect(INVARIANTS).toHaveLength(22);
  });
});

describe('a healthy log of the monolith, changed in one place', () => {
  it('breaks nothing as it is', () => {
    const run = runs.get('monolith');
    expect(checkInvariants(run?.events ?? [], run?.tables, { healed: true, inTrueOrder: true })).toEqual([]);
    expect(orderWith(logOf('monolith'), 'REJECTED')).toMatch(/^ord-/);
  });

  it.each<[string, string, Change]>([
    ['INV-1', 'a capture is left out', tellRow('authorisations', is('status', 'captured'), () => null)],
    [
      'INV-2',
      'goods are reserved without their row',
      tell(
        'store.committed',
        ({ operation }) => operation === 'store order',
        ({ rows }) => ({ rows: rows.filter(({ table }) => table !== 'products') }),
      ),
    ],
    [
      'INV-3',
      'an intent never ends',
      tellRows('payment-intents', is('state', 'completed'), (row) => ({
        ...row,
        state: 'capturing',
        endedUs: null,
      })),
    ],
    [
      'INV-11',
      'a copy is behind',
      tellRow('order-statuses', is('status', 'CONFIRMED'), (row) => ({ ...row, status: 'APPROVAL_PENDING' })),
    ],
    [
      'INV-17',
      'an order that was taken is refused',
      tell(
        'response.sent',
        ({ operation }) => operation === 'POST /orders',
        () => ({ status: 422 }),
      ),
    ],
    [
      'INV-18',
      'an intent is advanced by another',
      tellRow(
        'payment-intents',
        (row) => textOf(row, 'leaseHolder') === 'monolith-1.1' && textOf(row, 'state') === 'capturing',
        (row) => ({ ...row, leaseHolder: 'monolith-2.1', fence: Number(row['fence']) + 1 }),
      ),
    ],
    [
      'INV-16',
      'a parcel stays where it is',
      (events) => {
        const orderId = orderWith(events, 'CONFIRMED');
        const ofOrder = (row: Row) => textOf(row, 'orderId') === orderId;
        return tellRows('shipments', ofOrder, (row) => ({ ...row, status: 'held' }))(events);
      },
    ],
    ['INV-10', 'an order is denied to its customer', denyOrder],
  ])('only %s sees that %s', (id, _, change) => {
    expect(brokenBy(change(logOf('monolith')))).toEqual([id]);
  });
});
