import { expect } from 'vitest';
import { instanceId } from '../../../kernel/index.ts';
import { type ConformanceHost, probe } from '../conformance-host.ts';
import type { PortCases } from './case.ts';

const ORDER = instanceId('order', 1);

/** Half a millisecond early is on time where native timers count whole ones. */
const EARLY_US = 500;
/** Each worker reads a clock of its own, and a browser rounds them. */
const APART_US = 500;

/** So many waits, one after the other, took exactly so long in virtual time, at least so long in real time. */
export function expectToTake(host: ConformanceHost, tookUs: number, ms: number, waits = 1): void {
  if (host.virtual) expect(tookUs).toBe(ms * 1000);
  else expect(tookUs).toBeGreaterThanOrEqual(ms * 1000 - waits * EARLY_US);
}

export const clockCases: PortCases = {
  port: 'clock',
  cases: [
    {
      title: 'now() is a whole number of microseconds and never runs backwards',
      check: async (host) => {
        const seen = await probe<number[]>(host, ORDER, 'readings');
        expect(seen).toHaveLength(100);
        expect(seen.filter((reading) => !Number.isSafeInteger(reading) || reading < 0)).toEqual([]);
        expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
      },
    },
    {
      title: 'no time passes within a step: two readings with no wait between them agree',
      check: async (host) => {
        const { before, after, later } = await probe<{ before: number; after: number; later: number }>(
          host,
          ORDER,
          'busyStep',
        );
        expect(after).toBe(before);
        expect(later).toBeGreaterThanOrEqual(after);
      },
    },
    {
      title: 'a sleep takes its time; one of no or negative length, none',
      differs: 'DIFF-1',
      check: async (host) => {
        const lengths = [20, 0, 1, 0.4, 7.25, -3];
        const took = await probe<number[]>(host, ORDER, 'sleepLengths', lengths);
        for (const [index, us] of took.entries()) expectToTake(host, us, Math.max(0, lengths[index] ?? 0));
      },
    },
    {
      title: 'sleeps end in the order of their lengths',
      check: async (host) => {
        expect(await probe(host, ORDER, 'wakingOrder', [60, 20, 80, 40, 0])).toEqual([4, 1, 3, 0, 2]);
      },
    },
    {
      title: 'sleeps that end together end in the order in which they began',
      check: async (host) => {
        expect(await probe(host, ORDER, 'wakingOrder', [30, 30, 30, 30, 30])).toEqual([0, 1, 2, 3, 4]);
      },
    },
    {
      title: 'a sleep of no length lets the others go first',
      check: async (host) => {
        expect(await probe(host, ORDER, 'turns')).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
      },
    },
    {
      title: 'there is one clock for all instances',
      differs: 'DIFF-1',
      check: async (host) => {
        const apartUs = host.virtual ? 0 : APART_US;
        const rounds = await probe<{ before: number; there: number; after: number }[]>(
          host,
          ORDER,
          'hereAndThere',
        );
        for (const { before, there, after } of rounds) {
          expect(there).toBeGreaterThan(before - apartUs);
          expect(after).toBeGreaterThan(there - apartUs);
        }
      },
    },
  ],
};
