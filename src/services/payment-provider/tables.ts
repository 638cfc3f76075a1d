import { defineTable, type RunTimeUs } from '../../kernel/index.ts';

/** One row per payment: the provider's ledger. `capturedMinor − refundedMinor` is what the customer has paid. */
export interface AuthorisationRow {
  readonly paymentId: string;
  /** `voided` stays as a tombstone: an authorisation that arrives after its void is refused. */
  readonly status: 'authorised' | 'declined' | 'captured' | 'voided';
  /** 0 for the tombstone of a payment that never came. */
  readonly amountMinor: number;
  readonly currency: 'EUR';
  readonly cardToken: string | null;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly createdUs: RunTimeUs;
  readonly changedUs: RunTimeUs;
}

export const authorisationsTable = defineTable<AuthorisationRow>('authorisations', 'paymentId', {
  status: 'status',
});
