import { closeSync, openSync, writeSync } from 'node:fs';
import { type RunPlan, runSeed, type SeedResult } from '../experiments/index.ts';
import type { StopSignal } from '../hosts/virtual/index.ts';

/** One run, as it is given to a thread. */
export interface SeedJob {
  readonly plan: RunPlan;
  readonly seed: number;
  readonly pump: 'counting' | 'exact';
  /** Where its log goes; null: nowhere. */
  readonly log: string | null;
}

const LOG_CHUNK = 1 << 18;

/** Runs it in this thread. Cut short by the signal, it gives what there is until then. */
export async function runSeedJob(
  { plan, seed, pump, log }: SeedJob,
  signal: StopSignal,
  progress: (share: number) => void,
): Promise<SeedResult> {
  const run = { plan, seed, pump, signal, progress, turn: (next: () => void) => void setImmediate(next) };
  if (log === null) return await runSeed(run);
  const file = openSync(log, 'w');
  let chunk = '';
  try {
    return await runSeed({
      ...run,
      logLine: (line) => {
        chunk += `${line}\n`;
        if (chunk.length < LOG_CHUNK) return;
        writeSync(file, chunk);
        chunk = '';
      },
    });
  } finally {
    writeSync(file, chunk);
    closeSync(file);
  }
}
