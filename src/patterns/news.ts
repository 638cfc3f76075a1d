import type { AnyTable, Context, SpanContext, Transaction } from '../kernel/index.ts';

/**
 * How those who keep a copy of a fact hear of it, in the transaction that makes it true. Between services: an
 * event in the outbox. In one database: the copy is written there and then.
 */
export interface News<Fact> {
  /** Used by `tell`. */
  readonly tables: readonly AnyTable[];
  tell(tx: Transaction, fact: Fact, span: SpanContext | null): Promise<void>;
  /** After the commit. */
  told(context: Context): void;
}
