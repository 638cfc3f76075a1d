import { expect } from 'vitest';
import { instanceId } from '../../../kernel/index.ts';
import { type ConformanceHost, probe } from '../conformance-host.ts';
import type { PortCases } from './case.ts';

interface Draws {
  readonly seed: number;
  readonly first: readonly number[];
  readonly again: readonly number[];
  readonly bytes: string;
  readonly otherBytes: string;
  readonly many: readonly number[];
}

const drawsOf = (host: ConformanceHost, instance: 'order-1' | 'order-2' | 'product-1'): Promise<Draws> => {
  const [service, number] = instance.split('-') as ['order' | 'product', string];
  return probe<Draws>(host, instanceId(service, Number(number)), 'draws');
};

export const randomCases: PortCases = {
  port: 'random',
  cases: [
    {
      title: 'the same seed, purpose and keys give the same draw, on every host',
      check: async (host) => {
        const draws = await drawsOf(host, 'order-1');
        expect(draws.seed).toBe(host.seed);
        // Of seed 7; another number here is another world for every setup that somebody shared.
        expect(draws.first).toEqual(FIRST);
        expect(draws.bytes).toBe(BYTES);
      },
    },
    {
      title: 'a draw does not depend on what was drawn before',
      check: async (host) => {
        const { first, again } = await drawsOf(host, 'order-1');
        expect(again).toEqual(first.toReversed());
      },
    },
    {
      title: 'every instance draws the same, and so does its next life',
      check: async (host) => {
        const draws = await drawsOf(host, 'order-1');
        expect(await drawsOf(host, 'order-2')).toEqual(draws);
        expect(await drawsOf(host, 'product-1')).toEqual(draws);
        await host.restart(instanceId('order', 2));
        await host.until(() =>
          host.events().some(({ type, id }) => type === 'instance.ready' && id.startsWith('order-2.2.')),
        );
        expect(await drawsOf(host, 'order-2')).toEqual(draws);
      },
    },
    {
      title: 'draws lie in [0, 1) and do not favour anything; other keys give other bytes',
      check: async (host) => {
        const { many, bytes, otherBytes } = await drawsOf(host, 'order-1');
        expect(many.filter((draw) => draw < 0 || draw >= 1)).toEqual([]);
        expect(new Set(many).size).toBe(many.length);
        const mean = many.reduce((sum, draw) => sum + draw, 0) / many.length;
        // Five standard errors of the mean of 200 uniform draws.
        expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / many.length));
        expect(bytes).toMatch(/^[0-9a-f]{32}$/);
        expect(otherBytes).not.toBe(bytes);
      },
    },
  ],
};

const FIRST = [0.4680197343173369, 0.22284854012908106, 0.38520484165159563];
const BYTES = 'c6fc1f270f6ed72647b74e5e33f9b4ad';
