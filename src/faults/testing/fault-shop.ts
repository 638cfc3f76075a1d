import {
  callId,
  defineTable,
  emptyResponse,
  type HttpOutcome,
  type InstanceId,
  jsonResponse,
  type ServiceDefinition,
} from '../../kernel/index.ts';
import { testService } from '../../kernel/testing/test-host.ts';
import { FaultWorld } from './fault-world.ts';

// One order service that stores an order, works, and calls one shipping service.

const orders = defineTable<{ id: string }>('orders', 'id');
const shipments = defineTable<{ id: string }>('shipments', 'id');
export const ORDER = 'order-1' as InstanceId;
export const SHIPPING = 'shipping-1' as InstanceId;
export const CREATE_SHIPMENT = 'PUT /shipments/1';

export const shipping: ServiceDefinition = testService('shipping', {
  tables: [shipments],
  handle: async (request, context) => {
    await context.store.transact('create shipment', [shipments], 'readwrite', async (tx) => {
      await tx.put(shipments, { id: request.path });
    });
    await context.work(20);
    return emptyResponse(201);
  },
});

/**
 * `GET` looks at the orders. `POST /orders/1` calls `PUT /shipments/1`; `POST /notes/1` calls `POST`,
 * and `POST /keyed/1` does so with an Idempotency-Key.
 */
export const order: ServiceDefinition = testService('order', {
  tables: [orders],
  handle: async (request, context) => {
    if (request.method === 'GET') {
      const rows = await context.store.transact('list orders', [orders], 'readonly', async (tx) =>
        tx.list(orders),
      );
      return jsonResponse(200, rows.length);
    }
    const [, kind, id = ''] = request.path.split('/');
    await context.store.transact('store order', [orders], 'readwrite', async (tx) => {
      await tx.put(orders, { id });
    });
    await context.work(5);
    const method = kind === 'orders' ? 'PUT' : 'POST';
    const headers = kind === 'keyed' ? { 'idempotency-key': id } : {};
    const outcome = await context.network.send({
      to: SHIPPING,
      request: { method, path: `/shipments/${id}`, headers, body: null },
      operation: `${method} /shipments/${id}`,
      callId: callId(`ship/${id}`),
      attempt: 1,
      plane: 'data',
      timeoutMs: 1000,
    });
    return jsonResponse(200, outcome.ok ? outcome.value.status : outcome.error.kind);
  },
});

/** A shop of one instance of each, at 0:00. */
export async function openFaultShop(): Promise<FaultWorld> {
  const world = new FaultWorld();
  world.add(order);
  world.add(shipping);
  await world.runFor(0);
  return world;
}

/** What Order heard of Shipping. */
export const heard = ({ outcome }: { outcome: HttpOutcome | null }): unknown =>
  outcome?.ok ? (JSON.parse(outcome.value.body ?? 'null') as unknown) : outcome;
