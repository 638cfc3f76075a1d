import { elapsedMs, type HttpHeaders, type RateLimitSettings, type RunTimeUs } from '../kernel/index.ts';

/** Tokens may be a fraction: they come in steadily. */
export interface TokenBucket {
  readonly tokens: number;
  readonly atUs: RunTimeUs;
}

export interface TokenDecision {
  readonly bucket: TokenBucket;
  readonly allowed: boolean;
  /** Until one token is there; 0 when allowed. */
  readonly retryAfterMs: number;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
}

/** A bucket begins full. */
export const fullBucket = (limit: RateLimitSettings, nowUs: RunTimeUs): TokenBucket => ({
  tokens: limit.burst,
  atUs: nowUs,
});

// Fractions of a token add up to 0.999…: what is that close to a token is one.
const NEARLY = 1e-9;

/** Takes a token if one is there; a refused request takes none. A bucket above a lowered burst loses the rest. */
export function takeToken(bucket: TokenBucket, limit: RateLimitSettings, nowUs: RunTimeUs): TokenDecision {
  const gained = (Math.max(0, elapsedMs(bucket.atUs, nowUs)) / 1000) * limit.perSecond;
  const tokens = Math.min(limit.burst, bucket.tokens + gained);
  const allowed = tokens + NEARLY >= 1;
  const left = allowed ? Math.max(0, tokens - 1) : tokens;
  const msFor = (count: number): number =>
    count <= 0 ? 0 : limit.perSecond > 0 ? (count / limit.perSecond) * 1000 : Number.POSITIVE_INFINITY;
  return {
    bucket: { tokens: left, atUs: nowUs },
    allowed,
    retryAfterMs: allowed ? 0 : msFor(1 - left),
    remaining: Math.floor(left + NEARLY),
    resetMs: msFor(limit.burst - left),
  };
}

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers (structured fields): the policy, and what is left
 * of it; `Retry-After` (whole seconds) when refused.
 */
export function rateLimitHeaders(
  limit: RateLimitSettings,
  decision: TokenDecision,
  policy = 'customer',
): HttpHeaders {
  const windowS = limit.perSecond > 0 ? Math.max(1, Math.ceil(limit.burst / limit.perSecond)) : 1;
  const seconds = (ms: number): number => (Number.isFinite(ms) ? Math.ceil(ms / 1000) : 86_400);
  return {
    'ratelimit-policy': `"${policy}";q=${limit.burst};w=${windowS}`,
    ratelimit: `"${policy}";r=${decision.remaining};t=${seconds(decision.resetMs)}`,
    ...(decision.allowed ? {} : { 'retry-after': String(Math.max(1, seconds(decision.retryAfterMs))) }),
  };
}
