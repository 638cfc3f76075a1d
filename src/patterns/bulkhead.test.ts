import { expect, test } from 'vitest';
import { type Context, Gate } from '../kernel/index.ts';
import { createTestWorld, testService } from '../kernel/testing/test-host.ts';
import { inBulkhead } from './bulkhead.ts';

const setUp = () => {
  const world = createTestWorld();
  const order = world.add(testService('order'));
  const log: string[] = [];
  const enter = (
    name: string,
    settings: { maxConcurrentCalls: number; maxWaitMs: number; queueLimit: number },
    ms = 100,
  ) =>
    world.begin(order, async (context: Context) => {
      const outcome = await inBulkhead(context, 'x', settings, async () => {
        log.push(`${name} in at ${world.nowMs}`);
        await context.clock.sleep(ms);
        return name;
      });
      if (!outcome.entered) log.push(`${name} turned away at ${world.nowMs}: ${outcome.detail}`);
      return outcome.entered;
    });
  return { world, log, enter };
};

test('BH-1, BH-2 at most so many at once; by default nobody waits', async () => {
  const { world, log, enter } = setUp();
  for (const name of ['a', 'b', 'c']) enter(name, { maxConcurrentCalls: 2, maxWaitMs: 0, queueLimit: 5 });
  await world.runFor(150);
  enter('d', { maxConcurrentCalls: 2, maxWaitMs: 0, queueLimit: 5 });
  await world.runFor(200);
  expect(log).toEqual([
    'a in at 0',
    'b in at 0',
    'c turned away at 0: all 2 places of the bulkhead are taken',
    'd in at 150',
  ]);
});

test('BH-2 a bounded queue: first come, first served, for so long', async () => {
  const { world, log, enter } = setUp();
  for (const name of ['a', 'b', 'c', 'd'])
    enter(name, { maxConcurrentCalls: 1, maxWaitMs: 150, queueLimit: 2 });
  await world.runFor(500);
  expect(log).toEqual([
    'a in at 0',
    'd turned away at 0: the one place of the bulkhead is taken and 2 wait already',
    'b in at 100',
    'c turned away at 150: the one place of the bulkhead is taken; none came free in 150 ms',
  ]);
});

test('BH-2 a place that comes free at the very moment the wait is over is neither lost nor given twice', async () => {
  const { world, log, enter } = setUp();
  for (const name of ['a', 'b']) enter(name, { maxConcurrentCalls: 1, maxWaitMs: 100, queueLimit: 2 });
  await world.runFor(300);
  enter('c', { maxConcurrentCalls: 1, maxWaitMs: 0, queueLimit: 0 });
  await world.runFor(300);
  expect(log.filter((line) => line.startsWith('c'))).toEqual(['c in at 300']);
});

test('BH-4 a cancelled call gives its place back, and so does one that waited', async () => {
  const { world, log, enter } = setUp();
  const settings = { maxConcurrentCalls: 1, maxWaitMs: 1000, queueLimit: 5 };
  const first = enter('a', settings, 10_000);
  const second = enter('b', settings);
  await world.runFor(10);
  second.cancel();
  await world.runFor(10);
  first.cancel();
  await world.runFor(10);
  enter('c', settings);
  await world.runFor(200);
  expect(log).toEqual(['a in at 0', 'c in at 30']);
});

test('BH-4 cancelled at the very moment its place comes free: the place is not lost', async () => {
  for (let turns = 0; turns < 30; turns += 1) {
    const world = createTestWorld();
    const order = world.add(testService('order'));
    const settings = { maxConcurrentCalls: 1, maxWaitMs: 1000, queueLimit: 1 };
    const gate = new Gate();
    world.begin(order, async (context) => {
      await inBulkhead(context, 'x', settings, async () => await gate.pass(context));
    });
    world.begin(order, async (context) => {
      const waiting = context.fork({ name: 'waiting' }, async (own) => {
        await inBulkhead(own, 'x', settings, async () => await own.clock.sleep(10));
      });
      await gate.pass(context);
      // The place comes free some turns of the promise queue from now: cancel before, at and after that.
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      waiting.cancel('just now');
    });
    await world.runFor(10);
    gate.open();
    await world.runFor(100);
    const later = world.begin(
      order,
      async (context) => await inBulkhead(context, 'x', settings, async () => turns),
    );
    await world.runFor(10);
    expect(later.outcome).toEqual({ ok: true, value: { entered: true, value: turns } });
  }
});

test('BH-4 a raised limit lets waiting calls in, a lowered one keeps those inside', async () => {
  const { world, log, enter } = setUp();
  enter('a', { maxConcurrentCalls: 2, maxWaitMs: 0, queueLimit: 0 });
  enter('b', { maxConcurrentCalls: 2, maxWaitMs: 0, queueLimit: 0 });
  enter('c', { maxConcurrentCalls: 1, maxWaitMs: 1000, queueLimit: 1 });
  enter('d', { maxConcurrentCalls: 3, maxWaitMs: 1000, queueLimit: 1 });
  await world.runFor(500);
  expect(log.map((line) => line.split(' at ')[0])).toEqual(['a in', 'b in', 'c in', 'd in']);
});
