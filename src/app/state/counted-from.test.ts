import { expect, it } from 'vitest';
import { type Faults, faults } from '../../projections/index.ts';
import { Script } from '../../projections/testing/script.ts';
import { countedFromUs } from './counted-from.ts';

const compositions = { branch: null, fromUs: 2_000_000 };

/** Faults that begin at these seconds. */
function begunAt(...seconds: readonly number[]): Faults {
  const script = new Script();
  for (const [index, second] of seconds.entries())
    script.fault(second, `f${index}`, { kind: 'down', target: { kind: 'service', service: 'shipping' } });
  return script.events.reduce((state, event) => faults.apply(state, event), faults.initial());
}

it('counts compositions since customers came, while nothing was broken', () => {
  expect(countedFromUs(compositions, begunAt(), 60_000_000)).toBe(2_000_000);
  expect(countedFromUs(compositions, begunAt(21), 20_999_999)).toBe(2_000_000);
});

it('counts compositions since the latest fault that has begun by the moment, ended or not', () => {
  const three = begunAt(8, 21, 40);
  expect(countedFromUs(compositions, three, 8_000_000)).toBe(8_000_000);
  expect(countedFromUs(compositions, three, 39_000_000)).toBe(21_000_000);
  expect(countedFromUs(compositions, three, 60_000_000)).toBe(40_000_000);
});

it('leaves out how the shops open, though something broke by then', () => {
  expect(countedFromUs(compositions, begunAt(1), 60_000_000)).toBe(2_000_000);
});

it('counts branches since they parted, whatever breaks', () => {
  const branches = { branch: 'run-2', fromUs: 12_000_000 };
  expect(countedFromUs(branches, begunAt(8, 21), 60_000_000)).toBe(12_000_000);
});
