import { describe, expect, it } from 'vitest';
import {
  type CallId,
  type CircuitFigures,
  type CircuitState,
  callId,
  type InstanceId,
  instanceId,
  type Json,
  type SpanId,
  spanIdFor,
  type TraceId,
  traceIdFor,
} from '../kernel/index.ts';
import { checkInvariants, INVARIANTS } from './index.ts';
import { LogBuilder } from './testing/log-builder.ts';

const violations = (id: string, log: LogBuilder, tables?: Parameters<typeof checkInvariants>[1]) =>
  checkInvariants(log.events, tables, { ids: [id], healed: true }).map(({ message }) => message);

it('each has an id of its own, and an empty log breaks none', () => {
  expect(INVARIANTS.map(({ id }) => id)).toEqual([
    'INV-1',
    'INV-2',
    'INV-3',
    'INV-4',
    'INV-5',
    'INV-6',
    'INV-7',
    'INV-8',
  ]);
  expect(checkInvariants([], {})).toEqual([]);
});

const payment = (status: string, capturedMinor = 0, amountMinor = 900): Json => ({
  paymentId: 'p1',
  status,
  amountMinor,
  currency: 'EUR',
  capturedMinor,
  refundedMinor: 0,
});
const order = (status: string): Json => ({ orderId: 'o1', paymentId: 'p1', status, totalMinor: 900 });
const completed = { type: 'saga.completed', sagaId: 's1', orderId: 'o1' } as const;
const compensated = { type: 'saga.compensated', sagaId: 's1', orderId: 'o1', reason: 'no' } as const;

describe('INV-1 money', () => {
  const paying = () =>
    new LogBuilder()
      .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
      .commit('payment-provider', { 'authorisations/p1': payment('authorised') });

  it('holds for a paid order, an undone one and a declined one', () => {
    expect(
      violations(
        'INV-1',
        paying()
          .commit('payment-provider', { 'authorisations/p1': payment('captured', 900) })
          .add('order', completed),
      ),
    ).toEqual([]);
    expect(
      violations(
        'INV-1',
        paying()
          .commit('payment-provider', { 'authorisations/p1': payment('voided') })
          .add('order', compensated),
      ),
    ).toEqual([]);
    const declined = new LogBuilder()
      .commit('order', { 'orders/o1': order('REJECTED') })
      .commit('payment-provider', { 'authorisations/p1': payment('declined') })
      .add('order', compensated);
    expect(violations('INV-1', declined)).toEqual([]);
  });

  it('finds a second charge', () => {
    const log = paying()
      .commit('payment-provider', { 'authorisations/p1': payment('captured', 900) })
      .commit('payment-provider', { 'authorisations/o1': payment('captured', 900) })
      .add('order', completed);
    expect(violations('INV-1', log)).toEqual([
      'order o1 was charged 2 times',
      'order o1 is completed and costs 900, but 1800 was paid',
    ]);
  });

  it.each([
    [
      'a completed order that is not paid',
      paying().add('order', completed),
      'order o1 is completed and costs 900, but 0 was paid',
    ],
    [
      'an undone order that is paid',
      paying()
        .commit('payment-provider', { 'authorisations/p1': payment('captured', 900) })
        .add('order', compensated),
      'order o1 was undone, but 900 stays paid',
    ],
    [
      'money that stays set aside',
      paying().add('order', compensated),
      'order o1 has ended, but payment p1 still sets money aside',
    ],
    [
      'money taken after the void',
      paying()
        .commit('payment-provider', { 'authorisations/p1': payment('voided') })
        .commit('payment-provider', { 'authorisations/p1': payment('captured', 900) }),
      'payment p1 was taken after it was voided',
    ],
    [
      'money taken for no order',
      new LogBuilder()
        .commit('payment-provider', { 'authorisations/p9': payment('authorised') })
        .commit('payment-provider', { 'authorisations/p9': payment('captured', 900) }),
      'payment p9 was taken for no order',
    ],
    [
      'another amount than authorised',
      paying().commit('payment-provider', { 'authorisations/p1': payment('captured', 800) }),
      'payment p1: 800 taken of 900 authorised',
    ],
  ])('finds %s', (_, log, message) => {
    expect(violations('INV-1', log)).toContain(message);
  });
});

const tea = (stock: number, reserved: number, held = 0): Json => ({ sku: 'TEA', stock, reserved, held });
const reservation = (state: string, quantity = 2): Json => ({
  orderId: 'o1',
  state,
  lines: [{ sku: 'TEA', quantity }],
});

describe('INV-2 stock', () => {
  const stocked = () =>
    new LogBuilder()
      .commit('product', { 'products/TEA': tea(10, 0) })
      .commit('product', { 'products/TEA': tea(10, 2), 'reservations/o1': reservation('reserved') });

  it('holds for reserve, release, commit, holds and the administrator', () => {
    expect(
      violations(
        'INV-2',
        stocked().commit('product', {
          'products/TEA': tea(10, 0),
          'reservations/o1': reservation('released'),
        }),
      ),
    ).toEqual([]);
    const log = stocked()
      .commit('product', {
        'products/TEA': tea(10, 2, 1),
        'cart_holds/h1': { lines: [{ sku: 'TEA', quantity: 1 }] },
      })
      .commit('product', { 'products/TEA': tea(8, 0, 1), 'reservations/o1': reservation('committed') })
      .commit('product', { 'products/TEA': tea(8, 0, 0), 'cart_holds/h1': null })
      .commit('product', { 'products/TEA': tea(50, 0) });
    expect(violations('INV-2', log)).toEqual([]);
  });

  it.each([
    [
      'stock that left twice',
      tea(6, 0),
      'committed',
      'TEA: stock went from 10 to 6, but 2 left the warehouse',
    ],
    ['stock that stayed', tea(10, 0), 'committed', 'TEA: stock went from 10 to 10, but 2 left the warehouse'],
    [
      'a reservation that is not given back',
      tea(10, 2),
      'released',
      'TEA: 2 reserved, but its reservations sum up to 0',
    ],
    [
      'stock that left with a release',
      tea(8, 0),
      'released',
      'TEA: stock went from 10 to 8, but 0 left the warehouse',
    ],
    ['numbers below 0', tea(-1, 2), 'reserved', 'TEA: a number is below 0'],
  ])('finds %s', (_, row, state, message) => {
    expect(
      violations(
        'INV-2',
        stocked().commit('product', { 'products/TEA': row, 'reservations/o1': reservation(state) }),
      ),
    ).toContain(message);
  });

  it('finds a reservation that comes alive after its end, and overselling', () => {
    const log = stocked()
      .commit('product', { 'products/TEA': tea(8, 0), 'reservations/o1': reservation('committed') })
      .commit('product', { 'products/TEA': tea(8, 9), 'reservations/o1': reservation('reserved', 9) });
    expect(violations('INV-2', log)).toEqual([
      'the reservation of order o1 was committed, then reserved',
      'TEA: more is promised than the 8 in stock',
    ]);
  });
});

const STEPS = [
  'createOrder',
  'reserveStock',
  'authorisePayment',
  'createShipment',
  'capturePayment',
  'commitReservation',
  'dispatchShipment',
  'confirmOrder',
];

/** A saga from short words: `+step` began, `step` began and was done, `-step` was refused, `undo:step` compensation done. */
function saga(...words: string[]): LogBuilder {
  const log = new LogBuilder().add('order', {
    type: 'saga.started',
    sagaId: 's1',
    saga: 'place-order',
    orderId: 'o1',
    giveUpAtUs: 0 as never,
    steps: STEPS,
  });
  for (const word of words) {
    const step = word.replace(/^(\+|-|undo:)/, '');
    const lane = word.startsWith('undo:') ? 'compensation' : 'forward';
    const about = { sagaId: 's1', orderId: 'o1', step, lane, attempt: 1 } as const;
    log.add('order', { type: 'saga.step.started', ...about });
    if (word.startsWith('-'))
      log.add('order', { type: 'saga.step.failed', ...about, reason: 'no', kind: 'business' });
    else if (!word.startsWith('+')) log.add('order', { type: 'saga.step.completed', ...about });
  }
  return log;
}

describe('INV-3 orders end', () => {
  it('holds for a completed and an undone order', () => {
    expect(violations('INV-3', saga().add('order', completed))).toEqual([]);
    expect(violations('INV-3', saga().add('order', compensated))).toEqual([]);
  });

  it('is asked only once all is healed', () => {
    expect(checkInvariants(saga().events)).toEqual([]);
  });

  it('finds orders under way, parked, ended twice, and rows that still wait', () => {
    expect(violations('INV-3', saga(...STEPS))).toEqual(['order o1 has not ended']);
    const parked = saga().add('order', {
      type: 'saga.parked',
      sagaId: 's1',
      orderId: 'o1',
      step: 'dispatchShipment',
      reason: 'no answer',
    });
    expect(violations('INV-3', parked)).toEqual(['order o1 is parked at dispatchShipment']);
    expect(violations('INV-3', saga().add('order', completed).add('order', compensated))).toEqual([
      'the saga of order o1 ended twice',
    ]);
    const waiting = saga()
      .add('order', completed)
      .commit('order', { 'orders/o1': order('APPROVAL_PENDING') });
    expect(violations('INV-3', waiting)).toEqual(['order o1 is still APPROVAL_PENDING']);
  });
});

describe('INV-4 saga lanes', () => {
  it('holds for all steps done, and for a refusal and an unknown outcome undone in reverse', () => {
    expect(violations('INV-4', saga(...STEPS).add('order', completed))).toEqual([]);
    const refused = saga(
      'createOrder',
      'reserveStock',
      '-authorisePayment',
      'undo:releaseStock',
      'undo:rejectOrder',
    );
    expect(violations('INV-4', refused.add('order', compensated))).toEqual([]);
    const unknown = saga(
      'createOrder',
      'reserveStock',
      '+authorisePayment',
      'undo:voidAuthorisation',
      'undo:releaseStock',
      'undo:rejectOrder',
    );
    expect(violations('INV-4', unknown.add('order', compensated))).toEqual([]);
    const declinedCapture = saga(
      ...STEPS.slice(0, 4),
      '-capturePayment',
      'undo:cancelShipment',
      'undo:voidAuthorisation',
      'undo:releaseStock',
      'undo:rejectOrder',
    );
    expect(violations('INV-4', declinedCapture.add('order', compensated))).toEqual([]);
  });

  describe('a step that never reached its service', () => {
    type End = 'refused' | 'reset' | 'held back' | 'under way';
    const PRODUCT = { to: 'product', plane: 'data' } as const;
    const MESSAGE = { method: 'PUT', path: '/reservations/o1' } as const;

    /** Attempts of the step, each in a span of its own, with how each of its requests ended. */
    const attempts = (...all: readonly (readonly End[])[]) => {
      const log = saga('createOrder');
      const step = { sagaId: 's1', orderId: 'o1', step: 'reserveStock', lane: 'forward' } as const;
      all.forEach((ends, index) => {
        const span = { traceId: traceIdFor('t'), spanId: spanIdFor(`attempt ${index}`) };
        log.add('order', { type: 'saga.step.started', ...step, attempt: index + 1 }, span);
        ends.forEach((end, number) => {
          const id = callId(`c${index}.${number}`);
          if (end === 'held back') {
            const why = { by: 'circuit-breaker', detail: 'it is open' } as const;
            log.add('order', { type: 'call.rejected', callId: id, ...PRODUCT, ...MESSAGE, ...why }, span);
            return;
          }
          const sent = { traceId: span.traceId, spanId: spanIdFor(id), parentSpanId: span.spanId };
          const call = { callId: id, ...PRODUCT, attempt: 1, toInstance: instanceId('product', 1) };
          const limits = { timeoutMs: null, deadlineUs: null };
          log.add('order', { type: 'request.sent', ...call, ...MESSAGE, ...limits }, sent);
          if (end === 'under way') return;
          const error = end === 'refused' ? 'connection_refused' : 'connection_reset';
          log.add('order', { type: 'request.failed', ...call, error, detail: '', durationMs: 1 }, sent);
        });
      });
      const undone = { sagaId: 's1', orderId: 'o1', step: 'rejectOrder', lane: 'compensation' } as const;
      return log
        .add('order', { type: 'saga.step.started', ...undone, attempt: 1 })
        .add('order', { type: 'saga.step.completed', ...undone, attempt: 1 })
        .add('order', compensated);
    };

    it('leaves nothing to undo', () => {
      expect(violations('INV-4', attempts(['refused']))).toEqual([]);
      expect(violations('INV-4', attempts(['held back']))).toEqual([]);
      expect(violations('INV-4', attempts(['refused', 'refused'], ['held back']))).toEqual([]);
    });

    it('but may have been done once one attempt may have arrived', () => {
      const found = ['order o1 was undone without releaseStock, though reserveStock may have been done'];
      expect(violations('INV-4', attempts(['reset']))).toEqual(found);
      expect(violations('INV-4', attempts(['under way']))).toEqual(found);
      expect(violations('INV-4', attempts([]))).toEqual(found);
      expect(violations('INV-4', attempts(['refused'], ['reset'], ['held back']))).toEqual(found);
      expect(violations('INV-4', attempts(['refused', 'reset']))).toEqual(found);
    });
  });

  it.each([
    [
      'a done step that is not undone',
      saga('createOrder', 'reserveStock', '-authorisePayment', 'undo:rejectOrder').add('order', compensated),
      'order o1 was undone without releaseStock, though reserveStock was done',
    ],
    [
      'an unknown outcome that is not undone',
      saga('createOrder', '+reserveStock', 'undo:rejectOrder').add('order', compensated),
      'order o1 was undone without releaseStock, though reserveStock may have been done',
    ],
    [
      'compensations in the wrong order',
      saga('createOrder', 'reserveStock', '-authorisePayment', 'undo:rejectOrder', 'undo:releaseStock').add(
        'order',
        compensated,
      ),
      'order o1: the compensations began as rejectOrder, releaseStock instead of releaseStock, rejectOrder',
    ],
    [
      'a missing step',
      saga(...STEPS.slice(0, -1)).add('order', completed),
      'order o1 is completed without confirmOrder',
    ],
    [
      'undoing after the pivot',
      saga(...STEPS.slice(0, 5), 'undo:cancelShipment'),
      'order o1: cancelShipment began after the pivot was done',
    ],
    [
      'a step too early',
      saga('createOrder', 'authorisePayment'),
      'order o1: authorisePayment began before reserveStock was done',
    ],
    [
      'going on while undoing',
      saga('createOrder', 'reserveStock', 'undo:releaseStock', 'authorisePayment'),
      'order o1: authorisePayment began while it was being undone',
    ],
  ])('finds %s', (_, log, message) => {
    expect(violations('INV-4', log)).toContain(message);
  });
});

const figures: CircuitFigures = {
  state: 'OPEN',
  failureRate: -1,
  slowCallRate: -1,
  calls: 0,
  failures: 0,
  slowCalls: 0,
  windowSize: 20,
  notPermitted: 0,
};
const moved = (before: CircuitState, after: CircuitState) =>
  ({
    type: 'breaker.state.changed',
    to: 'shipping',
    before,
    after,
    untilUs: null,
    permits: 3,
    figures,
  }) as const;
const ended = (durationMs: number) =>
  ({ type: 'breaker.call.failed', to: 'shipping', durationMs, figures }) as const;

describe('INV-5 breaker', () => {
  const opened = () => new LogBuilder().at(1000).add('order', moved('CLOSED', 'OPEN'));

  it('holds for calls that began before it opened, and for as many probes as permits', () => {
    const log = opened()
      .at(1900)
      .add('order', ended(1000))
      .at(11_000)
      .add('order', moved('OPEN', 'HALF_OPEN'));
    for (const at of [11_500, 11_600, 11_700]) log.at(at).add('order', ended(400));
    log.at(11_700).add('order', moved('HALF_OPEN', 'CLOSED'));
    for (const at of [12_000, 12_100, 12_200, 12_300]) log.at(at).add('order', ended(100));
    expect(violations('INV-5', log)).toEqual([]);
  });

  it('finds a call admitted while OPEN', () => {
    expect(violations('INV-5', opened().at(5000).add('order', ended(500)))).toEqual([
      'the breaker order-1.1->shipping admitted 1 call(s) while OPEN',
    ]);
  });

  it('finds one probe too many', () => {
    const log = opened().at(11_000).add('order', moved('OPEN', 'HALF_OPEN'));
    for (const at of [11_500, 11_600, 11_700, 11_800]) log.at(at).add('order', ended(400));
    expect(violations('INV-5', log)).toEqual([
      'the breaker order-1.1->shipping admitted 4 calls while HALF_OPEN, with 3 permits',
    ]);
  });
});

describe('INV-6 traces', () => {
  const at = (traceId: string, spanId: string, parentSpanId: string | null = null) => ({
    traceId: traceId as TraceId,
    spanId: spanId as SpanId,
    parentSpanId: parentSpanId as SpanId | null,
  });
  const sent = {
    type: 'request.sent',
    callId: 'c' as CallId,
    attempt: 1,
    to: 'order',
    toInstance: 'order-1' as InstanceId,
    method: 'GET',
    path: '/',
    plane: 'data',
    timeoutMs: null,
    deadlineUs: null,
  } as const;
  const logged = { type: 'service.logged', level: 'info', message: '', data: null } as const;

  it('holds for a tree whose callees do not name their parent, and for events without a trace', () => {
    const log = new LogBuilder()
      .add('gateway', logged, at('t', 'a'))
      .add('gateway', sent, at('t', 'b', 'a'))
      .add('order', logged, at('t', 'b'))
      .add('order', sent, at('t', 'c', 'b'))
      .add('run', logged);
    expect(violations('INV-6', log)).toEqual([]);
  });

  it('finds two roots, orphans and two parents', () => {
    expect(
      violations(
        'INV-6',
        new LogBuilder().add('gateway', logged, at('t', 'a')).add('order', logged, at('t', 'b')),
      ),
    ).toEqual(['trace t has 2 roots']);
    expect(
      violations(
        'INV-6',
        new LogBuilder().add('gateway', logged, at('t', 'a')).add('order', logged, at('t', 'b', 'x')),
      ),
    ).toEqual(['span b of trace t is an orphan: nothing is known of its parent x']);
    const twice = new LogBuilder()
      .add('order', logged, at('t', 'a'))
      .add('order', sent, at('t', 'b', 'a'))
      .add('order', sent, at('t', 'b', 'c'));
    expect(violations('INV-6', twice)).toContain('span b has two parents');
  });
});

describe('INV-7 rows', () => {
  const log = new LogBuilder()
    .commit('product', { 'products/TEA': tea(1, 0), 'products/MUG': { sku: 'MUG' } })
    .commit('product', {
      'products/TEA': tea(2, 0),
      'products/MUG': null,
    });

  it('holds when the last row of each key is the database', () => {
    expect(
      violations('INV-7', log, { product: { products: [{ held: 0, reserved: 0, stock: 2, sku: 'TEA' }] } }),
    ).toEqual([]);
    expect(violations('INV-7', log)).toEqual([]);
  });

  it('finds rows that the log never saw, and rows that the database lost', () => {
    expect(violations('INV-7', log, { product: { products: [tea(2, 0), { sku: 'PEN' }] } })).toEqual([
      'product/products holds a row that the log does not know: {"sku":"PEN"}',
    ]);
    expect(violations('INV-7', log, { product: { products: [] } })).toEqual([
      'product/products lacks a row that the log knows: {"held":0,"reserved":0,"sku":"TEA","stock":2}',
    ]);
  });
});

describe('INV-8 order within a key', () => {
  const published = (messageId: string, key = 'o1') =>
    ({ type: 'message.published', topic: 'orders', messageId, messageType: 'order.placed', key }) as const;
  const accepted = (messageId: string, offset: number, key = 'o1', partition = 0) =>
    ({
      type: 'message.accepted',
      topic: 'orders',
      messageId,
      messageType: 'order.placed',
      key,
      partition,
      offset,
    }) as const;
  const consumed = (messageId: string, duplicate = false) =>
    ({
      type: 'message.consumed',
      topic: 'orders',
      messageId,
      messageType: 'order.placed',
      group: 'shipping',
      duplicate,
    }) as const;
  const two = () =>
    new LogBuilder()
      .add('order', published('m1'))
      .add('order', published('m2'))
      .add('broker', accepted('m1', 0))
      .add('broker', accepted('m2', 1));

  it('holds in order, with repetitions, and across keys', () => {
    const log = two()
      .add('broker', accepted('m1', 2))
      .add('shipping', consumed('m1'))
      .add('shipping', consumed('m1', true))
      .add('shipping', consumed('m2'));
    expect(violations('INV-8', log)).toEqual([]);
    const keys = new LogBuilder()
      .add('broker', accepted('m1', 0, 'a'))
      .add('broker', accepted('m2', 1, 'b'))
      .add('shipping', consumed('m2'))
      .add('shipping', consumed('m1'));
    expect(violations('INV-8', keys)).toEqual([]);
  });

  it.each([
    [
      'a later message first',
      two().add('shipping', consumed('m2')).add('shipping', consumed('m1')),
      'shipping processed m1 of orders/o1 after m2, which came later',
    ],
    [
      'a message processed twice',
      two().add('shipping', consumed('m1')).add('shipping', consumed('m1')),
      'shipping processed message m1 twice',
    ],
    ['a message that was skipped', two().add('shipping', consumed('m2')), 'shipping skipped m1 of orders'],
    [
      'a broker that turns the order round',
      new LogBuilder()
        .add('order', published('m1'))
        .add('order', published('m2'))
        .add('broker', accepted('m2', 0))
        .add('broker', accepted('m1', 1)),
      'orders/o1 was published as m1, m2 and kept as m2, m1',
    ],
    [
      'a key in two partitions',
      two().add('broker', accepted('m3', 0, 'o1', 1)),
      'key o1 of orders is in partitions 0 and 1',
    ],
  ])('finds %s', (_, log, message) => {
    expect(violations('INV-8', log)).toContain(message);
  });

  it('a dead letter may be missing', () => {
    const log = two()
      .add('broker', {
        type: 'message.dead-lettered',
        topic: 'orders',
        messageId: 'm1',
        group: 'shipping',
        deliveries: 5,
        reason: 'poison',
      })
      .add('shipping', consumed('m2'));
    expect(violations('INV-8', log)).toEqual([]);
  });
});
