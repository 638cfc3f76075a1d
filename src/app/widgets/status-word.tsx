import { Ban, Check, CircleDashed, LoaderCircle, RotateCcw, TriangleAlert, Undo2, X } from 'lucide-react';
import type { IntentView, SagaView } from '../../projections/index.ts';

export type OrderTone = 'ok' | 'fail' | 'half' | 'plain';

export interface OrderStatus {
  readonly word: string;
  readonly tone: OrderTone;
  readonly Icon: typeof Check;
}

/** How an order stands, in one word. */
export function orderStatus(intent: IntentView, saga: SagaView | undefined): OrderStatus {
  if (saga?.state === 'parked') return { word: 'stuck', tone: 'fail', Icon: TriangleAlert };
  if (intent.end === 'good')
    return { word: intent.kind === 'order' ? 'confirmed' : 'answered', tone: 'plain', Icon: Check };
  if (intent.end === 'declined') return { word: 'declined', tone: 'plain', Icon: Ban };
  if (intent.end === 'cancelled') return { word: 'cancelled', tone: 'plain', Icon: Undo2 };
  if (intent.end === 'failed')
    return saga === undefined && intent.orderStatus === null
      ? { word: 'failed', tone: 'fail', Icon: X }
      : { word: 'undone', tone: 'fail', Icon: Undo2 };
  if (saga?.state === 'compensating') return { word: 'undoing', tone: 'fail', Icon: Undo2 };
  if (saga?.steps.some((step) => step.forward.status === 'waiting'))
    return { word: 'waiting', tone: 'half', Icon: RotateCcw };
  return saga === undefined && intent.orderStatus === null
    ? { word: 'sent', tone: 'plain', Icon: CircleDashed }
    : { word: 'under way', tone: 'plain', Icon: LoaderCircle };
}

export function StatusWord({ status }: { readonly status: OrderStatus }) {
  return (
    <span className="status" data-tone={status.tone}>
      <status.Icon size={14} aria-hidden="true" />
      {status.word}
    </span>
  );
}
