import { type Context, elapsedMs, err, type HttpRequest, ok, type Result } from '../../kernel/index.ts';
import {
  type AnyOperation,
  type Authorise,
  adminOnly,
  type Door,
  type Principal,
  type Problem,
  problem,
  signedIn,
} from '../../patterns/index.ts';
import { takeFrom } from './rate-limit.ts';

/**
 * What every customer's request passes before anybody works on it: rate limit (429), token (401) and role
 * (403). Each answer is logged with who, what, how and how long.
 */
export const shopDoor = (authorise: Authorise): Door => ({
  admit: async (asked, request, context) => {
    const customer = await identify(asked, request, context, authorise);
    const principal = customer.ok ? customer.value : null;
    const { allowed, headers } = takeFrom(context, principal);
    const refusal = !allowed
      ? tooMany(headers['retry-after'] ?? '1')
      : !customer.ok
        ? customer.error
        : asked.access.kind === 'admin' && principal?.roles.includes('admin') !== true
          ? adminOnly()
          : null;
    return { principal, refusal, headers };
  },
  answered: (request, response, principal, startedUs, context) => {
    context.log.info(`${request.method} ${request.path} ${response.status}`, {
      method: request.method,
      path: request.path,
      status: response.status,
      durationMs: elapsedMs(startedUs, context.clock.now()),
      customer: principal?.customerId ?? null,
    });
  },
});

/** Who asks. On a public operation a token only tells whose rate limit counts, so a stale one does no harm. */
async function identify(
  asked: AnyOperation,
  request: HttpRequest,
  context: Context,
  authorise: Authorise,
): Promise<Result<Principal | null, Problem>> {
  if (asked.access.kind === 'public' && request.headers['authorization'] === undefined) return ok(null);
  const principal = await signedIn(request, context, authorise);
  if (principal.ok) return principal;
  return asked.access.kind === 'public' ? ok(null) : err(principal.error);
}

const tooMany = (retryAfterS: string): Problem =>
  problem(
    429,
    'too-many-requests',
    'Too many requests',
    `You send more requests than you may. Try again in ${retryAfterS} s.`,
  );
