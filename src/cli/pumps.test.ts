import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { RunPlan } from '../experiments/index.ts';
import { instanceId } from '../kernel/index.ts';
import { classroom, type Setup } from '../setups/index.ts';
import { runSweep } from './run-sweep.ts';
import { bundledSim } from './testing/run-sim.ts';

const RUN_MS = 14_000;
const SEEDS = Array.from({ length: 100 }, (_, index) => index + 1);

/** A little of everything that can happen to a process: it waits, is refused, retried, cancelled, crashed. */
const troubled: Setup = {
  ...classroom,
  name: 'troubled',
  settings: {
    ...classroom.settings,
    load: { ...classroom.settings.load, ordersPerSecond: 2, arrivals: 'poisson' },
    payment: { declineShare: 0.2 },
  },
  faults: [
    {
      atMs: 3000,
      fault: {
        kind: 'slow',
        target: { kind: 'service', service: 'shipping' },
        addMs: 1500,
        spreadShare: 1,
        share: 0.5,
        lengthMs: null,
      },
    },
    {
      atMs: 3000,
      fault: {
        kind: 'errors',
        target: { kind: 'edge', from: 'order', to: 'product' },
        status: 503,
        share: 0.3,
        lengthMs: 6000,
      },
    },
    {
      atMs: 4000,
      fault: { kind: 'down', target: { kind: 'edge', from: 'gateway', to: 'user' }, lengthMs: 2000 },
    },
    {
      atMs: 5000,
      fault: {
        kind: 'crash-at',
        instance: instanceId('order', 1),
        port: 'store',
        operation: '*',
        nth: 7,
        when: 'after',
        restartAfterMs: 1000,
      },
    },
  ],
};

const plan: RunPlan = {
  setup: troubled,
  commands: [{ atMs: 8000, command: { type: 'instance.crash', instance: instanceId('product', 1) } }],
  runMs: RUN_MS,
  measured: { fromMs: 0, toMs: RUN_MS },
};

it('the engine writes the oracle’s log, on 100 seeds', { timeout: 900_000 }, async () => {
  const script = pathToFileURL(await bundledSim());
  const hashesOf = async (pump: 'counting' | 'exact') => {
    const { sweep, failures } = await runSweep({
      script,
      code: '',
      plan,
      seeds: SEEDS,
      pump,
      threads: null,
      signal: new AbortController().signal,
      progressLine: { show: () => {}, clear: () => {} },
      title: pump,
    });
    expect(failures).toEqual([]);
    return new Map(sweep.seeds.map(({ seed, logHash }) => [seed, logHash]));
  };
  const engine = await hashesOf('counting');
  expect(new Set(engine.values()).size).toBe(SEEDS.length);
  expect(await hashesOf('exact')).toEqual(engine);
});
