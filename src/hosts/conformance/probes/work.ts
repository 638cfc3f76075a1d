import type { Context, Json } from '../../../kernel/index.ts';
import { fieldsOf, type Probe, type Probes } from '../probe.ts';

/** So many pieces of work at once; gives who was done when (µs since the start), in their order. */
const workAtOnce: Probe = async (context, input) => {
  const { pieces, ms } = fieldsOf<{ pieces: number; ms: number }>(input);
  const start = context.clock.now();
  const done: Json[] = [];
  await context.all(
    Array.from({ length: pieces }, (_, number) => async (own: Context) => {
      await own.work(ms);
      done.push({ number, atUs: own.clock.now() - start });
    }),
  );
  return done;
};

/** Takes every CPU slot, gives one piece up, and sees whether the next piece gets its slot. */
const cancelledWork: Probe = async (context, input) => {
  const { slots } = fieldsOf<{ slots: number }>(input);
  const start = context.clock.now();
  const given = await context.all([
    ...Array.from({ length: slots }, () => async (own: Context) => {
      await own.within(20, async (inner) => await inner.work(1000));
      return own.clock.now() - start;
    }),
    async (own: Context) => {
      await own.work(10);
      return own.clock.now() - start;
    },
  ]);
  return given as Json;
};

/** Background work that stands in for a request: it holds a slot as long as it runs. */
const holdSlots: Probe = async (context, input) => {
  const { pieces, ms } = fieldsOf<{ pieces: number; ms: number }>(input);
  const start = context.clock.now();
  const done: Json[] = [];
  await context.all(
    Array.from({ length: pieces }, (_, number) => async (own: Context) => {
      await own.withSlot(async (inner) => {
        await inner.clock.sleep(ms);
        done.push({ number, atUs: inner.clock.now() - start });
      });
    }),
  );
  return done;
};

/** What the settings say now, and again after a while: a running process sees the change. */
const watchSettings: Probe = async (context, input) => {
  const { ms } = fieldsOf<{ ms: number }>(input);
  const before = context.settings.cartHoldMs;
  await context.clock.sleep(ms);
  return { before, after: context.settings.cartHoldMs };
};

export const workProbes: Probes = { workAtOnce, cancelledWork, holdSlots, watchSettings };
