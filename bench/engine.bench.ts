import type { Turn } from '../src/hosts/virtual/virtual-time.ts';
import { runAsyncHandlers } from './order-workload/async-handlers.ts';
import { runTypedArrayKernel } from './order-workload/typed-array-kernel.ts';
import type { Counters } from './order-workload/workload.ts';

export const name = 'the engine alone: plain async handlers, against a typed-array kernel';
export const inChromium = true;

/** Short rounds in turn: some of them are disturbed by nobody, and both meet the same weather. */
const ORDERS = 1000;
const ROUNDS = 400;
const SEED = 7;

function assertSame(expected: Counters, actual: Counters): void {
  const differing = Object.entries(expected).filter(
    ([key, value]) => actual[key as keyof Counters] !== value,
  );
  if (differing.length > 0) {
    throw new Error(`the two disagree: ${differing.map(([key]) => key).join(', ')}`);
  }
}

/** How much the engine costs above the least that JavaScript can do, on the same draws to the same counters. */
export async function run(turn: Turn): Promise<Record<string, number>> {
  // Once at length: whoever differs at all differs here.
  assertSame(runTypedArrayKernel(SEED, 20_000), await runAsyncHandlers(SEED, 20_000, turn));
  let kernelMs = Number.POSITIVE_INFINITY;
  let handlersMs = Number.POSITIVE_INFINITY;
  let clockWaits = 0;
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = performance.now();
    const expected = runTypedArrayKernel(SEED, ORDERS);
    const between = performance.now();
    const counters = await runAsyncHandlers(SEED, ORDERS, turn);
    const to = performance.now();
    assertSame(expected, counters);
    clockWaits = expected.clockWaits;
    kernelMs = Math.min(kernelMs, between - from);
    handlersMs = Math.min(handlersMs, to - between);
    ratios.push((to - between) / (between - from));
  }
  ratios.sort((a, b) => a - b);
  return {
    'clock waits per order': clockWaits / ORDERS,
    'typed-array kernel, ns per clock wait (best round)': (kernelMs * 1e6) / clockWaits,
    'async handlers, ns per clock wait (best round)': (handlersMs * 1e6) / clockWaits,
    'async handlers ÷ typed-array kernel (best rounds)': handlersMs / kernelMs,
    'async handlers ÷ typed-array kernel (median round)': ratios[ratios.length >> 1] ?? Number.NaN,
  };
}
