import type { Transaction } from '../../kernel/index.ts';
import { ModelError, type Problem, problem } from '../../patterns/index.ts';
import { CARD_TOKENS } from './contract.ts';
import { type AuthorisationRow, authorisationsTable } from './tables.ts';

// PAY-1 authorised → captured | voided; declined, captured and voided are final.
// PAY-2 each of authorise, capture and void may be repeated; a repetition changes nothing.
// PAY-3 an authorisation that arrives after its void is refused (the tombstone).
// PAY-4 money is taken at most once per payment, and exactly the amount authorised.
// PAY-5 a decline is definite: the same payment asked again is declined again.

export interface AuthoriseCommand {
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: 'EUR';
  readonly cardToken: string;
  /** What the bank thinks of this payment, drawn before: true declines it. */
  readonly unlucky: boolean;
}

const refuse = (refusal: Problem): never => {
  throw new ModelError(refusal);
};

const declined = (paymentId: string): Problem =>
  problem(402, 'card-declined', 'Card declined', 'The bank declined the card. No money was taken.', {
    paymentId,
  });

const voided = (paymentId: string): Problem =>
  problem(
    409,
    'authorisation-voided',
    'Authorisation voided',
    `Payment ${paymentId} has been voided and cannot be used any more.`,
    {
      paymentId,
    },
  );

const unknown = (paymentId: string): Problem =>
  problem(404, 'unknown-payment', 'Unknown payment', `There is no payment ${paymentId}.`, { paymentId });

/**
 * Sets the money aside. `isNew` tells a first time from a repetition. A decline is given as a value, not
 * thrown: it is stored, so that it stays one. 409 after a void, 422 for another amount or card.
 */
export async function authorise(
  tx: Transaction,
  command: AuthoriseCommand,
): Promise<{ readonly row: AuthorisationRow; readonly isNew: boolean } | Problem> {
  const { paymentId, amountMinor, currency, cardToken } = command;
  const before = await tx.get(authorisationsTable, paymentId);
  if (before?.status === 'voided') return refuse(voided(paymentId));
  if (before !== undefined) {
    if (before.amountMinor !== amountMinor || before.cardToken !== cardToken) {
      return refuse(
        problem(
          422,
          'payment-differs',
          'Payment exists with other content',
          `Payment ${paymentId} was asked for before, with another amount or card.`,
          { paymentId },
        ),
      );
    }
    return before.status === 'declined' ? declined(paymentId) : { row: before, isNew: false };
  }
  const isDeclined = cardToken === CARD_TOKENS.declined || command.unlucky;
  const row: AuthorisationRow = {
    paymentId,
    status: isDeclined ? 'declined' : 'authorised',
    amountMinor,
    currency,
    cardToken,
    capturedMinor: 0,
    refundedMinor: 0,
    createdUs: tx.now(),
    changedUs: tx.now(),
  };
  await tx.put(authorisationsTable, row);
  return isDeclined ? declined(paymentId) : { row, isNew: true };
}

/** Gives the money back that was set aside. 409 `already-captured` once it has been taken. */
export async function voidAuthorisation(tx: Transaction, paymentId: string): Promise<AuthorisationRow> {
  const before = await tx.get(authorisationsTable, paymentId);
  if (before?.status === 'captured') {
    return refuse(
      problem(
        409,
        'already-captured',
        'Money taken already',
        `The money of payment ${paymentId} has been taken; it can only be refunded.`,
        { paymentId },
      ),
    );
  }
  // What was declined has nothing set aside and can never be used: it stays as it is.
  if (before?.status === 'voided' || before?.status === 'declined') return before;
  const row: AuthorisationRow = {
    paymentId,
    amountMinor: 0,
    currency: 'EUR',
    cardToken: null,
    capturedMinor: 0,
    refundedMinor: 0,
    createdUs: tx.now(),
    ...before,
    status: 'voided',
    changedUs: tx.now(),
  };
  await tx.put(authorisationsTable, row);
  return row;
}

/** Takes the money, once. A decline is given as a value, since it is stored. 404 unknown, 409 voided. */
export async function capture(tx: Transaction, paymentId: string): Promise<AuthorisationRow | Problem> {
  const before = await getAuthorisation(tx, paymentId);
  if (before.status === 'captured') return before;
  if (before.status === 'voided') return refuse(voided(paymentId));
  if (before.status === 'declined') return declined(paymentId);
  const isDeclined = before.cardToken === CARD_TOKENS.captureDeclined;
  const row: AuthorisationRow = {
    ...before,
    status: isDeclined ? 'declined' : 'captured',
    capturedMinor: isDeclined ? 0 : before.amountMinor,
    changedUs: tx.now(),
  };
  await tx.put(authorisationsTable, row);
  return isDeclined ? declined(paymentId) : row;
}

export async function getAuthorisation(tx: Transaction, paymentId: string): Promise<AuthorisationRow> {
  return (await tx.get(authorisationsTable, paymentId)) ?? refuse(unknown(paymentId));
}

/** The card stays with the provider. */
export const toAuthorisation = ({ cardToken: _, createdUs: __, changedUs: ___, ...row }: AuthorisationRow) =>
  row;
