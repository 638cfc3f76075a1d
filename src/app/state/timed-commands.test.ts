import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Json, RunEvent } from '../../kernel/index.ts';
import { Script } from '../../projections/testing/script.ts';
import type { RunCommand } from '../../setups/index.ts';
import type { PageRun } from './page-run.ts';
import { doOnTime } from './timed-commands.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const RUSH: RunCommand = { type: 'load.set', ordersPerSecond: 9 };

/** A live run: whoever subscribes first has all that was kept, who comes later only the latest. */
function live(nowS: number, write: (script: Script) => void = () => {}) {
  const script = new Script();
  script.write(
    { at: 0, by: 'run-1' },
    { type: 'run.started', seed: 1, composition: 'microservices', host: 'test', setup: 'x' },
  );
  write(script);
  const clock = { nowUs: nowS * 1_000_000, paused: false, speed: 1 };
  const done: unknown[] = [];
  let kept: readonly RunEvent[] = script.events;
  const run: PageRun = {
    command: async (command) => {
      done.push(command);
      return { ok: true, value: {} };
    },
    subscribe: (listener) => {
      listener(kept);
      kept = kept.slice(-1);
      return () => {};
    },
    clock: () => clock,
    tables: async () => ({}),
    notices: () => [],
    onNotice: () => () => {},
    stop: async () => {},
    lab: null,
  };
  return { run, clock, done, events: script.events };
}

it('does what the setup says at its time, once', async () => {
  const { run, clock, done } = live(3);
  const timed = doOnTime(run, [{ atMs: 8000, command: RUSH }]);
  timed.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(500);
  expect(done).toEqual([]);
  clock.nowUs = 8_000_000;
  await vi.advanceTimersByTimeAsync(500);
  expect(done).toEqual([RUSH]);
  await timed.stop();
});

it('after a reload it does nothing again that the log knows of, and whoever subscribes has the whole log', async () => {
  const { run, done, events } = live(20, (script) => {
    script.order(2, 'o1');
    script.write({ at: 8.02, by: 'run-1' }, { type: 'run.commanded', command: RUSH as unknown as Json });
    script.order(9, 'o2');
  });
  const timed = doOnTime(run, [{ atMs: 8000, command: RUSH }]);
  const heard: RunEvent[] = [];
  timed.subscribe((batch) => heard.push(...batch));
  await vi.advanceTimersByTimeAsync(500);
  expect(done).toEqual([]);
  expect(heard).toEqual(events);
  await timed.stop();
});
