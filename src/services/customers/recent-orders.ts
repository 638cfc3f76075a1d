import { type Context, defineLocal } from '../../kernel/index.ts';

export interface KnownOrder {
  readonly orderId: string;
  /** E-mail. */
  readonly customer: string;
}

const KEPT = 30;
const recent = defineLocal<KnownOrder[]>('recent-orders', () => []);

export function rememberOrder(context: Context, order: KnownOrder): void {
  const orders = context.local(recent);
  orders.push(order);
  if (orders.length > KEPT) orders.shift();
}

/** One of the last orders; null while there is none. */
export function anyRecentOrder(context: Context, uniform: number): KnownOrder | null {
  const orders = context.local(recent);
  return orders[Math.floor(uniform * orders.length)] ?? null;
}
