import * as z from 'zod/mini';
import { ATTEMPT_HEADER, pathnameOf, type VersionLabel } from '../../kernel/index.ts';
import { type OperationChange, problem, type ServiceChange } from '../../patterns/index.ts';
import { orderSchema } from './contract.ts';

type Order = z.output<typeof orderSchema>;

const withItemCount = (order: Order) => ({
  ...order,
  itemCount: order.lines.reduce((sum, { quantity }) => sum + quantity, 0),
});
const orderWithItemCount = z.extend(orderSchema, { itemCount: z.int() });
const countsItems = { answer: orderWithItemCount, answered: withItemCount };

const FAILING_SHARE = 0.4;

/** Before anything is done, so that a request that is sent again may come through and has one effect. */
const failsOften = (operation: string): OperationChange => ({
  refused: ({ request }, context) => {
    const draw = context.random.uniform(
      'order-v3',
      operation,
      pathnameOf(request.path),
      context.span?.traceId ?? '',
      request.headers[ATTEMPT_HEADER] ?? '1',
    );
    if (draw >= FAILING_SHARE) return null;
    return problem(
      500,
      'faster-checkout',
      'Internal server error',
      'TypeError: the basket of this session is undefined. Nothing was stored.',
    );
  },
});

/** The versions after the first. */
export const orderVersions: Readonly<Record<VersionLabel, ServiceChange>> = {
  v2: {
    service: 'order',
    version: '2.0.0',
    operations: {
      placeOrder: countsItems,
      getOrder: countsItems,
      cancelOrder: countsItems,
      listOrders: {
        answer: z.strictObject({ orders: z.array(orderWithItemCount) }),
        answered: ({ orders }: { readonly orders: readonly Order[] }) => ({
          orders: orders.map(withItemCount),
        }),
      },
    },
  },
  v3: {
    service: 'order',
    version: '3.0.0',
    operations: { placeOrder: failsOften('placeOrder'), getOrder: failsOften('getOrder') },
  },
};
