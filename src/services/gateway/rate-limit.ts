import { type Context, defineLocal } from '../../kernel/index.ts';
import {
  fullBucket,
  type Principal,
  rateLimitHeaders,
  type TokenBucket,
  takeToken,
} from '../../patterns/index.ts';

const buckets = defineLocal('rate-limit', () => new Map<string, TokenBucket>());
const MANY_BUCKETS = 1000;

export interface RateVerdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** Takes a token of this customer's bucket; those who are not signed in share one per peer. */
export function takeFrom(context: Context, principal: Principal | null): RateVerdict {
  const limits = context.settings.rateLimit;
  const nowUs = context.clock.now();
  const all = context.local(buckets);
  const name =
    principal === null ? `peer ${context.caller?.instance ?? 'outside'}` : `customer ${principal.customerId}`;
  const taken = takeToken(all.get(name) ?? fullBucket(limits, nowUs), limits, nowUs);
  all.set(name, taken.bucket);
  if (all.size > MANY_BUCKETS) {
    // A bucket that has filled up again says nothing that a new one would not.
    for (const [key, bucket] of all) {
      if (key !== name && takeToken(bucket, limits, nowUs).bucket.tokens >= limits.burst - 1) all.delete(key);
    }
  }
  return {
    allowed: taken.allowed,
    headers: rateLimitHeaders(limits, taken, principal === null ? 'anonymous' : 'customer'),
  };
}
