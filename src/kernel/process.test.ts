import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Branch, Context } from './context.ts';
import { Gate, Mutex, Once, Queue, Semaphore } from './coordination.ts';
import { Cancelled } from './process.ts';
import { createTestWorld, testService } from './testing/test-host.ts';
import { plusMs } from './units.ts';

/** One instance, and a log of what its branches say with the time. */
function setUp(options: Parameters<typeof createTestWorld>[0] = {}) {
  const world = createTestWorld(options);
  const order = world.add(testService('order'));
  const log: string[] = [];
  const say = (text: string) => log.push(`${world.nowMs} ${text}`);
  /** Sleeps, and tells how it ended. */
  const step =
    (name: string, ms: number): Branch<string> =>
    async (context) => {
      try {
        await context.clock.sleep(ms);
        say(`${name} done`);
        return name;
      } catch (error) {
        say(`${name} ${error instanceof Cancelled ? 'cancelled' : 'failed'}`);
        throw error;
      } finally {
        say(`${name} finally`);
      }
    };
  const run = async <T>(branch: Branch<T>) => await world.run(order, branch);
  return { world, order, log, say, step, run };
}

const failing =
  (ms: number) =>
  async (context: Context): Promise<string> => {
    await context.clock.sleep(ms);
    throw new Error(`failed at ${ms}`);
  };

describe('port calls', () => {
  test('K-1 begun when called, blocking when awaited', async () => {
    const { world, run } = setUp();
    await run(async (context) => {
      const nap = context.clock.sleep(100);
      await context.clock.sleep(60);
      await nap;
    });
    expect(world.nowMs).toBe(100);
  });

  test('K-2 a second await throws and names the call', async () => {
    const { run } = setUp();
    await expect(
      run(async (context) => {
        const nap = context.clock.sleep(1);
        await nap;
        await nap;
      }),
    ).rejects.toThrow("'clock.sleep' was awaited twice");
  });

  test('K-3 two port calls awaited at once throw and name both', async () => {
    const { world, order } = setUp();
    const pending = world.begin(order, async (context) => {
      const work = async () => await context.work(5);
      await Promise.all([(async () => await context.clock.sleep(5))(), work()]);
    });
    // Such a process cannot be counted, so the run ends with it.
    await expect(world.runFor(1)).rejects.toThrow('counted out twice');
    expect(pending.outcome).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^'work' was awaited while 'clock\.sleep' is pending in the same process \('.*'\): use context\.all/,
        ),
      },
    });
  });

  test('K-4 a wait that is no port call is found out', async () => {
    const { run } = setUp();
    await expect(run(async () => await new Promise<void>(() => {}))).rejects.toThrow(
      'wait for something that is no port call',
    );
  });
});

describe('all', () => {
  test('K-5 values in order, as long as the longest', async () => {
    const { world, run, step } = setUp();
    expect(await run((context) => context.all([step('a', 30), step('b', 10), () => 7]))).toEqual([
      'a',
      'b',
      7,
    ]);
    expect(world.nowMs).toBe(30);
    expect(await run((context) => context.all([]))).toEqual([]);
  });

  test('K-5 the first error is thrown when all have unwound', async () => {
    const { run, step, log, say } = setUp();
    await expect(
      run((context) =>
        context.all([
          step('a', 50),
          failing(10),
          async (own) => {
            try {
              await own.clock.sleep(40);
            } finally {
              say('cleaned up');
            }
          },
        ]),
      ),
    ).rejects.toThrow('failed at 10');
    expect(log).toEqual(['10 a cancelled', '10 a finally', '10 cleaned up']);
  });
});

describe('race and within', () => {
  test('K-6 the first end wins; losers have unwound when it settles', async () => {
    const { run, step, log, say } = setUp();
    const winner = await run(async (context) => {
      const value = await context.race([step('slow', 50), step('fast', 10)]);
      say('settled');
      return value;
    });
    expect(winner).toBe('fast');
    expect(log).toEqual([
      '10 fast done',
      '10 fast finally',
      '10 slow cancelled',
      '10 slow finally',
      '10 settled',
    ]);
  });

  test('K-6 a bad end wins too', async () => {
    const { run, step } = setUp();
    await expect(run((context) => context.race([step('slow', 50), failing(10)]))).rejects.toThrow(
      'failed at 10',
    );
  });

  test('K-6 a branch that ends at once', async () => {
    const { run, step, world } = setUp();
    expect(await run((context) => context.race([() => 'now', step('slow', 50)]))).toBe('now');
    expect(world.nowMs).toBe(0);
  });

  test('K-7 within: ok in time, timeout with the branch cancelled otherwise', async () => {
    const { run, step, log } = setUp();
    expect(await run((context) => context.within(20, step('a', 10)))).toEqual({ ok: true, value: 'a' });
    expect(await run((context) => context.within(20, step('b', 30)))).toEqual({
      ok: false,
      error: 'timeout',
    });
    expect(log.slice(2)).toEqual(['30 b cancelled', '30 b finally']);
  });
});

describe('scope and fork', () => {
  test('K-8 another deadline and another span, only inside', async () => {
    const { run } = setUp();
    await run(async (context) => {
      const deadlineUs = plusMs(context.clock.now(), 100);
      await context.scope({ name: 'outer', span: 'child', deadlineUs }, async (outer) => {
        expect(outer.deadlineUs).toBe(deadlineUs);
        await outer.scope({ name: 'inner', span: 'child', deadlineUs: null }, async (inner) => {
          expect(inner.deadlineUs).toBeNull();
          expect(inner.span?.traceId).toBe(outer.span?.traceId);
          expect(inner.span?.spanId).not.toBe(outer.span?.spanId);
        });
        const parent = outer.span;
        if (parent === null) throw new Error('no span');
        await outer.scope({ name: 'same', span: parent }, async (same) => expect(same.span).toEqual(parent));
      });
      expect(context.deadlineUs).toBeNull();
    });
  });

  test('K-9 a fork outlives its process and its deadline', async () => {
    const { run, world, step, log } = setUp();
    await run(async (context) => {
      await context.scope({ name: 's', deadlineUs: plusMs(context.clock.now(), 10) }, async (own) => {
        own.fork({ name: 'f' }, async (forked) => {
          expect(forked.deadlineUs).toBeNull();
          await step('fork', 100)(forked);
        });
        await own.clock.sleep(5);
      });
    });
    expect(world.nowMs).toBe(5);
    await world.runFor(200);
    expect(log[0]).toBe('100 fork done');
  });

  test('K-9 a fork that throws is logged; one that is cancelled is not', async () => {
    const { run, world } = setUp();
    await run(async (context) => {
      context.fork({ name: 'bad' }, async (own) => {
        await failing(1)(own);
      });
      const good = context.fork({ name: 'cancelled' }, async (own) => {
        await own.clock.sleep(50);
      });
      await context.clock.sleep(10);
      good.cancel('enough');
      await context.clock.sleep(10);
    });
    expect(world.eventsOf('process.failed')).toMatchObject([{ process: 'bad', error: 'failed at 1' }]);
  });

  test('K-10 a background task that throws begins again after a second', async () => {
    const world = createTestWorld();
    const began: number[] = [];
    world.add(
      testService('user', {
        background: [
          {
            name: 'beat',
            run: async (context) => {
              began.push(world.nowMs);
              await context.clock.sleep(100);
              if (began.length < 3) throw new Error('again');
            },
          },
        ],
      }),
    );
    await world.runFor(5000);
    expect(began).toEqual([0, 1100, 2200]);
    expect(world.eventsOf('process.failed')).toHaveLength(2);
  });
});

describe('cancellation', () => {
  test('K-11 reaches every child, and every finally runs', async () => {
    const { world, order, log, step } = setUp();
    const pending = world.begin(order, async (context) => {
      await context.all([
        step('a', 100),
        async (own) => {
          await own.race<string>([
            step('b', 100),
            async (inner) => await inner.scope({ name: 's' }, step('c', 100)),
          ]);
        },
        async (own) => await own.within(90, step('d', 100)),
      ]);
    });
    await world.runFor(10);
    pending.cancel();
    await world.runFor(0);
    expect(log.filter((line) => line.endsWith('cancelled'))).toHaveLength(4);
    expect(log.filter((line) => line.endsWith('finally'))).toHaveLength(4);
    expect(pending.outcome).toMatchObject({ ok: false });
    expect(world.eventsOf('process.failed')).toEqual([]);
  });

  test('K-11 a process that runs on meets it at its next port call, begun before or after', async () => {
    const { run, say, log } = setUp();
    await run(async (context) => {
      await context.race([
        async (own) => {
          const begunBefore = own.clock.sleep(100);
          try {
            await own.clock.sleep(50);
          } catch {
            // what must not be done: going on after Cancelled
          }
          try {
            await begunBefore;
          } catch (error) {
            say(`begun before: ${error instanceof Cancelled}`);
          }
          try {
            await own.clock.sleep(5);
          } catch (error) {
            say(`begun after: ${error instanceof Cancelled}`);
          }
        },
        async (own) => {
          await own.clock.sleep(10);
        },
      ]);
      say('settled');
    });
    expect(log).toEqual(['10 begun before: true', '10 begun after: true', '10 settled']);
  });

  test('K-11 children of a cancelled process are born cancelled', async () => {
    const { run, say, log } = setUp();
    await run(async (context) => {
      await context.race<unknown>([
        async (own) => {
          try {
            await own.clock.sleep(50);
          } finally {
            try {
              await own.all([async (child) => await child.clock.sleep(1)]);
            } catch (error) {
              say(`${error instanceof Cancelled}`);
            }
          }
        },
        async () => 'first',
      ]);
    });
    expect(log).toEqual(['0 true']);
  });

  test('K-11 a join settles only when its children have unwound, however deep they are', async () => {
    const { world, order, say, log } = setUp();
    const deep = async (context: Context, depth: number): Promise<void> => {
      try {
        if (depth === 0) await context.clock.sleep(100);
        else await context.scope({ name: `${depth}` }, async (own) => await deep(own, depth - 1));
      } finally {
        say(`${depth}`);
      }
    };
    const pending = world.begin(order, async (context) => await deep(context, 4));
    await world.runFor(10);
    pending.cancel();
    await world.runFor(0);
    expect(log).toEqual(['10 0', '10 1', '10 2', '10 3', '10 4']);
  });

  test('K-13 after a crash nothing runs: no finally, no event', async () => {
    const { world, order, log, step } = setUp();
    world.begin(order, step('a', 100));
    await world.runFor(10);
    world.crash(order);
    const events = world.events.length;
    await world.runFor(1000);
    expect(log).toEqual([]);
    expect(world.events).toHaveLength(events);
    world.restart(order);
    await world.runFor(10);
    expect(world.events.at(-1)?.id).toBe('order-1.2.2');
  });
});

describe('coordination', () => {
  test('Gate: those who wait pass when it opens, later ones at once', async () => {
    const { world, order, say, log, run } = setUp();
    const gate = new Gate();
    for (const name of ['a', 'b']) {
      world.begin(order, async (context) => {
        await gate.pass(context);
        say(name);
      });
    }
    await world.runFor(10);
    expect(log).toEqual([]);
    gate.open();
    await run(async (context) => await gate.pass(context));
    expect(log).toEqual(['10 a', '10 b']);
  });

  test('Queue: first in, first out; a taker that gave up takes nothing', async () => {
    const { world, order, say, log } = setUp();
    const queue = new Queue<number>();
    const takers = ['a', 'b'].map((name) =>
      world.begin(order, async (context) => {
        say(`${name} ${await queue.take(context)}`);
      }),
    );
    await world.runFor(1);
    takers[0]?.cancel();
    await world.runFor(1);
    queue.put(1);
    queue.put(2);
    await world.runFor(1);
    expect(log).toEqual(['2 b 1']);
    expect(queue.size).toBe(1);
  });

  test('Mutex: one at a time, in order; given back by a throw and by a cancel', async () => {
    const { world, order, log, step } = setUp();
    const mutex = new Mutex();
    const alone = (branch: Branch<string>) =>
      world.begin(
        order,
        async (context) => await mutex.run(context, async () => await (branch(context) as Promise<string>)),
      );
    const first = alone(step('a', 100));
    alone(failing(10));
    const third = alone(step('c', 10));
    alone(step('d', 10));
    await world.runFor(20);
    third.cancel(); // while it waits
    first.cancel(); // while it is inside
    await world.runFor(100);
    expect(log).toEqual(['20 a cancelled', '20 a finally', '40 d done', '40 d finally']);
  });

  test('K-14 Semaphore: never more than its permits, nobody waits while one is free, none is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(
          fc.record({ start: fc.nat(20), hold: fc.nat(20), giveUp: fc.option(fc.nat(25), { nil: null }) }),
          { maxLength: 12 },
        ),
        async (permits, visitors) => {
          const { world, order } = setUp();
          const semaphore = new Semaphore(permits);
          let inside = 0;
          for (const { start, hold, giveUp } of visitors) {
            world.after(start, () => {
              const pending = world.begin(order, async (context) => {
                await semaphore.acquire(context);
                inside += 1;
                expect(inside).toBeLessThanOrEqual(permits);
                try {
                  await context.clock.sleep(hold);
                } finally {
                  inside -= 1;
                  semaphore.release();
                }
              });
              if (giveUp !== null) world.after(giveUp, () => pending.cancel());
            });
          }
          await world.runFor(1000);
          expect([inside, semaphore.used, semaphore.waiting]).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('Once: one computation for all who ask, a failure told to all and forgotten', async () => {
    const { world, order, log, say, step } = setUp();
    const once = new Once<string>();
    const ask = (name: string, compute: Branch<string>) =>
      world.begin(order, async (context) => {
        try {
          say(
            `${name} got ${await once.get(context, async () => await (compute(context) as Promise<string>))}`,
          );
        } catch (error) {
          say(`${name} ${(error as Error).message}`);
        }
      });
    ask('a', failing(10));
    ask('b', step('never', 1));
    await world.runFor(20);
    ask('c', step('value', 10));
    ask('d', step('never', 1));
    await world.runFor(20);
    ask('e', step('never', 1));
    await world.runFor(1);
    expect(log.toSorted()).toEqual(
      [
        '10 a failed at 10',
        '10 b failed at 10',
        '30 value done',
        '30 value finally',
        '30 c got value',
        '30 d got value',
        '40 e got value',
      ].toSorted(),
    );
  });

  test('K-14 Once: when the one who computes is cancelled, another computes', async () => {
    const { world, order } = setUp();
    const once = new Once<string>();
    let computed = 0;
    const ask = () =>
      world.begin(
        order,
        async (context) =>
          await once.get(context, async () => {
            computed += 1;
            await context.clock.sleep(10);
            return 'value';
          }),
      );
    const first = ask();
    const others = [ask(), ask()];
    await world.runFor(5);
    first.cancel();
    await world.runFor(20);
    expect(others.map(({ outcome }) => outcome)).toEqual([1, 2].map(() => ({ ok: true, value: 'value' })));
    expect(computed).toBe(2);
  });
});
