import {
  type Context,
  defineTable,
  type HttpRequest,
  plusMs,
  type RunTimeUs,
  type Transaction,
} from '../kernel/index.ts';
import { type Problem, problem } from './problem.ts';
import { hex, utf8Bytes } from './utf8.ts';

// Idempotency-Key: the same request sent twice has one effect and one answer (semantics, Messaging).
// IDEM-1 same key, other payload: 422. IDEM-2 in flight: 409. IDEM-3 done: the stored answer again.
// IDEM-4 a key is kept for KEPT_MS, as Stripe does; then it is as new.

export interface IdempotencyRow {
  /** Who and which operation, then the client's key: keys of two customers never meet. */
  readonly id: string;
  readonly fingerprint: string;
  readonly state: 'in-flight' | 'done';
  /** Until then the first attempt is taken to be alive; after a crash the key is free again. */
  readonly inFlightUntilUs: RunTimeUs;
  readonly status: number | null;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** From then on the row counts as not there. */
  readonly expiresUs: RunTimeUs;
}

export const idempotencyTable = defineTable<IdempotencyRow>('idempotency', 'id', { expires: 'expiresUs' });

const KEPT_MS = 24 * 3_600_000;
const FORGET_AT_ONCE = 20;

export interface IdempotentRequest {
  /** Operation and customer: `POST /orders cus_1`. */
  readonly scope: string;
  readonly key: string;
  /** Of the payload; see `fingerprintOf`. */
  readonly fingerprint: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a request asks for, in a few characters; the order of a JSON object's fields does not matter. */
export function fingerprintOf(context: Context, request: HttpRequest, body: unknown): string {
  const text = `${request.method} ${request.path}\n${JSON.stringify(sorted(body))}`;
  return hex(context.crypto.sha256(utf8Bytes(text)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

const idOf = ({ scope, key }: IdempotentRequest): string => `${scope}/${key}`;

export type IdempotencyStart =
  /** Do it, then `finishIdempotent`. */
  { readonly kind: 'new' } | { readonly kind: 'answer'; readonly answer: StoredAnswer | Problem };

/** For work of more than one transaction: claims the key, or says what to answer instead. Forgets a few keys that are over. */
export async function beginIdempotent(
  tx: Transaction,
  request: IdempotentRequest,
  inFlightMs: number,
): Promise<IdempotencyStart> {
  const nowUs = tx.now();
  const kept = await tx.get(idempotencyTable, idOf(request));
  const row = kept === undefined || kept.expiresUs <= nowUs ? undefined : kept;
  if (row !== undefined && row.fingerprint !== request.fingerprint) {
    return {
      kind: 'answer',
      answer: problem(
        422,
        'idempotency-key-reused',
        'Idempotency key used for another request',
        `The key '${request.key}' came with another body before. A new request needs a new key.`,
      ),
    };
  }
  if (row?.state === 'done' && row.status !== null) {
    return {
      kind: 'answer',
      answer: {
        status: row.status,
        body: row.body,
        headers: { ...row.headers, 'idempotency-replayed': 'true' },
      },
    };
  }
  if (row?.state === 'in-flight' && nowUs < row.inFlightUntilUs) {
    return {
      kind: 'answer',
      answer: problem(
        409,
        'request-in-flight',
        'The first request is still running',
        `A request with the key '${request.key}' is being worked on. Ask again in a moment.`,
        {},
        { 'retry-after': '1' },
      ),
    };
  }
  const past = await tx.list(idempotencyTable, { index: 'expires', to: nowUs, limit: FORGET_AT_ONCE });
  for (const { id } of past) await tx.delete(idempotencyTable, id);
  await tx.put(idempotencyTable, {
    id: idOf(request),
    fingerprint: request.fingerprint,
    state: 'in-flight',
    inFlightUntilUs: plusMs(nowUs, inFlightMs),
    status: null,
    body: null,
    headers: {},
    expiresUs: plusMs(nowUs, KEPT_MS),
  });
  return { kind: 'new' };
}

/** Stores the answer that every repetition gets from now on. */
export async function finishIdempotent(
  tx: Transaction,
  request: IdempotentRequest,
  answer: StoredAnswer,
): Promise<void> {
  await tx.put(idempotencyTable, {
    id: idOf(request),
    fingerprint: request.fingerprint,
    state: 'done',
    inFlightUntilUs: tx.now(),
    status: answer.status,
    body: answer.body ?? null,
    headers: answer.headers ?? {},
    expiresUs: plusMs(tx.now(), KEPT_MS),
  });
}

/**
 * For work of one transaction: runs `body` and stores its answer beside its effects, or gives the answer
 * of the first time. A `ModelError` thrown by `body` stores nothing: the key stays free.
 */
export async function idempotently(
  tx: Transaction,
  request: IdempotentRequest,
  body: () => Promise<StoredAnswer>,
): Promise<StoredAnswer | Problem> {
  const start = await beginIdempotent(tx, request, 0);
  if (start.kind === 'answer') return start.answer;
  const answer = await body();
  await finishIdempotent(tx, request, answer);
  return answer;
}
