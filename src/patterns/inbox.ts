import { defineTable, plusMs, type RunTimeUs, type Transaction } from '../kernel/index.ts';
import type { CloudEvent } from './cloud-event.ts';

// MSG-4: what a group has processed it processes no second time, as long as its inbox remembers it
// (`settings.messaging.inboxWindowMs`); the row commits with the effect. A window that is shorter than
// the broker's last redelivery processes twice: that can be shown.

export interface InboxRow {
  /** Group, source and id of the event. */
  readonly inboxId: string;
  readonly processedUs: RunTimeUs;
}

export const inboxTable = defineTable<InboxRow>('inbox', 'inboxId', { processed: 'processedUs' });

const FORGET_AT_ONCE = 20;

/** Notes the event as processed: false when it was already. Forgets a few that are past the window. */
export async function enterInbox(
  tx: Transaction,
  group: string,
  event: Pick<CloudEvent, 'source' | 'id'>,
  windowMs: number,
): Promise<boolean> {
  const nowUs = tx.now();
  const inboxId = `${group} ${event.source} ${event.id}`;
  const oldestUs = plusMs(nowUs, -windowMs);
  const known = await tx.get(inboxTable, inboxId);
  if (known !== undefined && known.processedUs >= oldestUs) return false;
  const past = await tx.list(inboxTable, { index: 'processed', to: oldestUs - 1, limit: FORGET_AT_ONCE });
  for (const row of past) await tx.delete(inboxTable, row.inboxId);
  await tx.put(inboxTable, { inboxId, processedUs: nowUs });
  return true;
}
