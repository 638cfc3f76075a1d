import {
  Cancelled,
  type Context,
  defineLocal,
  Gate,
  instanceId,
  type Json,
  Mutex,
  Once,
  plusMs,
  Queue,
  Semaphore,
} from '../../../kernel/index.ts';
import { errorText, fieldsOf, type Probe, type Probes } from '../probe.ts';
import { itemsTable } from '../tables.ts';
import { sendTo } from './network.ts';

/** Sleeps, and leaves a trail of how that ended. */
const walker =
  (trail: string[], name: string, ms: number) =>
  async (own: Context): Promise<string> => {
    try {
      await own.clock.sleep(ms);
      trail.push(`${name} done`);
      return name;
    } catch (error) {
      trail.push(`${name} ${error instanceof Cancelled ? 'cancelled' : 'failed'}`);
      throw error;
    } finally {
      trail.push(`${name} finally`);
    }
  };

const allInOrder: Probe = async (context) => {
  const trail: string[] = [];
  const values = await context.all([
    walker(trail, 'slow', 30),
    walker(trail, 'fast', 10),
    async () => await Promise.resolve('at once'),
  ]);
  return { values: [...values], trail };
};

const allFails: Probe = async (context) => {
  const trail: string[] = [];
  try {
    await context.all([
      walker(trail, 'a', 50),
      async (own: Context) => {
        await own.clock.sleep(10);
        trail.push('b throws');
        throw new Error('b broke');
      },
      async (own: Context) => {
        try {
          await own.clock.sleep(50);
        } finally {
          trail.push('c finally');
          // oxlint-disable-next-line no-unsafe-finally -- the second error must not hide the first
          throw new Error('c broke too');
        }
      },
    ]);
  } catch (error) {
    trail.push(`all: ${errorText(error)}`);
  }
  return trail;
};

const raceWinner: Probe = async (context) => {
  const trail: string[] = [];
  const winner = await context.race([
    walker(trail, 'hare', 10),
    walker(trail, 'tortoise', 50),
    walker(trail, 'snail', 60),
  ]);
  trail.push(`race: ${winner}`);
  try {
    await context.race([
      walker(trail, 'late', 50),
      async (own: Context) => {
        await own.clock.sleep(10);
        throw new Error('fell');
      },
    ]);
  } catch (error) {
    trail.push(errorText(error));
  }
  return trail;
};

const withinTime: Probe = async (context) => {
  const trail: string[] = [];
  const soon = await context.within(200, walker(trail, 'soon', 10));
  const late = await context.within(10, walker(trail, 'late', 200));
  return { soon: soon as unknown as Json, late: late as unknown as Json, trail };
};

const scopes: Probe = async (context) => {
  const trail: string[] = [];
  const deadlineUs = plusMs(context.clock.now(), 5000);
  const inside = await context.scope({ name: 'inner', span: 'child', deadlineUs }, async (own) => {
    await own.clock.sleep(1);
    return {
      sameTrace: own.span?.traceId === context.span?.traceId,
      otherSpan: own.span?.spanId !== context.span?.spanId,
      deadline: own.deadlineUs === deadlineUs,
    };
  });
  try {
    await context.scope({ name: 'throws' }, async () => await Promise.reject(new Error('from inside')));
  } catch (error) {
    trail.push(errorText(error));
  }
  return { inside, trail };
};

const cancelledThroughout: Probe = async (context) => {
  const trail: string[] = [];
  // A process that was cancelled meets it at each port, whether it waits there or comes there later.
  await context.within(10, async (own) => {
    try {
      await own.clock.sleep(100);
    } finally {
      const ports = {
        sleep: () => own.clock.sleep(1),
        work: () => own.work(1),
        send: () => sendTo(own, { to: instanceId('product', 1), path: '/echo?cancelled=1' }),
        transact: () =>
          own.store.transact('cancelled', [itemsTable], 'readwrite', async (tx) =>
            tx.put(itemsTable, { id: 'cancelled' }),
          ),
        all: () => own.all([walker(trail, 'never', 1)]),
      };
      for (const [name, call] of Object.entries(ports)) {
        try {
          await call();
          trail.push(`${name} went through`);
        } catch (error) {
          trail.push(`${name}: ${error instanceof Cancelled ? 'cancelled' : errorText(error)}`);
        }
      }
    }
  });
  return trail;
};

/** Gives up a transaction of very many operations after 5 ms; gives how it ended. */
const cancelledTransaction: Probe = async (context) => {
  const outcome = await context.within(5, async (own) => {
    return await own.store.transact('given up', [itemsTable], 'readwrite', async (tx) => {
      await tx.put(itemsTable, { id: 'given-up' });
      for (let look = 0; look < 5000; look += 1) await tx.list(itemsTable, { limit: 1 });
      return 'committed';
    });
  });
  return outcome as unknown as Json;
};

const shared = defineLocal('shared', () => ({
  gate: new Gate(),
  queue: new Queue<string>(),
  semaphore: new Semaphore(1),
  mutex: new Mutex(),
  once: new Once<string>(),
}));

/** Whoever is cancelled while it waits for a place leaves it to the next who waits. */
const waitingPlaces: Probe = async (context) => {
  const trail: string[] = [];
  const { gate, queue, semaphore, mutex, once } = context.local(shared);
  gate.close();
  const gaveUp = (name: string, result: { readonly ok: boolean }) =>
    trail.push(`${name} ${result.ok ? 'passed' : 'gave up'}`);
  await context.all([
    async (own: Context) => gaveUp('gate', await own.within(10, async (inner) => await gate.pass(inner))),
    async (own: Context) => {
      await gate.pass(own);
      trail.push('gate opened');
    },
    async (own: Context) => {
      await own.clock.sleep(30);
      gate.open();
    },
  ]);
  await context.all([
    async (own: Context) => gaveUp('queue', await own.within(10, async (inner) => await queue.take(inner))),
    async (own: Context) => {
      trail.push(`took ${await queue.take(own)}`);
    },
    async (own: Context) => {
      await own.clock.sleep(30);
      queue.put('the item');
    },
  ]);
  await semaphore.acquire(context);
  await context.all([
    async (own: Context) =>
      gaveUp('semaphore', await own.within(10, async (inner) => await semaphore.acquire(inner))),
    async (own: Context) => {
      await semaphore.acquire(own);
      trail.push('got the permit');
      semaphore.release();
    },
    async (own: Context) => {
      await own.clock.sleep(30);
      semaphore.release();
    },
  ]);
  await context.all([
    async (own: Context) =>
      gaveUp(
        'mutex',
        await own.within(
          10,
          async (inner) => await mutex.run(inner, async () => await inner.clock.sleep(100)),
        ),
      ),
    async (own: Context) => {
      await own.clock.sleep(1);
      await mutex.run(own, async () => {
        trail.push('alone');
        return await Promise.resolve();
      });
    },
  ]);
  await context.all([
    async (own: Context) =>
      gaveUp(
        'once',
        await own.within(
          10,
          async (inner) =>
            await once.get(inner, async () => {
              await inner.clock.sleep(100);
              return 'first';
            }),
        ),
      ),
    async (own: Context) => {
      await own.clock.sleep(1);
      trail.push(
        await once.get(own, async () => {
          await own.clock.sleep(1);
          return 'computed by the second';
        }),
      );
    },
  ]);
  return trail;
};

/** A fork goes on after its process has answered; gives at once. */
const forkAndLeave: Probe = async (context, input) => {
  const { ms, name } = fieldsOf<{ ms: number; name: string }>(input);
  context.fork({ name: 'fork' }, async (own) => {
    own.log.info(`${name} deadline ${own.deadlineUs === null ? 'none' : 'some'}`);
    await own.clock.sleep(ms);
    own.log.info(`${name} went on`);
    throw new Error(`${name} broke`);
  });
  const cancelled = context.fork({ name: 'cancelled fork' }, async (own) => {
    try {
      await own.clock.sleep(60_000);
    } finally {
      own.log.info(`${name} was cancelled`);
    }
  });
  await context.clock.sleep(1);
  cancelled.cancel('not needed');
  return await Promise.resolve('left');
};

/** A port call is awaited once. */
const awaitedTwice: Probe = async (context) => {
  const once = context.clock.sleep(1);
  await once;
  try {
    await once;
    return 'awaited twice';
  } catch (error) {
    return errorText(error);
  }
};

export const cancellationProbes: Probes = {
  allInOrder,
  allFails,
  raceWinner,
  withinTime,
  scopes,
  cancelledThroughout,
  cancelledTransaction,
  waitingPlaces,
  forkAndLeave,
  awaitedTwice,
};
