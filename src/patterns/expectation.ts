import type * as z from 'zod/mini';
import type { ServiceName } from '../kernel/index.ts';
import type { AnyOperation, Operation } from './contract.ts';
import { answeredBy } from './service-change.ts';

/** What a consumer needs of one operation of another service, as the consumer says it (a consumer's contract). */
export interface Expectation {
  readonly consumer: ServiceName;
  /** As the consumer reads it: of its answers what it needs, and no more. */
  readonly operation: AnyOperation;
  /** What it sends; null: it passes on what others send. */
  readonly sends: {
    readonly query?: z.ZodMiniType;
    readonly body?: z.ZodMiniType;
    readonly idempotencyKey?: true;
  } | null;
}

/** The operation as one consumer reads it (a tolerant reader): whatever else is in its answers is let be. */
export const reads = <Params, Query, Body, Answer>(
  operation: Operation<Params, Query, Body, unknown>,
  answer: z.ZodMiniType<Answer>,
): Operation<Params, Query, Body, Answer> => ({
  ...operation,
  ...answeredBy(operation as AnyOperation, answer),
});
