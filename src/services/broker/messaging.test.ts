import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { defineTable, type InstanceId, instanceId, type RunSettings } from '../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../kernel/testing/test-host.ts';
import type { DeepPartial } from '../../kernel/testing/test-settings.ts';
import {
  defineContract,
  defineService,
  discoveryTask,
  inboxTable,
  leaseTable,
  operation,
  outboxRelayTask,
  outboxTable,
  outboxTables,
  publish,
  registrationTask,
  type Subscription,
  subscriptionTask,
  wakeRelay,
} from '../../patterns/index.ts';
import { registryService } from '../registry/index.ts';
import { brokerService } from './index.ts';
import { PARTITIONS, partitionOf, redrive } from './model.ts';
import { brokerTables, cursorsTable, deadLettersTable, messagesTable } from './tables.ts';

// Whole services on one clock: seconds of real time when the machine is busy.
vi.setConfig({ testTimeout: 30000 });

// A writer (as Order) and a reader (as Shipping) with the real broker between them.

const BROKER = instanceId('broker', 1);
const WRITER = instanceId('order', 1);
const READER = instanceId('shipping', 1);

interface Fact {
  readonly id: string;
  readonly key: string;
  readonly number: number;
}

const factsTable = defineTable<Fact>('facts', 'id');
const seenTable = defineTable<{
  readonly id: string;
  readonly key: string;
  readonly number: number;
  readonly times: number;
}>('seen', 'id');

const contractOf = (service: 'order' | 'shipping') =>
  defineContract({
    service,
    title: service,
    version: '1.0.0',
    operations: {
      ping: operation(service, {
        id: 'ping',
        method: 'GET',
        path: '/ping',
        summary: 'Nothing.',
        access: { kind: 'public' },
        answers: { 200: { description: 'Nothing.', body: z.object({}) } },
      }),
    },
  });

const ping = async () => ({ status: 200, body: {} });

const writer = defineService({
  contract: contractOf('order'),
  tables: [factsTable, ...outboxTables, leaseTable],
  background: [registrationTask(), discoveryTask(['broker']), outboxRelayTask()],
  handlers: { ping },
});

interface ReaderFate {
  /** Keys whose events cannot be processed. */
  readonly poison: Set<string>;
}

function reader(fate: ReaderFate) {
  const subscription: Subscription = {
    topic: 'facts',
    group: 'shipping-facts',
    tables: [seenTable],
    handle: async (tx, event) => {
      const { id, key, number } = event.data as unknown as Fact;
      if (fate.poison.has(key)) throw new Error(`cannot digest ${id}`);
      const known = await tx.get(seenTable, id);
      await tx.put(seenTable, { id, key, number, times: (known?.times ?? 0) + 1 });
    },
  };
  return defineService({
    contract: contractOf('shipping'),
    tables: [seenTable, inboxTable, leaseTable],
    subscriptions: [subscription],
    background: [registrationTask(), discoveryTask(['broker']), subscriptionTask([subscription])],
    handlers: { ping },
  });
}

interface WorldOptions {
  readonly settings?: DeepPartial<RunSettings>;
  readonly writers?: number;
  /** Before anybody runs. */
  readonly before?: (world: TestWorld) => void;
}

async function openWorld(options: WorldOptions = {}) {
  const fate: ReaderFate = { poison: new Set() };
  const world = createTestWorld({ settings: options.settings ?? {} });
  options.before?.(world);
  world.add(registryService);
  world.add(brokerService);
  for (let number = 1; number <= (options.writers ?? 1); number += 1) world.add(writer, number);
  world.add(reader(fate));
  await world.runFor(2500);
  return { world, fate };
}

async function tell(world: TestWorld, fact: Fact, at: InstanceId = WRITER): Promise<void> {
  await world.run(at, async (context) => {
    await context.store.transact('tell', [factsTable, ...outboxTables], 'readwrite', async (tx) => {
      await tx.put(factsTable, fact);
      const { id, key, number } = fact;
      await publish(tx, {
        source: 'order',
        topic: 'facts',
        type: 'fact.told',
        key,
        data: { id, key, number },
        span: context.span,
      });
    });
    wakeRelay(context);
  });
}

const seen = (world: TestWorld) => world.rows('shipping', seenTable);

describe('messaging', () => {
  it('MSG-1: the event commits with its change, or neither does', async () => {
    const { world } = await openWorld();
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await expect(
      world.run(WRITER, (context) =>
        context.store.transact('tell', [factsTable, ...outboxTables], 'readwrite', async (tx) => {
          await publish(tx, {
            source: 'order',
            topic: 'facts',
            type: 'fact.told',
            key: 'k',
            data: {},
            span: null,
          });
          throw new Error('changed my mind');
        }),
      ),
    ).rejects.toThrow('changed my mind');
    await world.runFor(2000);
    expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
    expect(world.eventsOf('message.published')).toHaveLength(1);
    expect(world.rows('order', outboxTable)).toEqual([]);
  });

  it('the relay of this instance looks at once after a commit, long before its next poll', async () => {
    const { world } = await openWorld({ settings: { messaging: { relayPollMs: 60_000 } } });
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await world.runFor(500);
    expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
  });

  it.each(['before', 'after'] as const)(
    'MSG-2: the relay crashes %s it publishes: repeated, never lost',
    async (when) => {
      const { world } = await openWorld();
      const operation = 'POST /topics/{topic}/messages';
      world.crashAt({ instance: WRITER, port: 'network', operation, when, restartAfterMs: 1000 });
      await tell(world, { id: 'a', key: 'k', number: 1 });
      await world.runFor(6000);
      expect(world.eventsOf('message.accepted')).toHaveLength(when === 'before' ? 1 : 2);
      // MSG-4: the inbox drops the second.
      expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
      expect(world.eventsOf('message.consumed').map((event) => event.duplicate)).toEqual(
        when === 'before' ? [false] : [false, true],
      );
    },
  );

  it('MSG-2: what was written while the broker was down arrives when it is back', async () => {
    const { world } = await openWorld();
    world.crash(BROKER);
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await world.runFor(10_000);
    expect(world.rows('order', outboxTable)).toHaveLength(1);
    world.restart(BROKER);
    await world.runFor(15_000);
    expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
  });

  it.each(['PUT /subscriptions/{group}', 'POST /topics/{topic}/messages'])(
    'MSG-11: a lost %s is sent again, without any safety net',
    async (operation) => {
      let lost = 0;
      const { world } = await openWorld({
        settings: { edge: { timeoutMs: null, retry: null, breaker: null, bulkhead: null } },
        before: (own) =>
          own.onSend((message) => {
            if (message.operation !== operation || lost > 0) return null;
            lost += 1;
            return { kind: 'blackhole' };
          }),
      });
      await tell(world, { id: 'a', key: 'k', number: 1 });
      await world.runFor(20_000);
      expect(lost).toBe(1);
      expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
    },
  );

  it('MSG-4: a window that is too short processes twice', async () => {
    const { world } = await openWorld({
      settings: { messaging: { inboxWindowMs: 100, redeliveryBaseMs: 1000 } },
    });
    let lost = false;
    world.onSend((message) => {
      if (message.operation !== 'POST /events' || lost) return null;
      lost = true;
      return { kind: 'lose-answer' };
    });
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await world.runFor(20_000);
    expect(seen(world)).toMatchObject([{ id: 'a', times: 2 }]);
  });

  it('MSG-3, MSG-5: one message of a partition is under way at a time, so a key stays in order', async () => {
    const { world } = await openWorld({ settings: { hop: { meanMs: 20, spread: 0.9 } } });
    for (let number = 1; number <= 12; number += 1) {
      await tell(world, { id: `n${number}`, key: `key-${number % 3}`, number });
    }
    await world.runFor(10_000);
    expect(seen(world)).toHaveLength(12);
    const numbers = new Map<string, number>();
    for (const event of world.eventsOf('store.committed')) {
      for (const row of event.rows) {
        if (row.table !== 'seen') continue;
        const { key, number } = row.after as unknown as Fact;
        expect(number).toBeGreaterThan(numbers.get(key) ?? 0);
        numbers.set(key, number);
      }
    }
  });

  it('MSG-6, MSG-8: a message that cannot be processed is dead after maxDeliveries; its partition goes on', async () => {
    const { world, fate } = await openWorld();
    fate.poison.add('bad');
    const good = Array.from({ length: 100 }, (_, index) => `good-${index}`).find(
      (key) => partitionOf(key) === partitionOf('bad'),
    );
    await tell(world, { id: 'a', key: 'bad', number: 1 });
    await tell(world, { id: 'b', key: good ?? '', number: 2 });
    await world.runFor(20_000);
    expect(world.eventsOf('message.dead-lettered')).toMatchObject([{ messageId: 'order.1', deliveries: 5 }]);
    expect(world.eventsOf('message.sent').filter((event) => event.messageId === 'order.1')).toHaveLength(5);
    expect(seen(world)).toMatchObject([{ id: 'b', times: 1 }]);

    // MSG-8: redriven once the reader is mended, to the group that gave it up.
    fate.poison.clear();
    await world.run(BROKER, async (context) => {
      await context.store.transact('redrive', brokerTables, 'readwrite', async (tx) => {
        await redrive(tx, 'order.1');
      });
    });
    await world.runFor(3000);
    expect(world.rows('broker', deadLettersTable)).toEqual([]);
    expect(seen(world)).toMatchObject([
      { id: 'a', times: 1 },
      { id: 'b', times: 1 },
    ]);
  });

  it('MSG-7: a reader that is down gives up no message: only what it had and failed counts', async () => {
    const { world } = await openWorld();
    world.crash(READER);
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await world.runFor(60_000);
    expect(world.eventsOf('message.dead-lettered')).toEqual([]);
    expect(world.eventsOf('message.redelivery.scheduled').length).toBeGreaterThan(5);
    world.restart(READER);
    await world.runFor(10_000);
    expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
  });

  it('MSG-7: a delivery that a crash of the broker cut off does not count', async () => {
    const { world, fate } = await openWorld({ settings: { messaging: { maxDeliveries: 2 } } });
    fate.poison.add('bad');
    const point = { instance: BROKER, port: 'network', operation: 'POST /events', when: 'before' } as const;
    world.crashAt({ ...point, nth: 1, restartAfterMs: 1000 });
    world.crashAt({ ...point, nth: 2, restartAfterMs: 1000 });
    await tell(world, { id: 'a', key: 'bad', number: 1 });
    await world.runUntil(() => world.eventsOf('instance.crashed').length === 2);
    world.crash(READER);
    await world.runFor(20_000);
    expect(world.eventsOf('message.dead-lettered')).toEqual([]);
    world.restart(READER);
    await world.runFor(20_000);
    const reached = world.eventsOf('request.received').filter((event) => event.operation === 'POST /events');
    expect(reached).toHaveLength(2);
    expect(world.eventsOf('message.dead-lettered')).toMatchObject([{ deliveries: 2 }]);
  });

  it('a database that fails is left alone for a moment before a delivery is tried again', async () => {
    const { world } = await openWorld({ settings: { messaging: { redeliveryBaseMs: 500 } } });
    const operation = 'delivery sent';
    world.failStore({ database: 'broker', operation, kind: 'unavailable', times: 4 });
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await world.runFor(10_000);
    const failedMs = world
      .eventsOf('store.aborted')
      .filter((event) => event.operation === operation)
      .map((event) => event.timeUs / 1000);
    expect(failedMs).toHaveLength(4);
    for (const [index, atMs] of failedMs.entries()) {
      expect(atMs - (failedMs[index - 1] ?? -1000)).toBeGreaterThanOrEqual(500);
    }
    expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
  });

  it.each([
    ['store', 'accept message', 'after'],
    ['store', 'delivery sent', 'after'],
    ['network', 'POST /events', 'before'],
    ['network', 'POST /events', 'after'],
    ['store', 'delivery acknowledged', 'before'],
    ['store', 'delivery acknowledged', 'after'],
  ] as const)(
    'MSG-9: the broker crashes at %s %s (%s): what was under way is sent again',
    async (port, operation, when) => {
      const { world } = await openWorld();
      world.crashAt({ instance: BROKER, port, operation, when, restartAfterMs: 1000 });
      await tell(world, { id: 'a', key: 'k', number: 1 });
      await tell(world, { id: 'b', key: 'k', number: 2 });
      await world.runFor(20_000);
      expect(world.eventsOf('instance.crashed')).toHaveLength(1);
      expect(seen(world)).toMatchObject([
        { id: 'a', times: 1 },
        { id: 'b', times: 1 },
      ]);
      expect(world.eventsOf('message.acknowledged').at(-1)?.lag).toBe(0);
    },
  );

  it('two writers: only the one with the lease relays, the other takes over', async () => {
    const { world } = await openWorld({ writers: 2 });
    const other = instanceId('order', 2);
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await world.runFor(100);
    await tell(world, { id: 'b', key: 'k', number: 2 }, other);
    await world.runFor(500);
    expect(seen(world)).toHaveLength(2);
    expect(world.eventsOf('message.accepted').length).toBe(2);
    world.crash(WRITER);
    await tell(world, { id: 'c', key: 'k', number: 3 }, other);
    await world.runFor(6000);
    expect(seen(world)).toHaveLength(3);
  });

  it('MSG-10: a reader that subscribes late gets what was told before', async () => {
    const world = createTestWorld();
    world.add(registryService);
    world.add(brokerService);
    world.add(writer);
    await world.runFor(2500);
    await tell(world, { id: 'a', key: 'k', number: 1 });
    await world.runFor(2000);
    world.add(reader({ poison: new Set() }));
    await world.runFor(5000);
    expect(seen(world)).toMatchObject([{ id: 'a', times: 1 }]);
  });

  it('MSG-10: keeps no message for ever: what all groups have read long ago goes', async () => {
    const { world } = await openWorld();
    for (let number = 1; number <= 80; number += 1) await tell(world, { id: `n${number}`, key: 'k', number });
    await world.runFor(20_000);
    expect(seen(world)).toHaveLength(80);
    expect(world.rows('broker', messagesTable).length).toBeLessThanOrEqual(51);
    expect(world.rows('broker', cursorsTable)).toHaveLength(PARTITIONS);
  });

  it('any weather: every fact is processed exactly once in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            waitMs: fc.nat(400),
            victim: fc.constantFrom(BROKER, WRITER, READER, null),
            key: fc.nat(3),
          }),
          {
            minLength: 3,
            maxLength: 8,
          },
        ),
        async (script) => {
          const { world } = await openWorld({ settings: { hop: { meanMs: 15 } } });
          let number = 0;
          for (const { waitMs, victim, key } of script) {
            number += 1;
            if (world.isUp(WRITER)) await tell(world, { id: `n${number}`, key: `k${key}`, number });
            await world.runFor(waitMs);
            if (victim !== null && world.isUp(victim)) {
              world.crash(victim);
              world.after(300, () => world.restart(victim));
            }
          }
          await world.runFor(30_000);
          const told = world.rows('order', factsTable).map((row) => row.id);
          expect(seen(world).map((row) => [row.id, row.times])).toEqual(told.map((id) => [id, 1]));
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);
});
