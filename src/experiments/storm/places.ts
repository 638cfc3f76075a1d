import { type InstanceId, instanceId, type RunSettings, type ServiceName } from '../../kernel/index.ts';

// Where a storm may strike, as plain data: an experiment knows no service's code. places.test.ts compares it with
// the contracts and with what a run's log says.

/** What a storm crashes, slows and cuts off. Customers are people: they are not broken. */
export const STRIKABLE = [
  'registry',
  'payment-provider',
  'broker',
  'user',
  'product',
  'shipping',
  'order',
  'gateway',
] as const;

export type Strikable = (typeof STRIKABLE)[number];

/** Those that may run as one to three instances; the others have one fixed address each (DISC-3). */
export const SCALABLE = ['broker', 'user', 'product', 'shipping', 'order'] as const;

/** Who calls whom. */
export const EDGES: readonly (readonly [from: ServiceName, to: Strikable])[] = [
  ['customers', 'gateway'],
  ['gateway', 'user'],
  ['gateway', 'product'],
  ['gateway', 'order'],
  ['gateway', 'shipping'],
  ['gateway', 'broker'],
  ['gateway', 'registry'],
  ['order', 'product'],
  ['order', 'payment-provider'],
  ['order', 'shipping'],
  ['order', 'broker'],
  ['order', 'user'],
  ['order', 'registry'],
  ['shipping', 'broker'],
  ['shipping', 'user'],
  ['shipping', 'registry'],
  ['broker', 'order'],
  ['broker', 'shipping'],
  ['broker', 'registry'],
  ['product', 'user'],
  ['product', 'registry'],
  ['user', 'registry'],
];

/** What a service is asked for in a storm: the operations of its `handler` port. */
export const HANDLED: Readonly<Record<Strikable, readonly string[]>> = {
  registry: ['PUT /instances/{instanceId}', 'GET /instances'],
  'payment-provider': [
    'PUT /authorisations/{paymentId}',
    'DELETE /authorisations/{paymentId}',
    'POST /authorisations/{paymentId}/capture',
  ],
  broker: ['POST /topics/{topic}/messages', 'PUT /subscriptions/{group}'],
  user: ['POST /sessions', 'GET /.well-known/jwks.json'],
  product: [
    'GET /products',
    'GET /products/{sku}',
    'PUT /products/{sku}/stock',
    'PUT /reservations/{orderId}',
    'DELETE /reservations/{orderId}',
    'POST /reservations/{orderId}/commit',
  ],
  shipping: [
    'PUT /shipments/{orderId}',
    'DELETE /shipments/{orderId}',
    'POST /shipments/{orderId}/dispatch',
    'POST /events',
  ],
  order: ['POST /orders', 'GET /orders/{orderId}', 'POST /orders/{orderId}/cancellation', 'POST /events'],
  gateway: [
    'POST /sessions',
    'POST /orders',
    'GET /orders/{orderId}',
    'POST /orders/{orderId}/cancellation',
    'GET /products',
    'GET /products/{sku}',
    'PUT /products/{sku}/stock',
  ],
};

/** What a service asks of others: the operations of its `network` port. */
export const SENT: Readonly<Record<Strikable, readonly string[]>> = {
  registry: [],
  'payment-provider': [],
  broker: ['POST /events', 'PUT /instances/{instanceId}', 'GET /instances'],
  user: ['PUT /instances/{instanceId}'],
  product: ['PUT /instances/{instanceId}', 'GET /instances', 'GET /.well-known/jwks.json'],
  shipping: [
    'POST /topics/{topic}/messages',
    'PUT /subscriptions/{group}',
    'PUT /instances/{instanceId}',
    'GET /instances',
    'GET /.well-known/jwks.json',
  ],
  order: [
    'PUT /reservations/{orderId}',
    'DELETE /reservations/{orderId}',
    'POST /reservations/{orderId}/commit',
    'PUT /authorisations/{paymentId}',
    'DELETE /authorisations/{paymentId}',
    'POST /authorisations/{paymentId}/capture',
    'PUT /shipments/{orderId}',
    'DELETE /shipments/{orderId}',
    'POST /shipments/{orderId}/dispatch',
    'POST /topics/{topic}/messages',
    'PUT /subscriptions/{group}',
    'PUT /instances/{instanceId}',
    'GET /instances',
    'GET /.well-known/jwks.json',
  ],
  gateway: [
    'POST /sessions',
    'POST /orders',
    'GET /orders/{orderId}',
    'POST /orders/{orderId}/cancellation',
    'GET /products',
    'GET /products/{sku}',
    'PUT /products/{sku}/stock',
    'GET /instances',
    'GET /.well-known/jwks.json',
  ],
};

const FORWARD = [
  'reserveStock',
  'authorisePayment',
  'createShipment',
  'capturePayment',
  'commitReservation',
  'dispatchShipment',
  'confirmOrder',
] as const;
const BACKWARD = ['cancelShipment', 'voidAuthorisation', 'releaseStock', 'rejectOrder'] as const;

const sagaOperations = (step: string): string[] => [
  `saga ${step} started`,
  `saga ${step} completed`,
  `saga ${step} retried`,
  `saga ${step} failed`,
];

const RELAY = ['outbox look', 'outbox claim', 'outbox relayed'] as const;

/** A service's transactions, by the names under which the log and the faults know them: its `store` port. */
export const TRANSACTIONS: Readonly<Record<Strikable, readonly string[]>> = {
  registry: ['register', 'list instances', 'look for expired leases', 'expire leases', 'renew leases'],
  'payment-provider': ['authorise', 'capture', 'void'],
  broker: [
    'accept message',
    'subscribe',
    'delivery look',
    'delivery claim',
    'delivery sent',
    'delivery acknowledged',
    'delivery failed',
  ],
  user: ['seed accounts', 'sign in', 'get key set'],
  product: ['seed catalogue', 'reserve', 'release', 'commit', 'get product', 'list products', 'set stock'],
  shipping: [
    'hold shipment',
    'cancel shipment',
    'dispatch shipment',
    'tracking look',
    'tracking advanced',
    'consume orders',
    ...RELAY,
  ],
  order: [
    'place-order',
    'get order',
    'cancel order',
    'consume shipments',
    'saga recover',
    'saga claim',
    'saga look',
    'saga lease renewed',
    ...[...FORWARD, ...BACKWARD].flatMap(sagaOperations),
    'saga commitReservation parked',
    'saga dispatchShipment parked',
    ...RELAY,
  ],
  gateway: [],
};

/** All instances of a service under these settings. */
export const instancesOfService = (settings: RunSettings, service: ServiceName): InstanceId[] =>
  Array.from({ length: settings.services[service].instances }, (_, index) => instanceId(service, index + 1));
