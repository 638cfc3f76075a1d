import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimalFailing, simplified } from './shrink.ts';

const hasAll = (needed: readonly number[]) => async (items: readonly number[]) =>
  needed.every((item) => items.includes(item));

describe('what is left of a failing list', () => {
  it('is exactly what the failure needs, in its order, whatever else there was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .uniqueArray(fc.nat(200), { maxLength: 40 })
          .chain((items) => fc.tuple(fc.constant(items), fc.subarray(items))),
        async ([items, needed]) => {
          expect(await minimalFailing(items, hasAll(needed))).toEqual(
            items.filter((item) => needed.includes(item)),
          );
        },
      ),
    );
  });

  it('still fails and can spare no single one, whatever makes it fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 20 }), fc.func(fc.boolean()), async (items, odd) => {
        const stillFails = async (some: readonly number[]) => some.length === items.length || odd(some);
        const left = await minimalFailing(items, stillFails);
        expect(await stillFails(left)).toBe(true);
        for (const index of left.keys()) {
          expect(await stillFails([...left.slice(0, index), ...left.slice(index + 1)])).toBe(false);
        }
      }),
    );
  });

  it('is found with few questions: of 100, one in about 2 · log2', async () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    let asked = 0;
    const left = await minimalFailing(items, async (some) => {
      asked += 1;
      return some.includes(63);
    });
    expect(left).toEqual([63]);
    expect(asked).toBeLessThan(20);
  });

  it('is the best so far once there is no time left', async () => {
    let asked = 0;
    const items = Array.from({ length: 64 }, (_, index) => index);
    const fails = async (some: readonly number[]) => {
      asked += 1;
      return some.includes(7) && some.includes(50);
    };
    const left = await minimalFailing(items, fails, () => asked < 6);
    expect(asked).toBe(6);
    expect(left.length).toBeLessThan(64);
    expect(await fails(left)).toBe(true);
  });
});

it('a change is kept when it still fails with it', async () => {
  const changes = [
    (value: number) => value - 1,
    () => 0,
    (value: number) => value - 10,
    (value: number) => value,
  ];
  expect(await simplified(25, changes, async (value) => value > 12)).toBe(14);
  expect(
    await simplified(
      25,
      changes,
      async () => true,
      () => false,
    ),
  ).toBe(25);
});
