import type { ReleaseFigures, ReleaseSettings } from '../../kernel/index.ts';

export interface CanaryQuestion {
  readonly candidate: ReleaseFigures;
  readonly stable: ReleaseFigures;
  /** Since the step began. */
  readonly elapsedMs: number;
  readonly settings: Pick<ReleaseSettings['canary'], 'stepMs' | 'minimumRequests' | 'maxErrorRate'> & {
    /** Whether it waits for enough answers when its time is up. */
    readonly waitsForRequests: boolean;
  };
}

/** Share of failures; 0 when nothing was asked. */
export const errorRate = ({ requests, failures }: ReleaseFigures): number =>
  requests === 0 ? 0 : failures / requests;

/**
 * Whether a canary's step is over (CAN-1…5): it is aborted as soon as enough answers say that it fails at
 * `maxErrorRate` or more, and more than the old version does in the same time; it goes on when its time is up
 * and enough answers were seen.
 */
export function judgeCanary({
  candidate,
  stable,
  elapsedMs,
  settings,
}: CanaryQuestion): 'go-on' | 'wait' | 'abort' {
  const enough = candidate.requests >= Math.max(1, settings.minimumRequests);
  const rate = errorRate(candidate);
  if (enough && rate >= settings.maxErrorRate && rate > errorRate(stable)) return 'abort';
  return elapsedMs >= settings.stepMs && (enough || !settings.waitsForRequests) ? 'go-on' : 'wait';
}
