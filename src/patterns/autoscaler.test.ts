import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RunTimeUs, runTimeUs } from '../kernel/index.ts';
import {
  decideScale,
  type InstanceFigures,
  type Recommendation,
  type ScalingDecision,
  type ScalingQuestion,
} from './autoscaler.ts';

const at = (second: number): RunTimeUs => runTimeUs(second * 1_000_000);

/** A number: it reported so much; `?`: ready and silent; `-`: not ready. */
const figures = (...marks: readonly (number | '?' | '-')[]): InstanceFigures[] =>
  marks.map((mark) =>
    mark === '?'
      ? { kind: 'silent' }
      : mark === '-'
        ? { kind: 'not-ready' }
        : { kind: 'reported', utilisation: mark },
  );

interface Change extends Partial<Omit<ScalingQuestion, 'target' | 'settings'>> {
  readonly target?: Partial<ScalingQuestion['target']>;
  readonly settings?: Partial<ScalingQuestion['settings']>;
}

function decide({ target, settings, ...rest }: Change): ScalingDecision {
  const instances = rest.instances ?? [];
  return decideScale({
    nowUs: at(100),
    current: instances.length,
    instances,
    before: [],
    target: { utilisation: 0.5, minInstances: 1, maxInstances: 8, ...target },
    settings: { tolerance: 0.1, scaleUpDelayMs: 0, scaleDownDelayMs: 0, ...settings },
    ...rest,
  });
}

const said = ({ recommended, desired, reason }: ScalingDecision) => `${recommended} ${desired} ${reason}`;

describe('the autoscaler decides', () => {
  test.each([
    // Utilisations, target, then: by the figures, in the end, why.
    [[1], 0.5, '2 2 above-target'],
    [[0.75, 0.75], 0.5, '3 3 above-target'],
    [[0.8, 0.8], 0.5, '4 4 above-target'], // 3.2
    [[0.6, 0.6, 0.6], 0.2, '9 8 at-maximum'],
    [[0.4, 0.4, 0.4], 0.2, '6 6 above-target'], // and not 7, though the machine's product is a hair above 6
    [[1, 0], 0.5, '2 2 within-tolerance'],
    [[0.25, 0.25], 0.5, '1 1 below-target'],
    [[0.2, 0.2, 0.2, 0.2], 0.5, '2 2 below-target'], // 1.6
    [[0, 0, 0], 0.5, '0 1 at-minimum'],
  ])('AS-1 ceil(instances × utilisation ÷ target): %j at %d is %s', (marks, utilisation, answer) => {
    expect(said(decide({ instances: figures(...marks), target: { utilisation } }))).toBe(answer);
  });

  test.each([
    [0.55, '2 2 within-tolerance'], // a ratio of exactly 1.1
    [0.5501, '3 3 above-target'],
    [0.45, '2 2 within-tolerance'], // exactly 0.9
    [0.4499, '2 2 below-target'],
    [0.249, '1 1 below-target'],
  ])(
    'AS-2 nothing is done while the ratio differs from 1 by no more than the tolerance: %d is %s',
    (mark, answer) => {
      expect(said(decide({ instances: figures(mark, mark) }))).toBe(answer);
    },
  );

  test('AS-3 the least and the most hold, also for what was there before', () => {
    const target = { minInstances: 2, maxInstances: 3 };
    expect(said(decide({ instances: figures(1, 1), target }))).toBe('4 3 at-maximum');
    expect(said(decide({ instances: figures(0, 0), target }))).toBe('0 2 at-minimum');
    expect(said(decide({ instances: figures(0.5), target }))).toBe('1 2 at-minimum');
    expect(said(decide({ instances: figures(0.5, 0.5, 0.5, 0.5, 0.5), target }))).toBe('5 3 at-maximum');
  });

  test.each([
    [[1, '-'], '2 2 within-tolerance -> unclear', '2 2 unclear'],
    [[1, 1, '-'], '4', '4 4 above-target'],
    [[1, '?'], 'one that is silent counts as idle when more are asked for', '2 2 unclear'],
    [[0.1, '?'], 'and as just busy enough when fewer are', '2 2 below-target'],
    [[0, '?', '?', '?'], '', '3 3 below-target'],
    [[0.3, '-'], 'one that is to come is no reason to keep another', '1 1 below-target'],
    [[0.7, '-', '-'], 'and turns the direction: nothing', '3 3 unclear'],
  ] as const)('AS-4 who says nothing speaks against a change: %j (%s)', (marks, _, answer) => {
    expect(said(decide({ instances: figures(...marks) }))).toBe(answer);
  });

  const since = (...told: readonly (readonly [second: number, instances: number])[]): Recommendation[] =>
    told.map(([second, instances]) => ({ atUs: at(second), instances }));

  test('AS-5 up: to the least that was recommended in the delay', () => {
    const up = (before: Recommendation[], scaleUpDelayMs: number) =>
      said(decide({ instances: figures(1, 1), before, settings: { scaleUpDelayMs } }));
    expect(up(since([91, 3]), 10_000)).toBe('4 3 waits');
    expect(up(since([91, 2]), 10_000)).toBe('4 2 waits');
    expect(up(since([90, 2]), 10_000)).toBe('4 4 above-target'); // exactly as long ago: no longer
    expect(up(since([99, 2]), 0)).toBe('4 4 above-target');
    expect(up([], 10_000)).toBe('4 2 waits'); // the first look counts as one that found all well
    expect(up([], 0)).toBe('4 4 above-target');
  });

  test('AS-6 down: to the most that was recommended in the delay', () => {
    const down = (before: Recommendation[], scaleDownDelayMs: number) =>
      said(decide({ instances: figures(0.1, 0.1, 0.1, 0.1), before, settings: { scaleDownDelayMs } }));
    expect(down(since([80, 4], [91, 2]), 10_000)).toBe('1 2 waits');
    expect(down(since([91, 7]), 10_000)).toBe('1 4 waits'); // never the other way
    expect(down(since([90, 4]), 10_000)).toBe('1 1 below-target');
    expect(down([], 10_000)).toBe('1 4 waits');
    expect(down([], 0)).toBe('1 1 below-target');
  });

  test('AS-7 without any figures nothing is done', () => {
    expect(said(decide({ instances: figures('?', '-') }))).toBe('2 2 no-figures');
    expect(decide({ instances: figures('?') }).utilisation).toBeNull();
  });

  test('AS-8 a service that was scaled to none by hand stays so', () => {
    expect(said(decide({ instances: [], target: { minInstances: 2 } }))).toBe('0 0 off-at-zero');
  });

  test('it stays within bounds, and keeps no more than it needs, whatever the figures', () => {
    const mark = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('?' as const, '-' as const),
    );
    fc.assert(
      fc.property(fc.array(fc.array(mark, { minLength: 1, maxLength: 8 }), { maxLength: 60 }), (looks) => {
        let before: readonly Recommendation[] = [];
        looks.forEach((marks, index) => {
          const decision = decide({
            nowUs: at(index),
            instances: figures(...marks),
            before,
            settings: { scaleDownDelayMs: 20_000 },
          });
          before = decision.recommendations;
          expect(decision.desired).toBeGreaterThanOrEqual(1);
          expect(decision.desired).toBeLessThanOrEqual(8);
          expect(before.length).toBeLessThanOrEqual(22);
        });
      }),
    );
  });
});
