import { type Context, defineLocal, type RateLimitSettings, type ServiceName } from '../kernel/index.ts';
import { fullBucket, type TokenBucket, type TokenDecision, takeToken } from './rate-limiter.ts';

const buckets = defineLocal('client-rate-limits', () => new Map<ServiceName, TokenBucket>());

/** Takes a token for one attempt from this caller instance to `to`. */
export function takeClientToken(
  context: Context,
  to: ServiceName,
  settings: RateLimitSettings,
): TokenDecision {
  const all = context.local(buckets);
  const nowUs = context.clock.now();
  const decision = takeToken(all.get(to) ?? fullBucket(settings, nowUs), settings, nowUs);
  all.set(to, decision.bucket);
  return decision;
}
