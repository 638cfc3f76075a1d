import type { RunEvent } from '../../kernel/index.ts';
import { LogHash } from '../../run-log/index.ts';
import { type LabOptions, LabRun, type ScheduledCommand, type StopSignal } from './lab-run.ts';

export interface ForkOptions {
  /** How the run was made, with all that was commanded in it. */
  readonly run: LabOptions;
  /** What happened in it, at least up to `atMs`. */
  readonly past: readonly RunEvent[];
  /** Where the branches part, in ms of run time: after all that happened at that moment. */
  readonly atMs: number;
  /** What is done otherwise, at `atMs` or later. */
  readonly commands: readonly ScheduledCommand[];
  readonly signal?: StopSignal;
  /** Hears how much of the past is done again, from 0 to 1. */
  readonly progress?: (share: number) => void;
}

const PROGRESS_STEPS = 50;

/**
 * Executes a run again up to a moment, makes sure by the log's hash that it came out as before, and goes
 * another way from there. What was to come stays: arrivals, faults and later commands. Gives null when
 * the signal stopped it; throws when the past came out otherwise, which is a bug of the shop or the host.
 */
export async function forkRun({
  run,
  past,
  atMs,
  commands,
  signal,
  progress,
}: ForkOptions): Promise<LabRun | null> {
  const early = commands.find((command) => command.atMs < atMs);
  if (early !== undefined) {
    throw new RangeError(`a fork at ${atMs} ms cannot do anything at ${early.atMs} ms: that is its past`);
  }
  const kept = run.commands ?? [];
  const fork = await LabRun.create({ ...run, commands: kept.filter((command) => command.atMs <= atMs) });
  for (let step = 1; step <= PROGRESS_STEPS; step += 1) {
    await fork.advanceTo((atMs * step) / PROGRESS_STEPS, signal === undefined ? {} : { signal });
    if (signal?.aborted === true) return null;
    progress?.(step / PROGRESS_STEPS);
  }
  const before = new LogHash();
  before.add(past, fork.events.length);
  const next = past[fork.events.length];
  if (before.digest() !== fork.logHash() || (next !== undefined && next.timeUs <= fork.time.nowUs)) {
    const differs = fork.events.findIndex(
      (event, seq) => JSON.stringify(event) !== JSON.stringify(past[seq]),
    );
    throw new Error(`the past came out otherwise at event ${differs < 0 ? fork.events.length : differs}`);
  }
  const toCome = [...kept.filter((command) => command.atMs > atMs), ...commands];
  await fork.prepare(toCome);
  fork.plan(toCome);
  return fork;
}
