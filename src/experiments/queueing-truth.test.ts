import { describe, expect, it } from 'vitest';
import {
  drawsOf,
  isTrue,
  meanWaitOf,
  STATIONS,
  type Station,
  theoryMs,
  truthOf,
  WARM_UP_CUSTOMERS,
} from './queueing-truth.ts';

const turn = (next: () => void) => void setImmediate(next);

/** Few customers, so that the interval is some per cent wide: what it says is no less true. */
const short = (station: Station): Station => ({ ...station, customers: 1000 });

/**
 * The same run by the recursion of Kiefer and Wolfowitz (1955), with one server Lindley's (1952): who comes
 * takes the server that is free first.
 */
function meanWaitByRecursion(station: Station, seed: number): number {
  const { gapMs, serviceMs } = drawsOf(station, seed);
  const freeMs = Array.from({ length: station.servers }, () => 0);
  let nowMs = 0;
  let waitedMs = 0;
  for (let customer = 1; customer <= WARM_UP_CUSTOMERS + station.customers; customer += 1) {
    nowMs += gapMs();
    freeMs.sort((a, b) => a - b);
    const beginMs = Math.max(nowMs, freeMs[0] ?? 0);
    freeMs[0] = beginMs + serviceMs();
    if (customer > WARM_UP_CUSTOMERS) waitedMs += beginMs - nowMs;
  }
  return waitedMs / station.customers;
}

describe('the Lab’s stations', () => {
  it.each(STATIONS)(
    'K-18, K-19: $name serves as the recursion says, customer by customer',
    async (station) => {
      const measured = await meanWaitOf(short(station), 1, turn);
      // The clock has whole microseconds.
      expect(Math.abs(measured - meanWaitByRecursion(short(station), 1))).toBeLessThan(0.05);
    },
  );

  it.each(STATIONS)(
    '$name waits as theory says, as far as a short run can tell',
    { timeout: 60_000 },
    async (station) => {
      const waits: number[] = [];
      for (let seed = 1; seed <= 30; seed += 1) waits.push(await meanWaitOf(short(station), seed, turn));
      const truth = truthOf(station, waits);
      // Three half-widths: beyond them a true station is once in some million runs.
      expect(Math.abs(truth.measured.value - truth.theoryMs)).toBeLessThan(
        3 * truth.halfWidth * truth.theoryMs,
      );
      expect(truth.halfWidth).toBeLessThan(0.25);
    },
  );
});

describe('a truth', () => {
  const [station] = STATIONS as readonly [Station];
  const around = (mean: number, spread: number) =>
    Array.from({ length: 30 }, (_, seed) => mean + (seed % 2 === 0 ? spread : -spread));

  it('holds when a narrow interval contains the theory', () => {
    expect(isTrue(truthOf(station, around(theoryMs(station), 3)))).toBe(true);
  });

  it('does not hold beside it', () => {
    const truth = truthOf(station, around(theoryMs(station) * 1.02, 3));
    expect(truth.contains).toBe(false);
    expect(isTrue(truth)).toBe(false);
  });

  it('does not hold when its interval is too wide to say', () => {
    const truth = truthOf(station, around(theoryMs(station), 30));
    expect(truth.contains).toBe(true);
    expect(isTrue(truth)).toBe(false);
  });
});
