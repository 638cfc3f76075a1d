import type { RunEvent, SpanId, TraceId } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';

/** An order that its customer was told of. */
interface Known {
  readonly customer: string;
  readonly answered: RunEvent;
}

const ORDERS = '/orders/';

/**
 * What is promised (docs/semantics.md, RYW-1 and RYW-2): the answer to `POST /orders` or `PUT /cart` comes
 * after its commit; and the customer who was told of an order (202) is never told afterwards that there is
 * no such order. What a fault says in the shop's place is not the shop's word.
 */
export const readYourWrites = defineChecker(
  'INV-10',
  'Who was told of a write can read it',
  (run, report) => {
    const customers = new Map<string, string>();
    const inTrace = new Map<TraceId, string>();
    const known = new Map<string, Known>();
    /** Questions for an order that is known to who asks, by the span of the request. */
    const asked = new Map<SpanId, { readonly orderId: string; readonly answered: RunEvent }>();
    /** Somebody else has answered in these: a fault in the shop's place. */
    const misled = new Set<TraceId>();
    /** By trace: who has written a cart in it. */
    const cartWrites = new Set<TraceId>();

    return {
      rows: {
        carts(_, __, now, commit) {
          if (now !== undefined && commit.traceId !== null) cartWrites.add(commit.traceId);
        },
      },
      events: {
        'intent.started': (event) => {
          customers.set(event.intentId, event.customer);
          if (event.traceId !== null) inTrace.set(event.traceId, event.customer);
        },
        'intent.answered': (event) => {
          const customer = customers.get(event.intentId);
          customers.delete(event.intentId);
          if (event.traceId !== null) {
            inTrace.delete(event.traceId);
            misled.delete(event.traceId);
          }
          const { kind, outcome, orderId } = event;
          if (kind !== 'order' || outcome !== 'ok' || orderId === null) return;
          if (customer !== undefined && !known.has(orderId))
            known.set(orderId, { customer, answered: event });
          run.later(() => {
            if (['orders', 'payment-intents'].every((table) => run.rows.row(table, orderId) === undefined))
              report(`the customer was told of order ${orderId}, which is not stored`, event);
          });
        },
        'request.sent': (event) => {
          if (event.service !== 'customers' || event.method !== 'GET' || event.spanId === null) return;
          if (!event.path.startsWith(ORDERS) || event.traceId === null) return;
          const orderId = event.path.slice(ORDERS.length);
          const order = known.get(orderId);
          if (order === undefined || order.customer !== inTrace.get(event.traceId)) return;
          asked.set(event.spanId, { orderId, answered: order.answered });
        },
        'fault.injected': ({ kind, traceId }) => {
          if (kind === 'errors' && traceId !== null && inTrace.has(traceId)) misled.add(traceId);
        },
        'response.received': (event) => {
          if (event.service !== 'customers' || event.spanId === null) return;
          const question = asked.get(event.spanId);
          if (question === undefined) return;
          asked.delete(event.spanId);
          const isShops = event.traceId === null || !misled.has(event.traceId);
          if (event.status === 404 && isShops)
            report(
              `order ${question.orderId} was taken, then its customer is told that there is none`,
              question.answered,
              event,
            );
        },
        'response.sent': (event) => {
          if (event.operation !== 'PUT /cart' || event.status !== 200 || event.service === 'gateway') return;
          if (event.traceId !== null && !cartWrites.has(event.traceId))
            report('PUT /cart was answered 200, and no cart is stored', event);
        },
      },
    };
  },
);
