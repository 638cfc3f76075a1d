import type { Context } from '../../kernel/index.ts';
import { type CallOutcome, call, PROBLEM_BASE, type StepOutcome } from '../../patterns/index.ts';
import { paymentProviderContract } from '../payment-provider/contract.ts';

// What an order asks of the payment provider, which is outside every transaction. Each call is idempotent by
// the payment's id, so that one whose answer was lost is simply made again.

const payment = paymentProviderContract.operations;

// The problems by which a service definitely says "no" to a step. Any other 4xx (a proxy's, a fault's) is no
// answer of the service: what it did is unknown.
const AUTHORISE_REFUSALS = ['card-declined', 'authorisation-voided', 'payment-differs'];
const CAPTURE_REFUSALS = ['card-declined'];

/** One of the step's own refusals is an answer; anything else may or may not have happened. */
export function asStep(outcome: CallOutcome<unknown>, refusals: readonly string[] = []): StepOutcome {
  if (outcome.ok) return { kind: 'done' };
  const { error } = outcome;
  if (error.kind === 'unavailable') {
    const { reason, mayHaveHappened } = error;
    return { kind: 'technical-failure', reason, mayHaveHappened };
  }
  const { type, title, detail } = error.problem;
  const reason = detail ?? title;
  if (!refusals.some((slug) => type === `${PROBLEM_BASE}${slug}`)) {
    return { kind: 'technical-failure', reason: `${error.status} ${reason}`, mayHaveHappened: true };
  }
  return {
    kind: 'business-failure',
    reason,
    earlierMayHaveHappened: error.earlierMayHaveHappened === true,
  };
}

interface Payment {
  readonly orderId: string;
  readonly paymentId: string;
}

/** Sets the money aside. */
export async function authorisePayment(
  context: Context,
  { orderId, paymentId, amountMinor, cardToken }: Payment & { amountMinor: number; cardToken: string },
): Promise<StepOutcome> {
  const input = { params: { paymentId }, body: { amountMinor, currency: 'EUR', cardToken } } as const;
  const outcome = await call(context, payment.authorise, input, { randomKey: orderId });
  return asStep(outcome, AUTHORISE_REFUSALS);
}

/** Takes the money: the point of no return. */
export async function capturePayment(
  context: Context,
  { orderId, paymentId }: Payment,
): Promise<StepOutcome> {
  const outcome = await call(context, payment.capture, { params: { paymentId } }, { randomKey: orderId });
  return asStep(outcome, CAPTURE_REFUSALS);
}

/** Gives back what was set aside, past the breaker. */
export async function voidAuthorisation(
  context: Context,
  { orderId, paymentId }: Payment,
): Promise<StepOutcome> {
  const options = { policy: 'compensation', randomKey: orderId } as const;
  return asStep(await call(context, payment.void, { params: { paymentId } }, options));
}
