import type { FinalTables } from '../../invariants/index.ts';
import type { Json, RunEvent, RunEventOf } from '../../kernel/index.ts';

type Row = Readonly<Record<string, Json>>;

/** A template whose values are JSON: texts as they are, the rest as JSON writes it. */
const told = (texts: TemplateStringsArray, ...values: readonly (Json | undefined)[]): string =>
  texts.reduce((line, text, index) => line + shown(values[index - 1]) + text);

const shown = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/**
 * What happened to orders, money, stock and breakers, without when: equal texts are equal histories.
 * What two hosts may do in another order (steps that are undone side by side, background traffic) is told
 * apart by its subject, so that each subject's own order counts.
 */
export function canonicalHistory(
  events: readonly RunEvent[],
  tables: FinalTables,
  answers: readonly string[],
): string {
  return [
    ...section('answers', answers),
    ...section('crashes', crashes(events)),
    ...section('orders', rowHistory(events, 'orders', orderLine)),
    ...section('deliveries', rowHistory(events, 'orders', deliveryLine)),
    ...section('sagas', sagas(events)),
    ...section('money', rowHistory(events, 'authorisations', moneyLine)),
    ...section('stock', rowHistory(events, 'products', stockLine)),
    ...section(
      'reservations',
      rowHistory(events, 'reservations', ({ state }) => shown(state)),
    ),
    ...section(
      'cart holds',
      rowHistory(events, 'cart_holds', ({ lines }) => shown(lines)),
    ),
    ...section(
      'shipments',
      rowHistory(events, 'shipments', ({ status }) => shown(status)),
    ),
    ...section('breakers', breakers(events)),
    ...section('what the databases hold', finalRows(tables)),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] => [`# ${title}`, ...lines, ''];

/** Durations are the hosts' own. */
const timeless = (text: string): string => text.replaceAll(/\b\d+(\.\d+)? (ms|s)\b/g, '… $2');

/** Everything that its subject has been, in order, without repetitions. */
function bySubject(entries: Iterable<readonly [subject: string, line: string]>): string[] {
  const lines = new Map<string, string[]>();
  for (const [subject, line] of entries) {
    const known = lines.get(subject) ?? [];
    if (known.at(-1) !== line) known.push(line);
    lines.set(subject, known);
  }
  return [...lines]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([subject, known]) => [`${subject}:`, ...known.map((line) => `  ${line}`)]);
}

function rowHistory(events: readonly RunEvent[], wanted: string, line: (row: Row) => string): string[] {
  const entries: [string, string][] = [];
  for (const event of events) {
    if (event.type !== 'store.committed' || event.operation.startsWith('seed')) continue;
    for (const { table, key, after } of event.rows) {
      if (table === wanted) entries.push([key, after === null ? 'deleted' : line(after as Row)]);
    }
  }
  return bySubject(entries);
}

function orderLine({ status, lines, goodsMinor, shippingMinor, totalMinor, history }: Row): string {
  const last = (history as readonly Row[]).at(-1);
  const goods = (lines as readonly Row[]).map(
    ({ sku, quantity, unitPriceMinor }) => told`${sku}×${quantity} at ${unitPriceMinor}`,
  );
  const reason = last?.['reason'] ?? null;
  const why = reason === null ? '' : `, because ${timeless(shown(reason))}`;
  return told`${status}, ${goods.join(' + ')}, ${goodsMinor} + ${shippingMinor} = ${totalMinor}${why}`;
}

/** News of the parcel comes by itself, beside what the saga does. */
const deliveryLine = ({ delivery }: Row): string =>
  shown((delivery as Row | null)?.['status'] ?? 'no parcel');

const moneyLine = ({ status, amountMinor, capturedMinor, refundedMinor }: Row): string =>
  told`${status} ${amountMinor}, captured ${capturedMinor}, refunded ${refundedMinor}`;

const stockLine = ({ stock, reserved, held, priceMinor }: Row): string =>
  told`stock ${stock}, reserved ${reserved}, held ${held}, at ${priceMinor}`;

function crashes(events: readonly RunEvent[]): string[] {
  const entries: [string, string][] = [];
  for (const event of events) {
    if (event.type === 'instance.crashed') entries.push([event.instance, `crashed: ${event.reason}`]);
    if (event.type === 'instance.ready') entries.push([event.instance, `ready as ${event.id.split('.')[1]}`]);
  }
  return bySubject(entries);
}

type SagaEvent = Extract<RunEvent, { readonly type: `saga.${string}` }>;

const isOfSaga = (event: RunEvent): event is SagaEvent => event.type.startsWith('saga.');

/** The way forward in its order; of the way back, in which order it was begun, and each step's own story. */
function sagas(events: readonly RunEvent[]): string[] {
  const entries: [string, string][] = [];
  const begun = new Set<string>();
  for (const event of events.filter(isOfSaga)) {
    const what = event.type.replace('saga.', '');
    if (!('step' in event) || event.type === 'saga.parked') {
      const why = 'reason' in event ? ` because ${timeless(event.reason)}` : '';
      entries.push([event.orderId, `${what}${why}`]);
      continue;
    }
    const why = 'reason' in event ? ` because ${timeless(event.reason)}` : '';
    const text = `${what} ${event.step}, attempt ${event.attempt}${why}`;
    if (event.lane === 'forward') {
      entries.push([event.orderId, text]);
      continue;
    }
    const step = `${event.orderId} ${event.step}`;
    if (!begun.has(step)) entries.push([event.orderId, `begins ${event.step}`]);
    begun.add(step);
    entries.push([step, text]);
  }
  return bySubject(entries);
}

type BreakerEvent = Extract<RunEvent, { readonly type: `breaker.${string}` }>;

const isOfBreaker = (event: RunEvent): event is BreakerEvent => event.type.startsWith('breaker.');

/** Callees of an order and of its customer; other edges carry traffic that follows the clock. */
const COUNTED: readonly string[] = ['product', 'order', 'shipping', 'payment-provider'];

function breakers(events: readonly RunEvent[]): string[] {
  const entries: [string, string][] = [];
  let numbered = 0;
  for (const event of events.filter(isOfBreaker)) {
    if (!COUNTED.includes(event.to)) continue;
    const { calls, failures } = event.figures;
    const moved = event.type === 'breaker.state.changed' ? ` ${event.before} → ${event.after}` : '';
    numbered += 1;
    // Numbered where figures stay the same, so that no call is taken for a repetition of the one before.
    entries.push([
      `${event.instance} → ${event.to}`,
      `${event.type.replace('breaker.', '')}${moved}, ${failures} of ${calls}${'\u200b'.repeat(numbered % 2)}`,
    ]);
  }
  return bySubject(entries).map((line) => line.replaceAll('\u200b', ''));
}

const finalTables: Readonly<Record<string, (row: Row) => string>> = {
  orders: (row) => `${orderLine(row)}, ${deliveryLine(row)}`,
  authorisations: moneyLine,
  products: stockLine,
  reservations: ({ state }) => shown(state),
  shipments: ({ status }) => shown(status),
  cart_holds: ({ lines }) => shown(lines),
  outbox: ({ type }) => told`${type} not sent`,
};

const finalKeys: Readonly<Record<string, string>> = {
  authorisations: 'paymentId',
  products: 'sku',
  cart_holds: 'holdId',
  outbox: 'messageId',
};

function finalRows(tables: FinalTables): string[] {
  const lines: string[] = [];
  for (const [service, own] of Object.entries(tables)) {
    for (const [table, rows] of Object.entries(own)) {
      const line = finalTables[table];
      if (line === undefined) continue;
      for (const row of rows as readonly Row[]) {
        lines.push(told`${service}/${table} ${row[finalKeys[table] ?? 'orderId']}: ${line(row)}`);
      }
    }
  }
  return lines.toSorted();
}

/** The end of every order, by its id, in the order in which they were placed. */
export function endsById(events: readonly RunEvent[]): ReadonlyMap<string, string> {
  const ends = new Map<string, string>();
  for (const event of events) {
    if (event.type !== 'store.committed') continue;
    for (const { table, key, after } of event.rows) {
      if (table === 'orders' && after !== null) ends.set(key, shown((after as Row)['status']));
    }
  }
  return ends;
}

export const endsOf = (events: readonly RunEvent[]): string[] => [...endsById(events).values()];

/** How often breakers on the way of orders and their customers opened. */
export const openingsIn = (events: readonly RunEvent[]): number =>
  events.filter(
    (event): event is RunEventOf<'breaker.state.changed'> =>
      event.type === 'breaker.state.changed' && event.after === 'OPEN' && COUNTED.includes(event.to),
  ).length;
