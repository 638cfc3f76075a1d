import { expect } from 'vitest';
import { type InstanceId, instanceId } from '../../../kernel/index.ts';
import { type ConformanceHost, caughtUp, eventsOf, probe, said } from '../conformance-host.ts';
import type { PortCases } from './case.ts';

const ORDER = instanceId('order', 1);
const OTHER_ORDER = instanceId('order', 2);
const PRODUCT = instanceId('product', 1);

/** Starts an instance again and waits until it is ready. */
async function restarted(host: ConformanceHost, instance: InstanceId): Promise<void> {
  const before = eventsOf(host, 'instance.ready').filter((event) => event.instance === instance).length;
  await host.restart(instance);
  await host.until(
    () => eventsOf(host, 'instance.ready').filter((event) => event.instance === instance).length > before,
  );
}

const lastCrash = (host: ConformanceHost) => eventsOf(host, 'instance.crashed').at(-1);

export const crashCases: PortCases = {
  port: 'crash',
  cases: [
    {
      title: 'K-13: whoever waits for an answer gets a reset connection, and the crash as its cause',
      check: async (host) => {
        const waiting = probe<{ outcome: unknown }>(host, ORDER, 'send', {
          to: PRODUCT,
          path: '/hold?name=cut-off&ms=5000',
        });
        await host.until(() => said(host, 'cut-off began').length > 0);
        expect(await host.crash(PRODUCT)).toBe(true);
        expect((await waiting).outcome).toMatchObject({ ok: false, error: { kind: 'connection_reset' } });
        await caughtUp(host, ORDER);
        const failed = eventsOf(host, 'request.failed').at(-1);
        expect(failed?.cause).toBe(lastCrash(host)?.id);
        expect(lastCrash(host)).toMatchObject({ instance: PRODUCT, faultId: null });
        expect(said(host, 'cut-off')).toEqual(['cut-off began']);
      },
    },
    {
      title: 'who is down refuses connections, and the crash is why; a second crash finds nobody',
      check: async (host) => {
        expect(await host.crash(PRODUCT)).toBe(false);
        const { outcome } = await probe<{ outcome: unknown }>(host, ORDER, 'send', {
          to: PRODUCT,
          path: '/echo',
        });
        expect(outcome).toMatchObject({ ok: false, error: { kind: 'connection_refused' } });
        await caughtUp(host, ORDER);
        expect(eventsOf(host, 'request.failed').at(-1)?.cause).toBe(lastCrash(host)?.id);
        await restarted(host, PRODUCT);
        expect((await host.send(PRODUCT, 'GET', '/echo')).status).toBe(200);
      },
    },
    {
      title: 'nothing of it runs afterwards: no process, no finally, no event',
      check: async (host) => {
        const ended = host.send(OTHER_ORDER, 'POST', '/probes/speakUntilTheEnd', { name: 'the speaker' });
        await host.until(() => said(host, 'the speaker').length >= 3);
        await host.crash(OTHER_ORDER);
        expect((await ended).status).toBe(502);
        await host.pass(200);
        await caughtUp(host, ORDER);
        expect(said(host, 'the speaker finally')).toEqual([]);
        const crashedAt = lastCrash(host)?.timeUs ?? 0;
        const later = host
          .events()
          .filter(({ id, timeUs }) => id.startsWith('order-2.1.') && timeUs > crashedAt);
        expect(later).toEqual([]);
        await restarted(host, OTHER_ORDER);
        await host.pass(50);
        expect(said(host, 'the speaker finally')).toEqual([]);
      },
    },
    {
      title:
        'a restart is a new incarnation: its events begin anew, its memory is empty, its database is kept',
      check: async (host) => {
        await probe(host, ORDER, 'fill', [{ id: 'kept', size: 1 }]);
        const first = await probe<{ visits: number; incarnation: number }>(host, ORDER, 'visit');
        expect(await probe(host, ORDER, 'visit')).toEqual({ ...first, visits: first.visits + 1 });
        await host.crash(ORDER);
        await restarted(host, ORDER);
        expect(await probe(host, ORDER, 'visit')).toEqual({ visits: 1, incarnation: first.incarnation + 1 });
        expect(await probe(host, ORDER, 'lists', [{}])).toEqual([['kept']]);
        const life = `order-1.${first.incarnation + 1}`;
        expect(host.events().find(({ id }) => id === `${life}.1`)).toMatchObject({
          type: 'instance.started',
          incarnation: first.incarnation + 1,
        });
      },
    },
    {
      title: 'what it had asked of others is cancelled there, and their slots come free',
      check: async (host) => {
        const asking = host.send(ORDER, 'POST', '/probes/send', {
          to: PRODUCT,
          path: '/hold?name=orphan&ms=5000',
        });
        await host.until(() => said(host, 'orphan began').length > 0);
        await host.crash(ORDER);
        await host.until(() => said(host, 'orphan').length === 2);
        expect(said(host, 'orphan')).toEqual(['orphan began', 'orphan was cancelled']);
        expect((await asking).status).toBe(502);
        await restarted(host, ORDER);
        await caughtUp(host, PRODUCT);
        expect(eventsOf(host, 'service.logged').at(-1)?.instance).toBe(PRODUCT);
        expect(eventsOf(host, 'request.received').at(-1)?.slotsUsed).toBe(1);
      },
    },
    {
      title: 'a transaction that was open leaves no trace, and holds up nobody',
      differs: 'DIFF-2',
      check: async (host) => {
        await probe(host, ORDER, 'fill', []);
        const writing = host.send(OTHER_ORDER, 'POST', '/probes/longTransaction', {
          name: 'the long one',
          operations: host.virtual ? 10 : 100_000,
        });
        await host.until(() => said(host, 'the long one begins').length > 0);
        if (!host.virtual) await host.pass(30);
        await host.crash(OTHER_ORDER);
        expect((await writing).status).toBe(host.virtual ? 200 : 502);
        await probe(host, ORDER, 'script', { steps: [{ put: { id: 'after' } }] });
        const { items } = await host.tables('order');
        const ids = items?.map((row) => (row as { id: string }).id);
        expect(ids).toEqual(host.virtual ? ['after', 'the long one'] : ['after']);
        await restarted(host, OTHER_ORDER);
        await caughtUp(host, ORDER);
        const logged = eventsOf(host, 'store.committed').filter(({ operation }) => operation === 'long');
        expect(logged).toHaveLength(host.virtual ? 1 : 0);
      },
    },
    {
      title: 'a crash at an exact place: before a transaction nothing is stored, after it everything is',
      check: async (host) => {
        for (const when of ['before', 'after'] as const) {
          await probe(host, ORDER, 'fill', []);
          await host.addFault({
            kind: 'crash-at',
            instance: OTHER_ORDER,
            port: 'store',
            operation: 'exact',
            nth: 2,
            when,
            restartAfterMs: 20,
          });
          const step = (id: string) =>
            host.send(OTHER_ORDER, 'POST', '/probes/script', {
              operation: 'exact',
              steps: [{ put: { id } }, { emit: `stored ${id}` }],
            });
          const ready = eventsOf(host, 'instance.ready').length;
          expect((await step(`${when}-1`)).status).toBe(200);
          expect((await step(`${when}-2`)).status).toBe(502);
          await host.until(() => eventsOf(host, 'instance.ready').length > ready);
          const kept = when === 'before' ? [`${when}-1`] : [`${when}-1`, `${when}-2`];
          expect(await probe(host, ORDER, 'lists', [{}])).toEqual([kept]);
          await caughtUp(host, OTHER_ORDER);
          expect(said(host, `stored ${when}`)).toEqual(kept.map((id) => `stored ${id}`));
          const injected = eventsOf(host, 'fault.injected').at(-1);
          expect(lastCrash(host)).toMatchObject({ cause: injected?.id, faultId: injected?.faultId });
        }
      },
    },
    {
      title: 'a crash at an exact place of the network: unsent before it, unheard after it',
      check: async (host) => {
        for (const when of ['before', 'after'] as const) {
          const ready = eventsOf(host, 'instance.ready').length;
          await host.addFault({
            kind: 'crash-at',
            instance: OTHER_ORDER,
            port: 'network',
            operation: 'POST /probes/mark',
            nth: 1,
            when,
            restartAfterMs: 20,
          });
          const sent = await host.send(OTHER_ORDER, 'POST', '/probes/send', {
            to: PRODUCT,
            method: 'POST',
            path: '/probes/mark',
            body: JSON.stringify(`heard ${when}`),
          });
          expect(sent.status).toBe(502);
          await host.until(() => eventsOf(host, 'instance.ready').length > ready);
          await caughtUp(host, PRODUCT);
          expect(said(host, `heard ${when}`)).toHaveLength(when === 'before' ? 0 : 1);
        }
      },
    },
  ],
};
