import { describe, expect, test } from 'vitest';
import { instanceId } from '../kernel/index.ts';
import { createTestWorld, testService } from '../kernel/testing/test-host.ts';
import { claimLease, holdsLease, leaseTable } from './lease.ts';

const order = instanceId('order', 1);

async function open() {
  const world = createTestWorld();
  world.add({ ...testService('order'), tables: [leaseTable] });
  await world.runFor(10);
  const claim = async (holder: string) =>
    await world.run(order, (context) =>
      context.store.transact('claim', [leaseTable], 'readwrite', async (tx) =>
        claimLease(tx, 'work', holder, 1000),
      ),
    );
  const holds = async (fence: number) =>
    await world.run(order, (context) =>
      context.store.transact('holds', [leaseTable], 'readonly', async (tx) => holdsLease(tx, 'work', fence)),
    );
  return { world, claim, holds };
}

describe('lease', () => {
  test('one holds it at a time; who takes it over gets a higher fence', async () => {
    const { world, claim, holds } = await open();
    expect(await claim('order-1.1')).toBe(1);
    expect(await claim('order-2.1')).toBeNull();
    await world.runFor(1001);
    expect(await claim('order-2.1')).toBe(2);
    expect([await holds(1), await holds(2)]).toEqual([false, true]);
    expect(await claim('order-1.1')).toBeNull();
  });

  test('a holder whose lease ran out, and that nobody took, keeps its fence: what it has under way still counts', async () => {
    const { world, claim, holds } = await open();
    expect(await claim('order-1.1')).toBe(1);
    await world.runFor(5000);
    expect(await claim('order-1.1')).toBe(1);
    expect(await holds(1)).toBe(true);
    expect(await claim('order-2.1')).toBeNull();
  });

  test('the next life of an instance need not wait, and has a fence of its own', async () => {
    const { claim } = await open();
    await claim('order-1.1');
    expect(await claim('order-1.2')).toBe(2);
  });
});
