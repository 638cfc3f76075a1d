import * as z from 'zod/mini';
import { defineContract, operation } from '../../patterns/index.ts';

/** What a card does: these tokens have a fixed fate, any other `tok_…` is a good card. */
export const CARD_TOKENS = {
  ok: 'tok_ok',
  /** Refused when the money is set aside. */
  declined: 'tok_declined',
  /** Set aside, but refused when it is to be taken. */
  captureDeclined: 'tok_capture_declined',
} as const;

export const cardTokenSchema = z.string().check(z.regex(/^tok_[a-z0-9_]{1,40}$/));

export const authorisationSchema = z.object({
  paymentId: z.string(),
  status: z.enum(['authorised', 'declined', 'captured', 'voided']),
  amountMinor: z.int(),
  currency: z.literal('EUR'),
  capturedMinor: z.int(),
  refundedMinor: z.int(),
});

const params = z.strictObject({
  paymentId: z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[\w.-]+$/)),
});
const access = { kind: 'services', services: ['order', 'monolith'] } as const;

export const paymentProviderContract = defineContract({
  service: 'payment-provider',
  title: 'Payment provider (outside the shop)',
  version: '1.0.0',
  operations: {
    authorise: operation('payment-provider', {
      id: 'authorise',
      method: 'PUT',
      path: '/authorisations/{paymentId}',
      summary: 'Sets money aside on a card. 402 when the bank declines, which is definite.',
      access,
      params,
      body: z.strictObject({
        amountMinor: z.int().check(z.gte(1), z.lte(1_000_000_000)),
        currency: z.literal('EUR'),
        cardToken: cardTokenSchema,
      }),
      answers: {
        200: { description: 'It was set aside before.', body: authorisationSchema },
        201: { description: 'Set aside.', body: authorisationSchema },
      },
    }),
    void: operation('payment-provider', {
      id: 'void',
      method: 'DELETE',
      path: '/authorisations/{paymentId}',
      summary:
        'Gives the money back that was set aside. Harmless when there is none; an authorisation that comes later is refused.',
      access,
      params,
      answers: { 200: { description: 'Nothing is set aside any more.', body: authorisationSchema } },
    }),
    capture: operation('payment-provider', {
      id: 'capture',
      method: 'POST',
      path: '/authorisations/{paymentId}/capture',
      summary: 'Takes the money that was set aside, once. 402 when the bank declines, which is definite.',
      access,
      params,
      answers: { 200: { description: 'Taken, now or before.', body: authorisationSchema } },
      repeatable: true,
    }),
    getAuthorisation: operation('payment-provider', {
      id: 'getAuthorisation',
      method: 'GET',
      path: '/authorisations/{paymentId}',
      summary: 'What became of an authorisation.',
      access,
      params,
      answers: { 200: { description: 'It.', body: authorisationSchema } },
    }),
  },
});
