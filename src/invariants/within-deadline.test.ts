import { describe, expect, it } from 'vitest';
import { callId, type EventDraft, instanceId, runTimeUs } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';

const CALL = {
  callId: callId('c1'),
  to: 'product',
  toInstance: instanceId('product', 1),
  plane: 'data',
} as const;
/** Sent at 1 ms of run time. */
const sent = (deadlineMs: number | null, timeoutMs: number | null): EventDraft => ({
  type: 'request.sent',
  ...CALL,
  attempt: 1,
  method: 'GET',
  path: '/',
  timeoutMs,
  deadlineUs: deadlineMs === null ? null : runTimeUs(deadlineMs * 1000),
});
const again = (delayMs: number): EventDraft => ({
  type: 'retry.scheduled',
  callId: CALL.callId,
  to: 'product',
  nextAttempt: 2,
  delayMs,
  reason: 'HTTP 503',
  active: 1,
  retrying: 1,
});
const log = (...drafts: EventDraft[]) =>
  drafts.reduce((so, draft) => so.add('gateway', draft), new LogBuilder());

describe('INV-14 deadlines', () => {
  it('holds within the deadline, and without one', () => {
    expect(found('INV-14', log(sent(10, 9), again(7)))).toEqual([]);
    expect(found('INV-14', log(sent(null, null), again(9000)))).toEqual([]);
    const answered = { type: 'response.received', ...CALL, attempt: 1, status: 503, durationMs: 1 } as const;
    expect(found('INV-14', log(sent(10, 9), answered))).toEqual([]);
  });

  it.each([
    ['an attempt past it', log(sent(1, 0)), 'an attempt of call c1 to product began past its deadline'],
    [
      'an attempt that may outlast it',
      log(sent(10, 10)),
      'an attempt of call c1 to product may last beyond its deadline',
    ],
    [
      'one without a limit',
      log(sent(10, null)),
      'an attempt of call c1 to product may last beyond its deadline',
    ],
    ['a wait that ends at it', log(sent(10, 9), again(8)), 'call c1 waits for an attempt past its deadline'],
    [
      'also after an answer that was a failure',
      log(
        sent(10, 9),
        { type: 'response.received', ...CALL, attempt: 1, status: 503, durationMs: 1 },
        again(7),
      ),
      'call c1 waits for an attempt past its deadline',
    ],
  ])('finds %s', (_, events, message) => {
    expect(found('INV-14', events)).toEqual([message]);
  });
});
