import { defineTable, plusMs, type RunTimeUs, type Transaction } from '../kernel/index.ts';

// What only one instance may do at a time (relay, deliver, track) is claimed by a lease in the service's
// own database. Each claim gets a higher fencing number; whoever acts on a lease checks the number in the
// same transaction as its write, so that a holder who was too slow to notice its end writes nothing.

export interface LeaseRow {
  readonly name: string;
  /** `<instance>.<incarnation>`. */
  readonly holder: string;
  readonly fence: number;
  readonly untilUs: RunTimeUs;
}

export const leaseTable = defineTable<LeaseRow>('leases', 'name');

/** Who claims: one life of one instance. */
export const leaseHolder = (context: { readonly instance: string; readonly incarnation: number }): string =>
  `${context.instance}.${context.incarnation}`;

const instanceOf = (holder: string): string => holder.slice(0, holder.lastIndexOf('.'));

/** Whether `holder` may take what `current` held: it is free, it has run out, or `current` is an earlier life of the same instance. */
export function mayTake(
  current: string | null,
  untilUs: RunTimeUs,
  holder: string,
  nowUs: RunTimeUs,
): boolean {
  if (current === null || nowUs >= untilUs) return true;
  // An instance has one life at a time: the life that held it is over.
  return current !== holder && instanceOf(current) === instanceOf(holder);
}

/**
 * Takes the lease, or prolongs one's own (also one that ran out and that nobody took): the fencing
 * number, or null when somebody else holds it. Writes only when more than half of it is used up, so that asking often costs nothing.
 */
export async function claimLease(
  tx: Transaction,
  name: string,
  holder: string,
  leaseMs: number,
): Promise<number | null> {
  const nowUs = tx.now();
  const row = await tx.get(leaseTable, name);
  if (row !== undefined && row.holder === holder) {
    if (nowUs > plusMs(row.untilUs, -leaseMs / 2)) {
      await tx.put(leaseTable, { ...row, untilUs: plusMs(nowUs, leaseMs) });
    }
    return row.fence;
  }
  if (row !== undefined && !mayTake(row.holder, row.untilUs, holder, nowUs)) return null;
  const fence = (row?.fence ?? 0) + 1;
  await tx.put(leaseTable, { name, holder, fence, untilUs: plusMs(nowUs, leaseMs) });
  return fence;
}

/** Lets one's own lease run out at once, for others to take; nobody else's. */
export async function releaseLease(tx: Transaction, name: string, holder: string): Promise<void> {
  const row = await tx.get(leaseTable, name);
  if (row?.holder === holder && row.untilUs > tx.now())
    await tx.put(leaseTable, { ...row, untilUs: tx.now() });
}

/** Whether the claim with this number is still the last one. Asked in the transaction that acts on it. */
export async function holdsLease(tx: Transaction, name: string, fence: number): Promise<boolean> {
  const row = await tx.get(leaseTable, name);
  return row?.fence === fence;
}
