import type { Mutant } from './mutant.ts';

const CALL = 'src/patterns/call-decorators.ts';
const ATTEMPT = 'src/patterns/attempt.ts';

/** Mistakes in how one service calls another, and in how a repeated request is known again. */
export const callMutants: readonly Mutant[] = [
  {
    id: 'no-idempotency-key',
    title: 'The key of a request is not looked at: each repetition of POST /orders is a new order.',
    edits: [
      {
        file: 'src/services/order/place-order.handler.ts',
        before: "const key = input.idempotencyKey ?? '';",
        after: "const key = context.span?.spanId ?? '';",
      },
    ],
    expects: ['INV-17'],
  },
  {
    id: 'key-without-fingerprint',
    title: 'The same key with another payload gets the answer to the first one.',
    edits: [
      {
        file: 'src/patterns/idempotency.ts',
        before: 'row !== undefined && row.fingerprint !== request.fingerprint',
        after: 'row !== undefined && false',
      },
    ],
    expects: ['INV-17'],
  },
  {
    id: 'retry-without-deadline',
    title: 'Attempts begin though the deadline of the request is over.',
    edits: [
      {
        file: CALL,
        before: "if (deadlineUs !== null && atUs >= deadlineUs) return 'the deadline';",
        after: '',
      },
      { file: CALL, before: 'deadlineUs !== null && clock.now() >= deadlineUs;', after: 'false;' },
    ],
    expects: ['INV-14'],
  },
  {
    id: 'retry-one-too-many',
    title: 'A call is attempted once more than `maxAttempts` says.',
    edits: [{ file: CALL, before: 'tries >= retry.maxAttempts', after: 'tries > retry.maxAttempts' }],
    expects: ['INV-12'],
  },
  {
    id: 'retry-budget-ignored',
    title: 'Calls are tried again however many are being tried again already.',
    edits: [{ file: CALL, before: 'if (!retryAllowed(counts, retry)) {', after: 'if (false) {' }],
    expects: ['INV-12'],
  },
  {
    id: 'hedge-without-budget',
    title: 'Hedges are sent however many calls are being retried already.',
    edits: [
      {
        file: CALL,
        before: 'if (retry !== null && !retryAllowed(counts, retry)) return await forTheOther(own);',
        after: '',
      },
    ],
    expects: ['INV-12'],
  },
  {
    id: 'shed-whoever-comes',
    title: 'At a full queue whoever comes is turned away, however much it matters.',
    edits: [
      {
        file: 'src/kernel/request-queue.ts',
        before: 'least !== null && rank(least) > rank({ priority }) ? least : null',
        after: 'null',
      },
    ],
    expects: ['INV-23'],
  },
  {
    id: 'retry-against-an-open-breaker',
    title: 'What the breaker refuses is tried again on the edge.',
    edits: [
      {
        file: CALL,
        before: "new Set(['circuit-breaker', 'client-throttling', 'deadline'])",
        after: "new Set(['client-throttling', 'deadline'])",
      },
    ],
    expects: ['INV-12'],
  },
  {
    id: 'retry-though-throttled',
    title: 'What client-side throttling turns away is tried again on the edge.',
    edits: [
      {
        file: CALL,
        before: "new Set(['circuit-breaker', 'client-throttling', 'deadline'])",
        after: "new Set(['circuit-breaker', 'deadline'])",
      },
    ],
    expects: ['INV-12'],
  },
  {
    id: 'timer-from-the-wall-clock',
    title: "The wait before a retry is the machine's time, not the run's.",
    edits: [
      {
        file: CALL,
        before: 'await context.clock.sleep(delayMs);',
        after: 'await new Promise((done) => setTimeout(done, delayMs));',
      },
    ],
    expects: ['run'],
  },
  {
    id: 'unreadable-answer-throws',
    title: 'An answer is parsed without a thought that it may not be JSON.',
    edits: [
      {
        file: ATTEMPT,
        before: 'const body = parseJsonBody(response.body);',
        after:
          "const body = { ok: true as boolean, value: JSON.parse(response.body ?? 'null') as unknown, error: '' };",
      },
    ],
    expects: ['STORM-2'],
  },
];
