import { expect } from 'vitest';
import { instanceId } from '../../../kernel/index.ts';
import { type ConformanceHost, caughtUp, eventsOf, probe, said } from '../conformance-host.ts';
import { HOP_MS, PRODUCT_CPUS, PRODUCT_QUEUE, PRODUCT_SLOTS } from '../conformance-settings.ts';
import type { PortCases } from './case.ts';
import { expectToTake } from './clock.ts';

const ORDER = instanceId('order', 1);
const PRODUCT = instanceId('product', 1);

interface Done {
  readonly number: number;
  readonly atUs: number;
}

interface Ended {
  readonly number: number;
  readonly came: number | string;
  readonly retryAfter: string | null;
}

const hold = (name: string, ms: number) => ({ to: PRODUCT, path: `/hold?name=${name}&ms=${ms}` });

const sendMany = (host: ConformanceHost, sendings: readonly object[], apartMs = 15): Promise<Ended[]> =>
  probe<Ended[]>(host, ORDER, 'sendMany', { apartMs, sendings: sendings as never });

/** In the order of sending. */
const statuses = (ended: readonly Ended[]) =>
  ended.toSorted((a, b) => a.number - b.number).map(({ came }) => came);

export const workCases: PortCases = {
  port: 'work',
  cases: [
    {
      title: 'K-19: work takes a CPU slot for its time; further work waits, first come, first served',
      differs: 'DIFF-1',
      check: async (host) => {
        const done = await probe<Done[]>(host, PRODUCT, 'workAtOnce', { pieces: 6, ms: 50 });
        expect(done.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
        for (const { number, atUs } of done) {
          const turn = 1 + Math.floor(number / PRODUCT_CPUS);
          expectToTake(host, atUs, 50 * turn, turn);
        }
      },
    },
    {
      title: 'work that is given up frees its slot',
      differs: 'DIFF-1',
      check: async (host) => {
        const took = await probe<number[]>(host, PRODUCT, 'cancelledWork', { slots: PRODUCT_CPUS });
        for (const us of took.slice(0, PRODUCT_CPUS)) expectToTake(host, us, 20);
        expectToTake(host, took.at(-1) ?? 0, 30, 2);
        expect(took.at(-1)).toBeLessThan(900_000);
      },
    },
    {
      title: 'work of no length, or less, takes none',
      differs: 'DIFF-1',
      check: async (host) => {
        for (const ms of [0, -5]) {
          const [done] = await probe<Done[]>(host, PRODUCT, 'workAtOnce', { pieces: 1, ms });
          expectToTake(host, done?.atUs ?? -1, 0);
        }
      },
    },
    {
      title: 'K-18: slots are held to the answer, the queue is bounded, and what does not fit is shed',
      check: async (host) => {
        const names = ['first', 'second', 'third', 'fourth'];
        const ended = await sendMany(
          host,
          names.map((name) => hold(name, 300)),
        );
        expect(PRODUCT_SLOTS + PRODUCT_QUEUE).toBe(3);
        expect(statuses(ended)).toEqual([204, 204, 204, 503]);
        expect(ended.find(({ number }) => number === 3)).toMatchObject({ retryAfter: '1' });
        await caughtUp(host, PRODUCT);
        expect(eventsOf(host, 'request.shed').map(({ slots, queued }) => ({ slots, queued }))).toEqual([
          { slots: PRODUCT_SLOTS, queued: PRODUCT_QUEUE },
        ]);
        expect(said(host, 'fourth')).toEqual([]);
        // The third began when a slot was free.
        const order = eventsOf(host, 'service.logged').map(({ message }) => message);
        expect(order.indexOf('third began')).toBeGreaterThan(order.indexOf('first answered'));
      },
    },
    {
      title: 'who waits is admitted first come, first served; who gives up leaves the queue',
      check: async (host) => {
        await host.changeSettings({ services: { product: { queueLimit: 4 } } });
        const ended = await sendMany(host, [
          hold('a', 400),
          hold('b', 400),
          { ...hold('c', 10), timeoutMs: 100 },
          hold('d', 10),
          hold('e', 10),
        ]);
        await host.changeSettings({ services: { product: { queueLimit: PRODUCT_QUEUE } } });
        expect(statuses(ended)).toEqual([204, 204, 'timeout', 204, 204]);
        await caughtUp(host, PRODUCT);
        const began = eventsOf(host, 'service.logged')
          .map(({ message }) => message)
          .filter((message) => /^[a-e] began$/.test(message));
        expect(began).toEqual(['a began', 'b began', 'd began', 'e began']);
      },
    },
    {
      title: 'the control plane needs no slot',
      check: async (host) => {
        const ended = await sendMany(host, [
          hold('full-1', 200),
          hold('full-2', 200),
          hold('full-3', 10),
          { to: PRODUCT, path: '/echo', plane: 'control' },
        ]);
        expect(statuses(ended)).toEqual([204, 204, 204, 200]);
        expect(ended[0]).toMatchObject({ number: 3, came: 200 });
      },
    },
    {
      title: 'withSlot holds a request slot: a request waits for it, and it waits for requests',
      check: async (host) => {
        // From the inside of a request, which holds one of the two slots itself.
        await host.changeSettings({ services: { product: { queueLimit: 4 } } });
        const holding = probe<Done[]>(host, PRODUCT, 'holdSlots', { pieces: 2, ms: 150 });
        await host.pass(80);
        const waited = await sendMany(host, [{ to: PRODUCT, path: '/echo' }]);
        const done = await holding;
        await host.changeSettings({ services: { product: { queueLimit: PRODUCT_QUEUE } } });
        expect(statuses(waited)).toEqual([200]);
        expect(done.map(({ number }) => number)).toEqual([0, 1]);
        expect((done[1]?.atUs ?? 0) - (done[0]?.atUs ?? 0)).toBeGreaterThanOrEqual(149_000);
      },
    },
    {
      title: 'a slot comes free however the request ends: answered, failed, or given up',
      check: async (host) => {
        await sendMany(host, [
          { to: PRODUCT, path: '/throw' },
          { ...hold('gone', 5000), timeoutMs: 50 },
          { to: PRODUCT, path: '/store-error' },
          { ...hold('gone', 5000), timeoutMs: 50 },
        ]);
        await host.pass(5 * HOP_MS);
        const ended = await sendMany(host, [hold('free-1', 100), hold('free-2', 100)], 0);
        expect(statuses(ended)).toEqual([204, 204]);
        await caughtUp(host, PRODUCT);
        expect(eventsOf(host, 'response.sent').at(-1)?.queued).toBe(0);
      },
    },
    {
      title: 'settings that change are followed at once: by slots, CPUs and running processes',
      check: async (host) => {
        const watching = probe<{ before: number; after: number }>(host, ORDER, 'watchSettings', { ms: 300 });
        await host.pass(100);
        const before = (await probe<{ before: number }>(host, ORDER, 'watchSettings', { ms: 0 })).before;
        await host.changeSettings({
          cartHoldMs: before + 1000,
          services: { product: { requestSlots: 5, cpuSlots: 6 } },
        });
        expect(await watching).toEqual({ before, after: before + 1000 });
        const ended = await sendMany(
          host,
          [1, 2, 3, 4, 5].map((number) => hold(`wide-${number}`, 200)),
          1,
        );
        expect(statuses(ended)).toEqual([204, 204, 204, 204, 204]);
        const done = await probe<Done[]>(host, PRODUCT, 'workAtOnce', { pieces: 6, ms: 40 });
        expect(Math.max(...done.map(({ atUs }) => atUs))).toBeLessThan(host.virtual ? 40_001 : 78_000);
        await host.changeSettings({
          cartHoldMs: before,
          services: { product: { requestSlots: PRODUCT_SLOTS, cpuSlots: PRODUCT_CPUS } },
        });
        await host.pass(2 * HOP_MS);
        const again = await sendMany(
          host,
          [1, 2, 3, 4].map((number) => hold(`narrow-${number}`, 200)),
          1,
        );
        expect(statuses(again)).toEqual([204, 204, 204, 503]);
      },
    },
  ],
};
