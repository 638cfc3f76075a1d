import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../kernel/index.ts';
import type { Packing, Stop } from '../../projections/index.ts';
import { Script } from '../../projections/testing/script.ts';
import { classroom } from '../../setups/index.ts';
import type { PageRun } from './page-run.ts';
import { createRunStore } from './run-store.ts';

const packing: Packing = {
  pack: async (text) => new TextEncoder().encode(text),
  unpack: async (bytes) => new TextDecoder().decode(bytes),
};
const FAULT = { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A live run of 30 s that a test writes: an order each second, a fault at 0:10. */
async function open(kind: 'live' | 'lab' = 'live') {
  const script = new Script();
  script.write(
    { at: 0, by: 'run-1' },
    { type: 'run.started', seed: 1, composition: 'microservices', host: 'test', setup: 'classroom' },
  );
  for (let second = 1; second <= 30; second += 1) {
    script.order(second, `o${second}`);
    if (second === 10) script.fault(10.5, 'f1', FAULT);
  }
  const listeners = new Set<(events: readonly RunEvent[]) => void>();
  const clock = { nowUs: 31_000_000, paused: true, speed: 1 };
  const commands: unknown[] = [];
  const stops: unknown[] = [];
  const failing = new Set<string>();
  const wish: { stop: Stop | null } = { stop: null };
  const run: PageRun = {
    command: async (command) => {
      commands.push((command as { type: string }).type);
      const { type } = command as { type: string };
      if (failing.has(type)) throw new Error('the worker is gone');
      if (type === 'run.pause') clock.paused = true;
      if (type === 'run.resume') clock.paused = false;
      return { ok: true, value: {} };
    },
    subscribe: (listener) => {
      listeners.add(listener);
      listener(script.events);
      return () => listeners.delete(listener);
    },
    clock: () => clock,
    tables: async () => ({}),
    notices: () => [],
    onNotice: () => () => {},
    stop: async () => {
      stops.push('stopped');
    },
    lab:
      kind === 'live'
        ? null
        : {
            seed: 1,
            runTo: async () => {},
            stopAt: (stop) => {
              wish.stop = stop;
            },
            stopsAt: () => wish.stop,
            beside: () => () => {},
            between: async (act) => act(),
            fork: async (_, { signal }) => {
              await new Promise((resolve) => setTimeout(resolve, 100));
              return signal.aborted ? null : { ...run, lab: run.lab };
            },
            again: async () => null,
          },
  };
  const store = createRunStore(async () => ({ run, scenario: { setup: classroom, commands: [] } }), packing);
  await vi.waitUntil(() => store.getState().phase === 'ready');
  const write = (act: (script: Script) => void) => {
    const before = script.events.length;
    act(script);
    for (const listener of listeners) listener(script.events.slice(before));
  };
  return { store, script, clock, commands, stops, wish, write, listeners, failing };
}

const faultsShown = (store: Awaited<ReturnType<typeof open>>['store']) =>
  store.getState().projections.faults.byId.size;

it('shows a moment of the past and pauses the run; what goes on meanwhile is recorded, not shown', async () => {
  const { store, clock, commands, write } = await open();
  clock.paused = false;
  await store.scrub(9_000_000);
  expect(commands).toEqual(['run.pause']);
  expect(store.getState()).toMatchObject({
    following: false,
    nowUs: 9_000_000,
    paused: true,
    headUs: 31_000_000,
  });
  expect(faultsShown(store)).toBe(0);
  write((script) => script.fault(32, 'f2', FAULT));
  expect(faultsShown(store)).toBe(0);
  store.follow();
  expect(store.getState()).toMatchObject({ following: true, nowUs: 31_000_000 });
  expect(faultsShown(store)).toBe(2);
});

it('shows the latest moment that was asked for, however many there were', async () => {
  const { store } = await open();
  await Promise.all([5, 25, 3, 12, 7].map((second) => store.scrub(second * 1_000_000)));
  expect(store.getState().nowUs).toBe(7_000_000);
  expect(store.getState().projections.orders.byOrder.size).toBe(7);
});

it('steps over what cannot be seen, on and back', async () => {
  const { store, script } = await open();
  await store.scrub(9_000_000);
  const from = store.getState().projections.facts.lastSeq;
  await store.step(1);
  const { lastSeq } = store.getState().projections.facts;
  expect(lastSeq).toBeGreaterThan(from);
  expect(store.getState().nowUs).toBe(script.events[lastSeq]?.timeUs);
  await store.step(1);
  await store.step(-1);
  expect(store.getState().projections.facts.lastSeq).toBe(lastSeq);
});

it('plays the recording at its speed, and where that ends the run goes on', async () => {
  const { store, commands } = await open();
  await store.scrub(29_000_000);
  await store.play();
  expect(store.getState().paused).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  expect(store.getState().nowUs).toBeGreaterThan(29_500_000);
  expect(store.getState().following).toBe(false);
  await vi.advanceTimersByTimeAsync(3000);
  expect(store.getState().following).toBe(true);
  expect(commands).toEqual(['run.resume']);
});

it('stops in the recording at what was asked for', async () => {
  const { store, write } = await open();
  write((script) => script.breaker(30.5, 'order-1', 'shipping', 'CLOSED', 'OPEN', {}, 31));
  await store.scrub(29_500_000);
  store.setStop('breaker');
  await store.play();
  await vi.advanceTimersByTimeAsync(5000);
  expect(store.getState()).toMatchObject({ nowUs: 30_500_000, paused: true, following: false, stopAt: null });
});

it('pauses a live run when it hears of what it was to stop at', async () => {
  const { store, clock, write } = await open();
  store.setStop('breaker');
  await store.play();
  write((script) => script.order(31, 'o31'));
  expect(clock.paused).toBe(false);
  write((script) => script.breaker(32, 'order-1', 'shipping', 'CLOSED', 'OPEN', {}, 33));
  expect(clock.paused).toBe(true);
});

it('keeps a fork beside the run that it came from, and can go back to that', async () => {
  const { store } = await open('lab');
  await store.scrub(12_000_000);
  const forking = store.fork();
  expect(store.getState().job?.title).toBe('Doing the past again');
  await vi.advanceTimersByTimeAsync(200);
  expect(await forking).toBe(true);
  expect(store.getState().branches.map(({ title }) => title)).toEqual(['Run', 'Fork at 12.0 s']);
  const [first] = store.getState().branches;
  expect(store.getState().branch).not.toBe(first?.id);
  store.switchTo(first?.id ?? '');
  expect(store.getState().branch).toBe(first?.id);
  await store.scrub(12_000_000);
  const again = store.fork();
  await vi.advanceTimersByTimeAsync(200);
  await again;
  expect(store.getState().branches.at(-1)?.title).toBe('Fork at 12.0 s (2)');
});

it('changes nothing when a fork is cancelled', async () => {
  const { store } = await open('lab');
  await store.scrub(12_000_000);
  const forking = store.fork();
  store.getState().job?.cancel();
  await vi.advanceTimersByTimeAsync(200);
  expect(await forking).toBe(false);
  expect(store.getState()).toMatchObject({ job: null, following: false, nowUs: 12_000_000 });
  expect(store.getState().branches).toHaveLength(1);
});

it('takes its peer along through the past', async () => {
  const [left, right] = [await open('lab'), await open('lab')];
  left.store.setPeer(right.store);
  await left.store.scrub(9_000_000);
  expect(right.store.getState()).toMatchObject({ following: false, nowUs: 9_000_000 });
  left.store.follow();
  expect(right.store.getState().following).toBe(true);
});

it('ends a run when another is opened, and keeps nothing of it', async () => {
  const first = await open();
  await first.store.scrub(5_000_000);
  const second = await open();
  const recording = second.store.recording();
  if (recording === null) throw new Error('nothing is recorded');
  await first.store.open(async () => ({ run: recording.run, scenario: recording.scenario }));
  expect(first.stops).toEqual(['stopped']);
  expect(first.store.getState()).toMatchObject({ phase: 'ready', following: true });
});

it('in the Lab stops once at what it was asked for, and then goes on', async () => {
  const { store, wish } = await open('lab');
  store.setStop('breaker');
  await store.play();
  expect({ lab: wish.stop, shown: store.getState().stopAt }).toEqual({ lab: 'breaker', shown: 'breaker' });
  // The player has come there.
  wish.stop = null;
  await store.pause();
  expect(store.getState().stopAt).toBe(null);
  await store.play();
  expect(wish.stop).toBe(null);
});

it('after a reset a live run does not stop at what the run before came to', async () => {
  const { store, clock, write, listeners } = await open();
  write((script) => script.breaker(32, 'order-1', 'shipping', 'CLOSED', 'OPEN', {}, 33));
  const again = new Script();
  again.write(
    { at: 0, by: 'run-1' },
    { type: 'run.started', seed: 1, composition: 'microservices', host: 'test', setup: 'classroom' },
  );
  again.order(1, 'o1');
  for (const listener of listeners) listener(again.events);
  store.setStop('breaker');
  await store.play();
  again.order(2, 'o2');
  for (const listener of listeners) listener(again.events.slice(-5));
  expect(clock.paused).toBe(false);
});

it('says why a reset failed, and can be used again', async () => {
  const { store, commands, failing } = await open();
  failing.add('run.reset');
  expect(await store.reset()).toEqual({ ok: false, error: { message: 'the worker is gone' } });
  expect(store.getState().phase).toBe('ready');
  failing.clear();
  expect((await store.reset()).ok).toBe(true);
  expect(commands.filter((type) => type === 'run.reset')).toHaveLength(2);
});

it('refuses to show another branch while a peer runs beside this one', async () => {
  const [left, right] = [await open('lab'), await open('lab')];
  await left.store.scrub(9_000_000);
  const forking = left.store.fork();
  await vi.advanceTimersByTimeAsync(200);
  expect(await forking).toBe(true);
  const [first] = left.store.getState().branches;
  if (first === undefined) throw new Error('the run before is kept');
  left.store.setPeer(right.store);
  const before = left.store.getState();
  const asked = [...left.commands];
  expect(() => left.store.switchTo(first.id)).toThrow('End the comparison to show another run.');
  expect(left.store.getState()).toBe(before);
  expect(left.commands).toEqual(asked);
  left.store.setPeer(null);
  left.store.switchTo(first.id);
  expect(left.store.getState().branch).toBe(first.id);
});

it('makes no fork of one side of a comparison, and ends those of a run that is reset', async () => {
  const [left, right] = [await open('lab'), await open('lab')];
  await left.store.scrub(9_000_000);
  left.store.setPeer(right.store);
  expect(await left.store.fork()).toBe(false);
  left.store.setPeer(null);
  const forking = left.store.fork();
  await vi.advanceTimersByTimeAsync(200);
  expect(await forking).toBe(true);
  await left.store.reset();
  expect(left.stops).toEqual(['stopped']);
  expect(left.store.getState().branches).toHaveLength(1);
});
