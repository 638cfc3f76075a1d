import type { Context } from '../kernel/index.ts';

/** So soon a changed period is noticed. */
const NOTICE_MS = 1000;

/** Sleeps for what `spentMs` has left of a period; no longer than a moment once its length has been changed. */
export async function sleepOut(context: Context, periodMs: () => number, spentMs = 0): Promise<void> {
  const agreedMs = periodMs();
  // At least a moment: a run whose interval is 0 must not stand still.
  let leftMs = Math.max(1, agreedMs - spentMs);
  while (leftMs > NOTICE_MS) {
    await context.clock.sleep(NOTICE_MS);
    if (periodMs() !== agreedMs) return;
    leftMs -= NOTICE_MS;
  }
  await context.clock.sleep(leftMs);
}
