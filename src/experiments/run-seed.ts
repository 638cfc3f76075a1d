import { encodeEvent, encodeHeader, LabRun, type StopSignal, type Turn } from '../hosts/virtual/index.ts';
import { checkInvariants } from '../invariants/index.ts';
import type { Scenario } from '../setups/index.ts';
import { Measurement, type Span } from './measurement.ts';
import type { SeedResult } from './seed-result.ts';

/** What is run: with a seed (the setup's own plays no part) it decides all that happens. */
export interface RunPlan extends Scenario {
  /** How long, in run time. */
  readonly runMs: number;
  /** Of which intents and half-done orders are counted: those that begin in it, however late they end. */
  readonly measured: Span;
}

export interface SeedOptions {
  readonly plan: RunPlan;
  readonly seed: number;
  readonly pump?: 'counting' | 'exact';
  readonly turn: Turn;
  /** Aborted: the run is cut there. */
  readonly signal?: StopSignal;
  /** Hears, once a second of run time, how far it is (0 … 1). */
  readonly progress?: (share: number) => void;
  /** Hears each line of the log's text as it is written, without its line feed; the first is the header. */
  readonly logLine?: (line: string) => void;
}

const STEP_MS = 1000;

/** One run from its first event to its last, measured and checked against the invariants. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { plan, seed, pump = 'counting', turn, signal, progress, logLine } = options;
  const { name, composition } = plan.setup;
  const measurement = new Measurement(plan.measured);
  logLine?.(encodeHeader({ run: `${name}-${seed}`, setup: name, seed, composition, host: 'virtual' }));
  const run = await LabRun.create({
    setup: plan.setup,
    seed,
    commands: plan.commands,
    pump,
    turn,
    wrote: (event) => {
      measurement.add(event);
      logLine?.(encodeEvent(event));
    },
  });
  while (run.nowMs < plan.runMs && signal?.aborted !== true) {
    await run.advanceTo(Math.min(run.nowMs + STEP_MS, plan.runMs), signal === undefined ? {} : { signal });
    progress?.(run.nowMs / plan.runMs);
  }
  const violations = checkInvariants(run.events, run.tables(), { inTrueOrder: true });
  return {
    seed,
    logHash: run.logHash(),
    runUs: run.time.nowUs,
    ...measurement.at(run.time.nowUs),
    violations: violations.map(({ invariant, message, events }) => ({
      invariant,
      message,
      events: [...events],
    })),
    events: run.events.length,
    clockAdvances: run.time.advances,
  };
}
