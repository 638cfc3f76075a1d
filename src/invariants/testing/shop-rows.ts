import type { Json } from '../../kernel/index.ts';
import { LogBuilder } from './log-builder.ts';

// Rows of one order (o1, its payment p1, two packets of tea), with the fields that invariants read.

export const order = (status: string, more: Readonly<Record<string, Json>> = {}): Json => ({
  orderId: 'o1',
  paymentId: 'p1',
  status,
  totalMinor: 900,
  ...more,
});

export const payment = (status: string, capturedMinor = 0, amountMinor = 900): Json => ({
  paymentId: 'p1',
  status,
  amountMinor,
  currency: 'EUR',
  capturedMinor,
  refundedMinor: 0,
});

export const tea = (stock: number, reserved: number, held = 0): Json => ({
  sku: 'TEA',
  stock,
  reserved,
  held,
});

export const reservation = (state: string, quantity = 2): Json => ({
  orderId: 'o1',
  state,
  lines: [{ sku: 'TEA', quantity }],
});

export const shipment = (status: string): Json => ({
  orderId: 'o1',
  status,
  parcel: { carrier: 'Post', trackingNumber: 'P1' },
});

export const STEPS = [
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
export function saga(...words: string[]): LogBuilder {
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

export const completed = { type: 'saga.completed', sagaId: 's1', orderId: 'o1' } as const;
export const compensated = {
  type: 'saga.compensated',
  sagaId: 's1',
  orderId: 'o1',
  reason: 'no',
} as const;
