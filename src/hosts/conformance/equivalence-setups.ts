import type { Fault, ScheduledFault } from '../../faults/index.ts';
import type { Json, RunEventType, ServiceName } from '../../kernel/index.ts';

// The setups on which the live host and the Lab are compared. They were fixed before the comparison was
// written, and are not tuned to it: where the hosts differ, a host is wrong, or `docs/conformance.md` says why.

/** Whoever runs the orders: `order` in the microservices, `monolith` in the monolith. */
export const ORDERER = '$orderer';
/** The order placed last. */
export const LAST_ORDER = '$order';

const orderer = ORDERER as ServiceName;

export interface Wish {
  readonly lines?: readonly { readonly sku: string; readonly quantity: number }[];
  readonly cardToken?: string;
  readonly country?: string;
  readonly idempotencyKey?: string;
}

/** What a script does; each step ends before the next begins. */
export type Step =
  /** Places an order and waits for its end. `unanswered`: the answer is lost, and nobody waits. */
  | ({ readonly do: 'order'; readonly until?: 'ended' | 'answered' | 'unanswered' } & Wish)
  /** Any request to the gateway; its status belongs to the history. */
  | {
      readonly do: 'request';
      readonly method: 'GET' | 'POST' | 'PUT';
      readonly path: string;
      readonly as?: 'customer' | 'admin';
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Json;
    }
  | { readonly do: 'break'; readonly fault: Fault }
  /** Clears all faults. */
  | { readonly do: 'heal' }
  /** Until the nth event (1: the first) of the whole run with these fields. */
  | {
      readonly do: 'await';
      readonly type: RunEventType;
      readonly fields?: Readonly<Record<string, Json>>;
      readonly nth?: number;
    }
  /** Until every order that was begun has ended. */
  | { readonly do: 'settle' };

export type CompositionName = 'microservices' | 'monolith';

export interface ClosedSetup {
  readonly name: string;
  readonly compositions: readonly CompositionName[];
  /** Over `quickSettings`. */
  readonly settings?: Readonly<Record<string, Json>>;
  readonly faults?: readonly ScheduledFault[];
  readonly script: readonly Step[];
  /** How its orders end, by the time they were placed: a setup that shows nothing proves nothing. */
  readonly ends: readonly ('CONFIRMED' | 'REJECTED' | 'CANCELLED')[];
  /** What the log must hold besides. */
  readonly sees?: readonly RunEventType[];
}

/** The step of the saga, and the saga of a monolith, may be tried again this long after: long enough for a worker to start. */
const STEP_AGAIN_MS = 8000;
const RESTART_AFTER_MS = 2000;

/**
 * The classroom's shop with short ways and long patience: a timeout means a fault and never a busy machine,
 * and what happens twice is seconds apart.
 */
export const quickSettings: Readonly<Record<string, Json>> = {
  hop: { meanMs: 5, spread: 0.1 },
  services: {
    gateway: { serviceTimeMs: 2 },
    user: { serviceTimeMs: 5 },
    product: { serviceTimeMs: 10 },
    order: { serviceTimeMs: 5 },
    shipping: { serviceTimeMs: 15 },
    'payment-provider': { serviceTimeMs: 15 },
    monolith: { serviceTimeMs: 10 },
  },
  edge: { timeoutMs: 8000 },
  deadlines: { readMs: 30_000, orderMs: 60_000 },
  saga: {
    giveUpMs: 20_000,
    stepAgainMs: STEP_AGAIN_MS,
    stepAgainSpread: 0.02,
    parkAfterMs: 120_000,
    leaseMs: 60_000,
  },
  compensation: { timeoutMs: 8000 },
  registry: { heartbeatMs: 1000, leaseMs: 300_000, fetchMs: 1000 },
  rateLimit: { perSecond: 1000, burst: 1000 },
  tracking: { pickMs: 500, packMs: 500, transitMs: 500, deliverMs: 500 },
  load: { running: false },
};

const both: readonly CompositionName[] = ['microservices', 'monolith'];
const services: readonly CompositionName[] = ['microservices'];
const monolith: readonly CompositionName[] = ['monolith'];

const one = (sku: string, quantity = 1) => [{ sku, quantity }];
const down = (service: ServiceName): Fault => ({
  kind: 'down',
  target: { kind: 'service', service },
  lengthMs: null,
});
const slow = (service: ServiceName, addMs: number): Fault => ({
  kind: 'slow',
  target: { kind: 'service', service },
  addMs,
  spreadShare: 0,
  share: 1,
  lengthMs: null,
});
const errors = (service: ServiceName): Fault => ({
  kind: 'errors',
  target: { kind: 'service', service },
  status: 503,
  share: 1,
  lengthMs: null,
});
const cut = (from: ServiceName, to: ServiceName): Fault => ({
  kind: 'down',
  target: { kind: 'edge', from, to },
  lengthMs: null,
});
const crashAt = (
  instance: string,
  port: 'network' | 'store' | 'handler',
  operation: string,
  when: 'before' | 'after',
): Fault =>
  ({
    kind: 'crash-at',
    instance,
    port,
    operation,
    nth: 1,
    when,
    restartAfterMs: RESTART_AFTER_MS,
  }) as Fault;

const atStart = (fault: Fault): readonly ScheduledFault[] => [{ atMs: 0, fault }];
const ready = (instance: string, nth: number): Step => ({
  do: 'await',
  type: 'instance.ready',
  fields: { instance },
  nth,
});
const stepStarted = (step: string): Step => ({ do: 'await', type: 'saga.step.started', fields: { step } });
const stepRetried = (step: string, attempt: number): Step => ({
  do: 'await',
  type: 'saga.step.retried',
  fields: { step, attempt },
});
const stock = (sku: string, left: number): Step => ({
  do: 'request',
  method: 'PUT',
  path: `/products/${sku}/stock`,
  as: 'admin',
  body: { stock: left },
});
const cancel: Step = {
  do: 'request',
  method: 'POST',
  path: `/orders/${LAST_ORDER}/cancellation`,
  as: 'customer',
};
/** The order service crashes at an exact place of the saga, and its next life goes on with it. */
const crashOfOrder = (
  name: string,
  port: 'network' | 'store',
  operation: string,
  when: 'before' | 'after',
): ClosedSetup => ({
  name,
  compositions: services,
  script: [{ do: 'break', fault: crashAt('order-1', port, operation, when) }, { do: 'order' }],
  ends: ['CONFIRMED'],
  sees: ['instance.crashed', 'saga.resumed'],
});
/** A breaker that is quick to judge. */
const quickBreaker = {
  edge: {
    breaker: { slidingWindowSize: 4, minimumNumberOfCalls: 4, waitDurationInOpenStateMs: 15_000 },
  },
};

/** One order at a time: what happens must be the same on both hosts, times apart. */
export const closedSetups: readonly ClosedSetup[] = [
  {
    name: 'healthy',
    compositions: both,
    script: [
      { do: 'order' },
      { do: 'order', lines: one('office-03', 2) },
      { do: 'order', lines: one('outdoor-04'), country: 'FR' },
    ],
    ends: ['CONFIRMED', 'CONFIRMED', 'CONFIRMED'],
  },
  {
    name: 'declined-card',
    compositions: both,
    script: [{ do: 'order', cardToken: 'tok_declined' }, { do: 'order' }],
    ends: ['REJECTED', 'CONFIRMED'],
  },
  {
    name: 'declined-at-capture',
    compositions: both,
    script: [{ do: 'order', cardToken: 'tok_capture_declined' }, { do: 'order' }],
    ends: ['REJECTED', 'CONFIRMED'],
  },
  {
    name: 'last-item',
    compositions: both,
    script: [
      stock('games-06', 1),
      { do: 'order', lines: one('games-06') },
      { do: 'order', lines: one('games-06') },
    ],
    ends: ['CONFIRMED', 'REJECTED'],
  },
  {
    name: 'two-lines',
    compositions: both,
    script: [
      {
        do: 'order',
        lines: [
          { sku: 'outdoor-02', quantity: 1 },
          { sku: 'kitchen-01', quantity: 2 },
        ],
      },
      {
        do: 'order',
        lines: [
          { sku: 'games-04', quantity: 1 },
          { sku: 'games-04', quantity: 2 },
        ],
      },
    ],
    ends: ['CONFIRMED', 'CONFIRMED'],
  },
  {
    name: 'one-of-two-lines-sold-out',
    compositions: both,
    script: [
      stock('games-01', 0),
      {
        do: 'order',
        lines: [
          { sku: 'kitchen-01', quantity: 1 },
          { sku: 'games-01', quantity: 1 },
        ],
      },
    ],
    ends: ['REJECTED'],
  },
  {
    name: 'undeliverable-address',
    compositions: both,
    script: [{ do: 'order', country: 'AQ' }],
    ends: ['REJECTED'],
  },
  {
    name: 'too-heavy',
    compositions: both,
    script: [{ do: 'order', lines: one('kitchen-02', 14) }],
    ends: ['REJECTED'],
  },
  {
    name: 'unknown-product',
    compositions: both,
    script: [{ do: 'order', lines: one('games-99') }],
    ends: ['REJECTED'],
  },
  {
    name: 'price-change',
    compositions: both,
    script: [
      { do: 'order', lines: one('kitchen-03') },
      {
        do: 'request',
        method: 'PUT',
        path: '/products/kitchen-03/price',
        as: 'admin',
        body: { priceMinor: 7777, currency: 'EUR' },
      },
      { do: 'order', lines: one('kitchen-03') },
    ],
    ends: ['CONFIRMED', 'CONFIRMED'],
  },
  {
    name: 'idempotent-repeat',
    compositions: both,
    script: [
      { do: 'order', idempotencyKey: 'basket-1' },
      { do: 'order', idempotencyKey: 'basket-1' },
      { do: 'order', idempotencyKey: 'basket-1', lines: one('games-05'), until: 'unanswered' },
      { do: 'order', idempotencyKey: 'basket-2' },
    ],
    ends: ['CONFIRMED', 'CONFIRMED'],
  },
  {
    name: 'order-from-cart',
    compositions: services,
    script: [
      {
        do: 'request',
        method: 'PUT',
        path: '/cart',
        as: 'customer',
        body: { lines: [{ sku: 'office-01', quantity: 3 }] },
      },
      {
        do: 'request',
        method: 'POST',
        path: '/cart-holds',
        as: 'customer',
        body: { lines: [{ sku: 'office-01', quantity: 3 }] },
      },
      {
        do: 'request',
        method: 'POST',
        path: '/orders',
        as: 'customer',
        headers: { 'idempotency-key': 'from-cart' },
        body: {
          cardToken: 'tok_ok',
          address: {
            name: 'Ada',
            street: 'Hauptstr. 1',
            postcode: '10115',
            city: 'Berlin',
            country: 'DE',
          },
        },
      },
      { do: 'settle' },
    ],
    ends: ['CONFIRMED'],
  },
  {
    name: 'slow-payment',
    compositions: both,
    faults: atStart(slow('payment-provider', 2000)),
    script: [{ do: 'order' }, { do: 'order' }],
    ends: ['CONFIRMED', 'CONFIRMED'],
  },
  {
    name: 'payment-too-slow',
    compositions: services,
    settings: { edge: { timeoutMs: 6000 }, compensation: { timeoutMs: 6000 } },
    faults: atStart(slow('payment-provider', 18_000)),
    script: [
      { do: 'order', until: 'answered' },
      stepRetried('voidAuthorisation', 1),
      { do: 'heal' },
      { do: 'settle' },
      { do: 'order' },
    ],
    ends: ['REJECTED', 'CONFIRMED'],
    sees: ['request.failed', 'saga.compensated'],
  },
  {
    name: 'shipping-down-from-the-start',
    compositions: services,
    faults: atStart(down('shipping')),
    script: [{ do: 'order' }, { do: 'heal' }, ready('shipping-1', 2), { do: 'order' }],
    ends: ['REJECTED', 'CONFIRMED'],
    sees: ['instance.crashed', 'saga.compensated'],
  },
  {
    name: 'patient-saga',
    compositions: services,
    settings: { saga: { giveUpMs: 120_000 } },
    faults: atStart(down('shipping')),
    script: [
      { do: 'order', until: 'answered' },
      stepRetried('createShipment', 2),
      { do: 'heal' },
      { do: 'settle' },
    ],
    ends: ['CONFIRMED'],
    sees: ['saga.step.retried'],
  },
  {
    name: 'payment-answer-lost',
    compositions: services,
    settings: { edge: { timeoutMs: 6000 }, saga: { giveUpMs: 120_000 } },
    faults: atStart(slow('payment-provider', 3000)),
    script: [
      { do: 'order', until: 'answered' },
      {
        do: 'await',
        type: 'request.received',
        fields: { instance: 'payment-provider-1', operation: 'PUT /authorisations/{paymentId}' },
      },
      { do: 'break', fault: cut(orderer, 'payment-provider') },
      stepRetried('authorisePayment', 1),
      { do: 'heal' },
      { do: 'settle' },
    ],
    ends: ['CONFIRMED'],
    sees: ['request.failed'],
  },
  {
    name: 'capture-answer-lost',
    compositions: both,
    faults: atStart(
      crashAt('payment-provider-1', 'handler', 'POST /authorisations/{paymentId}/capture', 'after'),
    ),
    script: [{ do: 'order' }],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed', 'request.failed'],
  },
  {
    name: 'authorisation-answer-lost',
    compositions: both,
    settings: { saga: { giveUpMs: 120_000 } },
    faults: atStart(crashAt('payment-provider-1', 'store', '*', 'after')),
    script: [{ do: 'order' }],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed', 'request.failed'],
  },
  {
    name: 'payment-errors-then-healed',
    compositions: services,
    faults: atStart(errors('payment-provider')),
    script: [
      { do: 'order', until: 'answered' },
      stepRetried('authorisePayment', 1),
      { do: 'heal' },
      { do: 'settle' },
      { do: 'order' },
    ],
    ends: ['CONFIRMED', 'CONFIRMED'],
    sees: ['fault.injected', 'saga.step.retried'],
  },
  {
    name: 'breaker-opens-and-closes',
    compositions: services,
    settings: quickBreaker,
    faults: atStart(errors('payment-provider')),
    script: [
      { do: 'order', until: 'answered' },
      stepRetried('voidAuthorisation', 1),
      { do: 'heal' },
      { do: 'settle' },
      {
        do: 'await',
        type: 'breaker.state.changed',
        fields: { instance: 'order-1', to: 'payment-provider', after: 'HALF_OPEN' },
      },
      { do: 'order' },
      { do: 'order' },
    ],
    ends: ['REJECTED', 'CONFIRMED', 'CONFIRMED'],
    sees: ['breaker.call.not-permitted', 'breaker.state.changed'],
  },
  {
    name: 'breaker-opens-again-on-its-probes',
    compositions: services,
    settings: quickBreaker,
    faults: atStart(errors('product')),
    script: [
      { do: 'request', method: 'GET', path: '/products/kitchen-01' },
      { do: 'request', method: 'GET', path: '/products/kitchen-02' },
      { do: 'request', method: 'GET', path: '/products/kitchen-03' },
      {
        do: 'await',
        type: 'breaker.state.changed',
        fields: { instance: 'gateway-1', to: 'product', after: 'HALF_OPEN' },
      },
      { do: 'request', method: 'GET', path: '/products/kitchen-04' },
      { do: 'request', method: 'GET', path: '/products/kitchen-05' },
      {
        do: 'await',
        type: 'breaker.state.changed',
        fields: { instance: 'gateway-1', to: 'product', after: 'HALF_OPEN' },
        nth: 2,
      },
      { do: 'heal' },
      { do: 'request', method: 'GET', path: '/products/kitchen-01' },
      { do: 'request', method: 'GET', path: '/products/kitchen-02' },
      { do: 'request', method: 'GET', path: '/products/kitchen-03' },
      { do: 'order' },
    ],
    ends: ['CONFIRMED'],
    sees: ['breaker.call.not-permitted', 'breaker.state.changed'],
  },
  crashOfOrder('crash-before-the-reservation-is-noted', 'store', 'saga reserveStock completed', 'before'),
  crashOfOrder('crash-with-the-authorisation-in-hand', 'network', 'PUT /authorisations/{paymentId}', 'after'),
  crashOfOrder('crash-as-the-shipment-begins', 'store', 'saga createShipment started', 'after'),
  crashOfOrder(
    'crash-with-the-capture-in-hand',
    'network',
    'POST /authorisations/{paymentId}/capture',
    'after',
  ),
  crashOfOrder('crash-before-the-stock-is-committed', 'store', 'saga commitReservation started', 'before'),
  crashOfOrder('crash-after-the-dispatch', 'store', 'saga dispatchShipment completed', 'after'),
  {
    name: 'crash-after-the-order-is-stored',
    compositions: services,
    script: [
      { do: 'break', fault: crashAt('order-1', 'store', 'place-order', 'after') },
      { do: 'order', idempotencyKey: 'again', until: 'unanswered' },
      ready('order-1', 2),
      { do: 'order', idempotencyKey: 'again' },
    ],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed'],
  },
  {
    name: 'gateway-crashes-before-it-answers',
    compositions: services,
    script: [
      { do: 'break', fault: crashAt('gateway-1', 'handler', 'POST /orders', 'after') },
      { do: 'order', idempotencyKey: 'again', until: 'unanswered' },
      ready('gateway-1', 2),
      { do: 'order', idempotencyKey: 'again' },
    ],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed'],
  },
  {
    name: 'product-crashes-after-it-reserved',
    compositions: services,
    script: [
      { do: 'break', fault: crashAt('product-1', 'handler', 'PUT /reservations/{orderId}', 'after') },
      { do: 'order' },
    ],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed', 'saga.step.retried'],
  },
  {
    name: 'cancel-before-the-pivot',
    compositions: services,
    faults: atStart(slow('shipping', 4000)),
    script: [
      { do: 'order', until: 'answered' },
      { do: 'await', type: 'request.received', fields: { operation: 'PUT /shipments/{orderId}' } },
      cancel,
      { do: 'settle' },
    ],
    ends: ['CANCELLED'],
    sees: ['saga.compensated'],
  },
  {
    name: 'cancel-while-the-saga-sleeps',
    compositions: services,
    faults: atStart(errors('shipping')),
    script: [
      { do: 'order', until: 'answered' },
      stepRetried('createShipment', 1),
      cancel,
      stepRetried('cancelShipment', 1),
      { do: 'heal' },
      { do: 'settle' },
    ],
    ends: ['CANCELLED'],
    sees: ['saga.compensated'],
  },
  {
    name: 'cancel-too-late',
    compositions: services,
    faults: atStart(slow('shipping', 4000)),
    script: [
      { do: 'order', until: 'answered' },
      { do: 'await', type: 'request.received', fields: { operation: 'PUT /shipments/{orderId}' } },
      { do: 'break', fault: down('product') },
      stepRetried('commitReservation', 1),
      cancel,
      { do: 'heal' },
      { do: 'settle' },
    ],
    ends: ['CONFIRMED'],
    sees: ['saga.step.retried'],
  },
  {
    name: 'parked-and-retried',
    compositions: services,
    settings: { saga: { parkAfterMs: 10_000 } },
    faults: atStart(slow('shipping', 4000)),
    script: [
      { do: 'order', until: 'answered' },
      stepStarted('createShipment'),
      { do: 'break', fault: down('product') },
      { do: 'await', type: 'saga.parked' },
      { do: 'heal' },
      ready('product-1', 2),
      { do: 'request', method: 'POST', path: `/sagas/saga-${LAST_ORDER}/retry`, as: 'admin' },
      { do: 'settle' },
    ],
    ends: ['CONFIRMED'],
    sees: ['saga.parked'],
  },
  {
    name: 'broker-down',
    compositions: services,
    faults: atStart(down('broker')),
    script: [{ do: 'order' }, { do: 'heal' }, ready('broker-1', 2)],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed'],
  },
  {
    name: 'monolith-crashes-with-the-authorisation-in-hand',
    compositions: monolith,
    script: [
      { do: 'break', fault: crashAt('monolith-1', 'network', 'PUT /authorisations/{paymentId}', 'after') },
      { do: 'order', idempotencyKey: 'again', until: 'answered' },
      ready('monolith-1', 2),
      { do: 'settle' },
    ],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed'],
  },
  {
    name: 'monolith-crashes-with-the-capture-in-hand',
    compositions: monolith,
    script: [
      {
        do: 'break',
        fault: crashAt('monolith-1', 'network', 'POST /authorisations/{paymentId}/capture', 'after'),
      },
      { do: 'order', idempotencyKey: 'again', until: 'answered' },
      ready('monolith-1', 2),
      { do: 'settle' },
    ],
    ends: ['CONFIRMED'],
    sees: ['instance.crashed'],
  },
];

export interface ConcurrentSetup {
  readonly name: string;
  readonly composition: CompositionName;
  /** Over `quickSettings`; the load is on from the start. */
  readonly settings: Readonly<Record<string, Json>>;
  /** By their time since the customers came. */
  readonly faults: readonly ScheduledFault[];
  /** So long after the customers came the load stops and the faults are cleared; then all comes to rest. */
  readonly loadMs: number;
}

/** Under load the order of things is chance: these are compared by what holds always, and by shares and counts. */
export const concurrentSetups: readonly ConcurrentSetup[] = [
  {
    name: 'load-and-declined-cards',
    composition: 'microservices',
    settings: {
      load: { running: true, ordersPerSecond: 2, browsesPerSecond: 2, statusesPerSecond: 1 },
      payment: { declineShare: 0.2 },
    },
    faults: [],
    loadMs: 40_000,
  },
  {
    name: 'load-and-a-shipping-outage',
    composition: 'microservices',
    settings: {
      load: { running: true, ordersPerSecond: 2, browsesPerSecond: 2, statusesPerSecond: 1 },
      saga: { giveUpMs: 6000, stepAgainMs: 2000 },
    },
    faults: [
      {
        atMs: 15_000,
        fault: { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: 15_000 },
      },
    ],
    loadMs: 45_000,
  },
  {
    name: 'load-and-failing-payments',
    composition: 'microservices',
    settings: {
      load: { running: true, ordersPerSecond: 2, browsesPerSecond: 2, statusesPerSecond: 1 },
      saga: { giveUpMs: 6000, stepAgainMs: 2000 },
    },
    faults: [
      {
        atMs: 10_000,
        fault: {
          kind: 'errors',
          target: { kind: 'service', service: 'payment-provider' },
          status: 503,
          share: 0.5,
          lengthMs: 20_000,
        },
      },
    ],
    loadMs: 40_000,
  },
  {
    name: 'load-on-the-monolith',
    composition: 'monolith',
    settings: {
      load: { running: true, ordersPerSecond: 2, browsesPerSecond: 2, statusesPerSecond: 1 },
      payment: { declineShare: 0.2 },
    },
    faults: [],
    loadMs: 40_000,
  },
];

/**
 * How the concurrent setups are judged. The Lab runs each with seeds 1 to `labSeeds`; a live run must lie
 * within the prediction interval that they give for one more run: mean ± t · s · √(1 + 1/n), where t is
 * Student's at 99.95 % for n − 1 degrees of freedom (so 99.9 % of runs, two-sided, if they were normal),
 * widened by one order or one opening, because counts are whole.
 */
export const judgement = { labSeeds: 30, studentT: 3.659, liveSeeds: [101, 102] } as const;
