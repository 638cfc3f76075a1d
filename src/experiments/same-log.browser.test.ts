import { describe, expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import * as z from 'zod/mini';
import { messageTurn } from '../hosts/conformance/testing/message-turn.ts';
import { scenarioNamed } from '../setups/index.ts';
import { runSeed } from './index.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    /** What `npm run sim -- …args` prints, run by Node. */
    simInNode(args: readonly string[]): Promise<string>;
  }
}

const RUN_MS = 12_000;
const SEEDS = [7, 8, 9] as const;
const SLOW = { timeout: 120_000 };
const resultSchema = z.looseObject({ seeds: z.array(z.looseObject({ logHash: z.string() })) });

async function hashesInNode(setup: string): Promise<string[]> {
  const args = ['--setup', setup, '--seed', `${SEEDS[0]}`, '--seeds', `${SEEDS.length}`];
  const stdout = await commands.simInNode([...args, '--minutes', `${RUN_MS / 60_000}`, '--json']);
  return resultSchema.parse(JSON.parse(stdout)).seeds.map(({ logHash }) => logHash);
}

async function hashHere(
  setup: string,
  seed: number,
  pump: 'counting' | 'exact' = 'counting',
): Promise<string> {
  const scenario = scenarioNamed(setup);
  if (scenario === null) throw new Error(`no setup ${setup}`);
  const plan = { ...scenario, runMs: RUN_MS, measured: { fromMs: 0, toMs: RUN_MS } };
  return (await runSeed({ plan, seed, pump, turn: messageTurn() })).logHash;
}

function hashInWorker(setup: string, seed: number): Promise<string> {
  const worker = new Worker(new URL('./testing/seed.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage({ setup, seed, runMs: RUN_MS });
  }).finally(() => worker.terminate());
}

describe('a run in Chromium has the log that it has in Node', () => {
  it('alone on the page, on the engine and on the oracle', SLOW, async () => {
    const [inNode] = await hashesInNode('classroom');
    expect(await hashHere('classroom', SEEDS[0])).toBe(inNode);
    expect(await hashHere('classroom', SEEDS[0], 'exact')).toBe(inNode);
  });

  it('with a fault, in workers, many at once', SLOW, async () => {
    const inNode = await hashesInNode('slow-shipping');
    expect(new Set(inNode).size).toBe(SEEDS.length);
    expect(await Promise.all(SEEDS.map((seed) => hashInWorker('slow-shipping', seed)))).toEqual(inNode);
  });

  it('with a crash, many at once in one thread', SLOW, async () => {
    const inNode = await hashesInNode('shipping-crash');
    expect(await Promise.all(SEEDS.map((seed) => hashHere('shipping-crash', seed)))).toEqual(inNode);
  });
});
