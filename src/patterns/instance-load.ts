import { type Context, defineLocal, elapsedMs, type InstanceId, type RunTimeUs } from '../kernel/index.ts';

/** How long an answer time is remembered: after so long it weighs 1/e (Finagle's default). */
export const PEAK_EWMA_DECAY_MS = 10_000;

/** What an instance with requests under way counts for before its first answer: as good as never chosen. */
const UNKNOWN_COST_MS = 1e9;

/** What a caller knows of one instance by its own requests. */
export interface InstanceLoad {
  /** Requests under way. */
  readonly active: number;
  /** Answer time: a peak at once, and from there down by and by. 0: none was measured. */
  readonly costMs: number;
  readonly measuredAtUs: RunTimeUs;
}

export const NO_LOAD: InstanceLoad = { active: 0, costMs: 0, measuredAtUs: 0 as RunTimeUs };

const weightOf = ({ measuredAtUs }: InstanceLoad, nowUs: RunTimeUs): number =>
  Math.exp(-Math.max(0, elapsedMs(measuredAtUs, nowUs)) / PEAK_EWMA_DECAY_MS);

export const begun = (load: InstanceLoad): InstanceLoad => ({ ...load, active: load.active + 1 });

/** An answer, or what came in its place, after so long. */
export function ended(load: InstanceLoad, durationMs: number, nowUs: RunTimeUs): InstanceLoad {
  const weight = weightOf(load, nowUs);
  const costMs = durationMs > load.costMs ? durationMs : load.costMs * weight + durationMs * (1 - weight);
  return { active: load.active - 1, costMs, measuredAtUs: nowUs };
}

/**
 * Twitter Finagle's Peak EWMA: the moving average of the answer time, which a slow answer raises at once, times the
 * requests under way and the one to come. Lower is better.
 */
export function peakEwma(load: InstanceLoad, nowUs: RunTimeUs): number {
  if (load.costMs === 0) return load.active === 0 ? 0 : UNKNOWN_COST_MS + load.active;
  return load.costMs * weightOf(load, nowUs) * (load.active + 1);
}

const loads = defineLocal('instance-loads', () => new Map<InstanceId, InstanceLoad>());

/** This instance's own requests to `instance`. */
export const loadOf = (context: Context, instance: InstanceId): InstanceLoad =>
  context.local(loads).get(instance) ?? NO_LOAD;

/** Counts one request to `instance` from now until `send` is over, however it ends. */
export async function counted<Value>(
  context: Context,
  instance: InstanceId,
  send: () => Promise<Value>,
): Promise<Value> {
  const all = context.local(loads);
  const startedUs = context.clock.now();
  all.set(instance, begun(loadOf(context, instance)));
  try {
    return await send();
  } finally {
    const nowUs = context.clock.now();
    all.set(instance, ended(loadOf(context, instance), elapsedMs(startedUs, nowUs), nowUs));
  }
}
