import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runTimeUs } from '../../kernel/index.ts';
import { emptyWindow, resizedWindow, type SlidingWindow, type Tally } from './sliding-window.ts';

interface Outcome {
  readonly failed: boolean;
  readonly slow: boolean;
  readonly second: number;
}

const tallyOf = (outcomes: readonly Outcome[]): Tally => ({
  calls: outcomes.length,
  failures: outcomes.filter(({ failed }) => failed).length,
  slowCalls: outcomes.filter(({ slow }) => slow).length,
});

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('record' as const),
        failed: fc.boolean(),
        slow: fc.boolean(),
        laterMs: fc.constantFrom(0, 0, 1, 400, 1000, 2500, 60_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('resize' as const), size: fc.integer({ min: 1, max: 9 }) }),
    },
  ),
  { maxLength: 60 },
);

test.each([
  ['CB-2', 'COUNT_BASED', (all: Outcome[], size: number) => all.slice(-size)],
  [
    'CB-3',
    'TIME_BASED',
    (all: Outcome[], size: number, now: number) => all.filter(({ second }) => second > now - size),
  ],
] as const)('%s a window (%s) holds what a plain list of the same outcomes holds', (_rule, type, held) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), steps, (first, script) => {
      let window: SlidingWindow = emptyWindow(type, first);
      let model: Outcome[] = [];
      let nowMs = 0;
      for (const step of script) {
        if (step.kind === 'resize') {
          // What has left the window does not come back into a larger one.
          model = held(model, window.size, Math.floor(nowMs / 1000));
          window = resizedWindow(window, type, step.size);
        } else {
          nowMs += step.laterMs;
          const { failed, slow } = step;
          window.record(failed, slow, runTimeUs(nowMs * 1000));
          model.push({ failed, slow, second: Math.floor(nowMs / 1000) });
        }
        for (const laterMs of [0, 1000, 3000, 100_000]) {
          const at = nowMs + laterMs;
          expect(window.tally(runTimeUs(at * 1000))).toEqual(
            tallyOf(held(model, window.size, Math.floor(at / 1000))),
          );
        }
      }
    }),
  );
});

test('CB-23 a window of another type begins empty', () => {
  const window = emptyWindow('COUNT_BASED', 4);
  window.record(true, true, runTimeUs(0));
  expect(resizedWindow(window, 'TIME_BASED', 4).tally(runTimeUs(0))).toEqual({
    calls: 0,
    failures: 0,
    slowCalls: 0,
  });
});
