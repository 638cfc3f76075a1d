import { expect } from 'vitest';
import { instanceId } from '../../../kernel/index.ts';
import { caughtUp, eventsOf, probe, said } from '../conformance-host.ts';
import type { PortCases } from './case.ts';

const ORDER = instanceId('order', 1);

export const cancellationCases: PortCases = {
  port: 'cancellation',
  cases: [
    {
      title: 'K-5: all gives the values in the order of its branches',
      check: async (host) => {
        expect(await probe(host, ORDER, 'allInOrder')).toEqual({
          values: ['slow', 'fast', 'at once'],
          trail: ['fast done', 'fast finally', 'slow done', 'slow finally'],
        });
      },
    },
    {
      title:
        'K-5: when a branch throws the others are cancelled, and the first error comes once all have unwound',
      check: async (host) => {
        expect(await probe(host, ORDER, 'allFails')).toEqual([
          'b throws',
          'a cancelled',
          'a finally',
          'c finally',
          'all: Error: b broke',
        ]);
      },
    },
    {
      title: 'K-6: a race gives its first end, good or bad, once the losers have unwound',
      check: async (host) => {
        expect(await probe(host, ORDER, 'raceWinner')).toEqual([
          'hare done',
          'hare finally',
          'tortoise cancelled',
          'tortoise finally',
          'snail cancelled',
          'snail finally',
          'race: hare',
          'late cancelled',
          'late finally',
          'Error: fell',
        ]);
      },
    },
    {
      title: 'K-7: within gives the value, or says timeout once its branch has unwound',
      check: async (host) => {
        expect(await probe(host, ORDER, 'withinTime')).toEqual({
          soon: { ok: true, value: 'soon' },
          late: { ok: false, error: 'timeout' },
          trail: ['soon done', 'soon finally', 'late cancelled', 'late finally'],
        });
      },
    },
    {
      title: 'K-8: a scope has a span and a deadline of its own, and its throw is rethrown',
      check: async (host) => {
        expect(await probe(host, ORDER, 'scopes')).toEqual({
          inside: { sameTrace: true, otherSpan: true, deadline: true },
          trail: ['Error: from inside'],
        });
      },
    },
    {
      title:
        'K-9: a fork outlives its process and its deadline, can be cancelled, and its throw is told to the log',
      check: async (host) => {
        expect(await probe(host, ORDER, 'forkAndLeave', { ms: 100, name: 'the fork' })).toBe('left');
        await host.until(() => eventsOf(host, 'process.failed').some(({ process }) => process === 'fork'));
        expect(said(host, 'the fork')).toEqual([
          'the fork deadline none',
          'the fork was cancelled',
          'the fork went on',
        ]);
        const failures = eventsOf(host, 'process.failed').filter(({ instance }) => instance === ORDER);
        expect(failures.map(({ error }) => error)).toEqual(['the fork broke']);
      },
    },
    {
      title: 'K-11: a cancelled process meets it at every port, also in its finally',
      check: async (host) => {
        expect(await probe(host, ORDER, 'cancelledThroughout')).toEqual([
          'sleep: cancelled',
          'work: cancelled',
          'send: cancelled',
          'transact: cancelled',
          'all: cancelled',
        ]);
        await caughtUp(host, ORDER);
        expect(eventsOf(host, 'request.sent').filter(({ path }) => path.includes('cancelled=1'))).toEqual([]);
        expect(
          eventsOf(host, 'store.committed').filter(({ operation }) => operation === 'cancelled'),
        ).toEqual([]);
      },
    },
    {
      title: 'K-12: a transaction that is given up before it commits leaves nothing',
      differs: 'DIFF-2',
      check: async (host) => {
        const outcome = await probe(host, ORDER, 'cancelledTransaction');
        const { items } = await host.tables('order');
        const left = items?.filter((row) => (row as { id: string }).id === 'given-up').length;
        await caughtUp(host, ORDER);
        const aborted = eventsOf(host, 'store.aborted').map(({ operation }) => operation);
        if (host.virtual) {
          expect({ outcome, left, aborted }).toEqual({
            outcome: { ok: true, value: 'committed' },
            left: 1,
            aborted: [],
          });
        } else {
          expect({ outcome, left, aborted }).toEqual({
            outcome: { ok: false, error: 'timeout' },
            left: 0,
            aborted: ['given up'],
          });
        }
      },
    },
    {
      title:
        'K-14: who is cancelled while it waits for a gate, item, permit, lock or result leaves it to the next',
      check: async (host) => {
        expect(await probe(host, ORDER, 'waitingPlaces')).toEqual([
          'gate gave up',
          'gate opened',
          'queue gave up',
          'took the item',
          'semaphore gave up',
          'got the permit',
          'alone',
          'mutex gave up',
          'once gave up',
          'computed by the second',
        ]);
      },
    },
    {
      title: 'K-2: a port call is awaited once',
      check: async (host) => {
        expect(await probe(host, ORDER, 'awaitedTwice')).toBe("Error: 'clock.sleep' was awaited twice");
      },
    },
    {
      title: 'K-10: a background task that throws is told to the log and begun again after a second',
      check: async (host) => {
        await host.until(() => said(host, 'the task begins').length === 2);
        const [first, second] = eventsOf(host, 'service.logged').filter(({ message }) =>
          message.startsWith('the task begins'),
        );
        const apartUs = (second?.timeUs ?? 0) - (first?.timeUs ?? 0);
        expect(apartUs).toBeGreaterThanOrEqual(999_500);
        expect(
          eventsOf(host, 'process.failed').filter(({ process }) => process === 'failing task'),
        ).toHaveLength(1);
      },
    },
  ],
};
