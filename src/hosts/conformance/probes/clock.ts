import { type Context, instanceId, type Json } from '../../../kernel/index.ts';
import { fieldsOf, type Probe, type Probes } from '../probe.ts';
import { askProbe } from './network.ts';

/** Reads the clock around sleeps that take next to no time. */
const readings: Probe = async (context) => {
  const seen: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    seen.push(context.clock.now(), context.clock.now());
    await context.clock.sleep(round % 3 === 0 ? 1 : 0);
  }
  return seen;
};

/** Reads the clock, keeps the thread busy for some milliseconds, and reads it again: no wait in between. */
const busyStep: Probe = async (context) => {
  const before = context.clock.now();
  context.crypto.scrypt('password', new Uint8Array([1]));
  const after = context.clock.now();
  await context.clock.sleep(0);
  return { before, after, later: context.clock.now() };
};

/** Sleeps one after the other; gives how long each took, in µs. */
const sleepLengths: Probe = async (context, input) => {
  const took: number[] = [];
  for (const ms of fieldsOf<readonly number[]>(input)) {
    const before = context.clock.now();
    await context.clock.sleep(ms);
    took.push(context.clock.now() - before);
  }
  return took;
};

/** Sleeps side by side; gives the numbers of those who woke, in their order. */
const wakingOrder: Probe = async (context, input) => {
  const woke: number[] = [];
  await context.all(
    fieldsOf<readonly number[]>(input).map((ms, number) => async (own: Context) => {
      await own.clock.sleep(ms);
      woke.push(number);
    }),
  );
  return woke;
};

/** Two branches take turns by sleeps of no length. */
const turns: Probe = async (context) => {
  const trail: string[] = [];
  const branch = (name: string) => async (own: Context) => {
    for (let turn = 1; turn <= 3; turn += 1) {
      trail.push(`${name}${turn}`);
      await own.clock.sleep(turn === 2 ? -5 : 0);
    }
  };
  await context.all([branch('a'), branch('b')]);
  return trail;
};

/** One clock for all: what another instance reads lies between two readings here. */
const hereAndThere: Probe = async (context) => {
  const rounds: Json[] = [];
  for (let round = 0; round < 5; round += 1) {
    const before = context.clock.now();
    const there = await askProbe(context, instanceId('product', 1), 'now', null);
    rounds.push({ before, there, after: context.clock.now() });
  }
  return rounds;
};

export const clockProbes: Probes = {
  readings,
  busyStep,
  sleepLengths,
  wakingOrder,
  turns,
  hereAndThere,
  now: async (context) => Promise.resolve(context.clock.now()),
};
