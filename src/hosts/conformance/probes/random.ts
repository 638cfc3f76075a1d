import { hexOf } from '../hex.ts';
import type { Probe, Probes } from '../probe.ts';

/** Draws by key, some of them twice and in another order. */
const draws: Probe = async ({ random }) => {
  const uniform = (purpose: string, ...keys: (string | number)[]) => random.uniform(purpose, ...keys);
  const first = [uniform('hop', 'a', 1), uniform('hop', 'a', 2), uniform('retry', 'a', 1)];
  const again = [uniform('retry', 'a', 1), uniform('hop', 'a', 2), uniform('hop', 'a', 1)];
  return await Promise.resolve({
    seed: random.seed,
    first,
    again,
    bytes: hexOf(random.bytes(16, 'salt', 'ada@example.com')),
    otherBytes: hexOf(random.bytes(16, 'salt', 'ben@example.com')),
    many: Array.from({ length: 200 }, (_, number) => uniform('many', number)),
  });
};

export const randomProbes: Probes = { draws };
