import { type Row, textOf } from './rows.ts';

/** The order's saga (or its transactions) is over. */
export const hasEnded = (status: string): boolean => status === 'CONFIRMED' || wasUndone(status);

export const wasUndone = (status: string): boolean => status === 'REJECTED' || status === 'CANCELLED';

/**
 * Which payment is whose. An order says it in its row; in the monolith the payment intent does, which is
 * there before the order's row.
 */
export class OrderPayments {
  readonly #orders = new Map<string, string>();
  readonly #payments = new Map<string, string>();

  /** Of a row of `orders` or `payment-intents`. */
  note(orderId: string, before: Row | undefined, now: Row | undefined): void {
    if (before !== undefined || now === undefined) return;
    const paymentId = textOf(now, 'paymentId');
    this.#orders.set(paymentId, orderId);
    this.#payments.set(orderId, paymentId);
  }

  paymentOf(orderId: string): string | undefined {
    return this.#payments.get(orderId);
  }

  /** A payment under an order's own id would be one of its payments, too. */
  orderOf(paymentId: string): string | undefined {
    return this.#orders.get(paymentId) ?? (this.#payments.has(paymentId) ? paymentId : undefined);
  }
}
