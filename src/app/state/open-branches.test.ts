// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import type { RunEvent } from '../../kernel/index.ts';
import { classroom } from '../../setups/index.ts';
import { startLabRuns } from '../lab/lab-page-run.ts';
import { portsInThread } from '../lab/testing/ports-in-thread.ts';
import { type Actions, createActions } from './actions.ts';
import { openBranches } from './comparison.ts';
import { browserPacking } from './packing.ts';
import type { PageRun } from './page-run.ts';
import { createRunStore, type RunStore, whenReady } from './run-store.ts';
import { createViewStore } from './view-store.ts';

const scenario = { setup: classroom, commands: [] };
const SLOW = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 2000,
  spreadShare: 0,
  share: 1,
  lengthMs: null,
};

/** A run of 6 s with a fault from 3.0 s on, and a fork of it at 4 s, which is shown. */
async function forked() {
  const { newPort } = portsInThread();
  const [run] = await startLabRuns({ plans: [{ scenario, seed: 3, composition: 'microservices' }], newPort });
  if (run === undefined) throw new Error('one plan is one run');
  const store = createRunStore(async () => ({ run, scenario }), browserPacking);
  await whenReady(store);
  await store.runTo(3_000_000);
  await run.command({ type: 'fault.add', fault: SLOW });
  await store.runTo(6_000_000);
  await store.scrub(4_000_000);
  expect(await store.fork()).toBe(true);
  const [first] = store.getState().branches;
  if (first === undefined) throw new Error('the run before is kept');
  const told: string[] = [];
  const compare = () => openBranches(store, first.id, (note) => told.push(note));
  return { run, store, first, told, compare };
}

const fork = (store: RunStore): PageRun => {
  const { run } = store.getState();
  if (run === null) throw new Error('nothing is shown');
  return run;
};
const faults = async (store: RunStore): Promise<unknown[]> => {
  const events: readonly RunEvent[] = (await store.recording()?.history.events(0)) ?? [];
  return events.flatMap((event) =>
    event.type === 'fault.started' || event.type === 'fault.ended' ? [[event.type, event.faultId]] : [],
  );
};

it('brings the earlier one to the later one’s moment, and counts from where they parted', async () => {
  const { store, first, compare } = await forked();
  const comparison = await compare();
  expect(comparison).toMatchObject({ branch: first.id, titles: ['Fork at 4.0 s', 'Run'], fromUs: 4_000_000 });
  expect(store.getState().headUs).toBe(6_000_000);
  expect(comparison?.peer.getState().headUs).toBe(6_000_000);
  await store.runTo(7_000_000);
  expect(comparison?.peer.recording()?.run.clock().nowUs).toBe(7_000_000);
  store.stop();
});

it('does on both what is done to one; a fault of the common past is the same on both', async () => {
  const { store, compare } = await forked();
  const { mirror, peer } = (await compare()) ?? {};
  if (mirror === undefined || peer === undefined) throw new Error('nobody cancelled it');
  const [past] = [...store.getState().projections.faults.byId.keys()];
  await mirror.command(fork(store), { type: 'fault.add', fault: { ...SLOW, addMs: 50 } });
  await mirror.command(fork(store), { type: 'fault.clear', faultId: past });
  await store.runTo(6_500_000);
  const here = await faults(store);
  expect(here).toHaveLength(3);
  expect(await faults(peer)).toEqual(here);
  store.stop();
});

it('a fault since they parted is not taken for the other one’s of the same name', async () => {
  const { store, first, run, compare } = await forked();
  await fork(store).command({ type: 'fault.add', fault: { ...SLOW, addMs: 50 } });
  await store.runTo(6_000_000);
  await run.command({ type: 'fault.add', fault: { ...SLOW, addMs: 99 } });
  const { mirror, peer } = (await compare()) ?? {};
  if (mirror === undefined || peer === undefined) throw new Error('nobody cancelled it');
  const latest = [...store.getState().projections.faults.byId.keys()].at(-1);
  expect([...peer.getState().projections.faults.byId.keys()]).toContain(latest);
  await mirror.command(fork(store), { type: 'fault.clear', faultId: latest });
  await store.runTo(6_500_000);
  expect(await faults(store)).toContainEqual(['fault.ended', latest]);
  expect(await faults(peer)).not.toContainEqual(['fault.ended', latest]);
  expect(first.title).toBe('Run');
  store.stop();
});

it('keeps both when it ends: each goes on by itself', async () => {
  const { store, first, run, compare } = await forked();
  const comparison = await compare();
  await store.runTo(7_000_000);
  comparison?.mirror.close();
  expect(store.getState().branches).toHaveLength(2);
  await store.runTo(8_000_000);
  store.switchTo(first.id);
  expect(store.getState()).toMatchObject({ headUs: 7_000_000, branch: first.id });
  await store.runTo(7_500_000);
  expect(run.clock().nowUs).toBe(7_500_000);
  // And it can be asked for again.
  const [, second] = store.getState().branches;
  expect((await store.beside(second?.id ?? ''))?.partedUs).toBe(4_000_000);
  store.stop();
});

it('is refused where there is nothing to compare with', async () => {
  const { store, compare } = await forked();
  expect(await store.beside('nobody')).toBe(null);
  expect(await store.beside(store.getState().branch)).toBe(null);
  await compare();
  expect(await compare()).toBe(null);
  store.stop();
});

const RESETS: readonly [string, (actions: Actions) => unknown][] = [
  ['a button', (actions) => actions.reset()],
  ['a command', async (actions) => await actions.ask({ type: 'run.reset' })],
];
it.each(RESETS)('ends when the run is reset by %s: what parted begins as one again', async (_by, reset) => {
  const { store, first } = await forked();
  const view = createViewStore();
  const actions = createActions(store, view);
  actions.compareWith(first.id);
  await vi.waitUntil(() => view.getState().comparison !== null, 10_000);
  await reset(actions);
  expect(view.getState().comparison).toBe(null);
  await vi.waitUntil(() => store.getState().phase === 'ready', 10_000);
  expect(store.getState().branches).toEqual([first]);
  // The run has its own clock again.
  const { headUs } = store.getState();
  await store.runTo(headUs + 1_000_000);
  expect(store.getState().headUs).toBe(headUs + 1_000_000);
  store.stop();
});
