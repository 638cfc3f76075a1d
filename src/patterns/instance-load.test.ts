import { expect, test } from 'vitest';
import { RUN_START, runTimeUs } from '../kernel/index.ts';
import { begun, ended, type InstanceLoad, NO_LOAD, PEAK_EWMA_DECAY_MS, peakEwma } from './instance-load.ts';

const at = (ms: number) => runTimeUs(ms * 1000);
/** After one answer that took `ms`. */
const answered = (ms: number): InstanceLoad => ended(begun(NO_LOAD), ms, RUN_START);

test('BAL-4 a slower answer counts at once, a faster one by and by', () => {
  const slow = ended(begun(answered(100)), 900, at(1));
  expect(peakEwma(slow, at(1))).toBeCloseTo(900);
  const faster = ended(begun(slow), 100, at(1 + PEAK_EWMA_DECAY_MS));
  expect(peakEwma(faster, at(1 + PEAK_EWMA_DECAY_MS))).toBeCloseTo(900 / Math.E + 100 * (1 - 1 / Math.E));
});

test('BAL-4 a peak fades while nobody asks, so that the instance is tried again', () => {
  const load = answered(900);
  expect(peakEwma(load, at(PEAK_EWMA_DECAY_MS))).toBeCloseTo(900 / Math.E);
});

test('BAL-4 the requests under way count, and the one to come', () => {
  const load = answered(100);
  expect(peakEwma(load, RUN_START)).toBeCloseTo(100);
  expect(peakEwma(begun(begun(load)), RUN_START)).toBeCloseTo(300);
});

test('BAL-4 who is new is tried first, and then left alone until it has answered', () => {
  expect(peakEwma(NO_LOAD, RUN_START)).toBe(0);
  expect(peakEwma(begun(NO_LOAD), RUN_START)).toBeGreaterThan(peakEwma(begun(answered(60_000)), RUN_START));
});

test('BAL-3 a request counts until it ends', () => {
  expect(begun(begun(NO_LOAD)).active).toBe(2);
  expect(ended(begun(begun(NO_LOAD)), 5, RUN_START).active).toBe(1);
});
