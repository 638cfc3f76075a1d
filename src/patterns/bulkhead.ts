import { type BulkheadSettings, type Context, defineLocal, Semaphore } from '../kernel/index.ts';

const compartments = defineLocal('bulkheads', () => new Map<string, Semaphore>());

export type BulkheadOutcome<T> =
  | { readonly entered: true; readonly value: T }
  | { readonly entered: false; readonly detail: string };

/**
 * Runs `body` in a compartment of this instance: at most `maxConcurrentCalls` at once; others wait up to
 * `maxWaitMs` in a queue of `queueLimit` places, or are turned away. Settings take effect at once.
 */
export async function inBulkhead<T>(
  context: Context,
  name: string,
  settings: BulkheadSettings,
  body: () => Promise<T>,
): Promise<BulkheadOutcome<T>> {
  const all = context.local(compartments);
  const places = all.get(name) ?? new Semaphore(settings.maxConcurrentCalls);
  all.set(name, places);
  if (places.permits !== settings.maxConcurrentCalls) places.setPermits(settings.maxConcurrentCalls);

  if (!places.tryAcquire()) {
    const count = settings.maxConcurrentCalls;
    const full = `${count === 1 ? 'the one place' : `all ${count} places`} of the bulkhead ${count === 1 ? 'is' : 'are'} taken`;
    if (settings.maxWaitMs <= 0 || settings.queueLimit <= 0) return { entered: false, detail: full };
    if (places.waiting >= settings.queueLimit) {
      return { entered: false, detail: `${full} and ${settings.queueLimit} wait already` };
    }
    const entered = await waitForPlace(context, places, settings.maxWaitMs);
    if (!entered) return { entered: false, detail: `${full}; none came free in ${settings.maxWaitMs} ms` };
  }
  try {
    return { entered: true, value: await body() };
  } finally {
    places.release();
  }
}

async function waitForPlace(context: Context, places: Semaphore, maxWaitMs: number): Promise<boolean> {
  let entered = false;
  try {
    await context.within(maxWaitMs, async (own) => {
      await places.acquire(own);
      entered = true;
    });
  } catch (error) {
    if (entered) places.release();
    throw error;
  }
  // It may have entered at the very moment its time was over: then it is in.
  return entered;
}
