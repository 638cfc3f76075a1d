import { assertNever, type RetrySettings } from '../../kernel/index.ts';

type BackoffSettings = Pick<RetrySettings, 'backoff' | 'baseMs' | 'capMs' | 'jitter'>;

/**
 * How long to wait before retry `retry` (1 = the first after the first attempt). `uniform` is a draw
 * from [0, 1); `previousMs` is the wait before (for decorrelated jitter; null at first).
 * Source: AWS, "Exponential backoff and jitter"; resilience4j's IntervalFunction.
 */
export function backoffMs(
  settings: BackoffSettings,
  retry: number,
  previousMs: number | null,
  uniform: number,
): number {
  const { baseMs, capMs } = settings;
  switch (settings.backoff) {
    case 'fixed':
      return jittered(settings.jitter, Math.min(capMs, baseMs), uniform);
    case 'exponential':
      return jittered(settings.jitter, Math.min(capMs, baseMs * 2 ** (retry - 1)), uniform);
    case 'decorrelated': {
      const most = 3 * (previousMs ?? baseMs);
      return Math.min(capMs, baseMs + uniform * Math.max(0, most - baseMs));
    }
    default:
      return assertNever(settings.backoff);
  }
}

function jittered(jitter: RetrySettings['jitter'], waitMs: number, uniform: number): number {
  switch (jitter) {
    case 'none':
      return waitMs;
    case 'full':
      return uniform * waitMs;
    case 'equal':
      return waitMs / 2 + (uniform * waitMs) / 2;
    default:
      return assertNever(jitter);
  }
}

/** Milliseconds that a `Retry-After` header asks for; null when there is none, or a date (run time has no dates). */
export function retryAfterMs(header: string | undefined): number | null {
  if (header === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(header)) return null;
  return Number(header) * 1000;
}
