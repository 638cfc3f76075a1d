import { scenarioNamed } from '../../setups/index.ts';
import { runSeed } from '../index.ts';

/** Runs a seed in a worker of the browser: `{setup, seed, runMs}` in, its log's hash out. */
self.onmessage = async ({ data }: MessageEvent<{ setup: string; seed: number; runMs: number }>) => {
  const scenario = scenarioNamed(data.setup);
  if (scenario === null) throw new Error(`no setup ${data.setup}`);
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  const { logHash } = await runSeed({
    plan: { ...scenario, runMs: data.runMs, measured: { fromMs: 0, toMs: data.runMs } },
    seed: data.seed,
    turn: (next) => {
      waiting.push(next);
      port2.postMessage(null);
    },
  });
  self.postMessage(logHash);
};
