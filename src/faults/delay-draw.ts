import { probit } from 'simple-statistics';
import { spreadAround } from '../kernel/index.ts';
import type { SlowFault } from './fault.ts';

/** No draw is longer than so many times the mean, so that a run always comes to its end. */
export const MOST_TIMES_THE_MEAN = 10;

/**
 * A delay with the fault's mean and spread, by the inverse of its distribution: the same uniform draw
 * always gives the same delay.
 */
export function delayMs(
  { addMs, spreadShare, distribution = 'uniform' }: DelayShape,
  uniform: number,
): number {
  if (distribution === 'uniform' || spreadShare === 0) return spreadAround(addMs, spreadShare, uniform);
  return Math.min(MOST_TIMES_THE_MEAN * addMs, Math.max(0, drawn(distribution, addMs, spreadShare, uniform)));
}

type DelayShape = Pick<SlowFault, 'addMs' | 'spreadShare' | 'distribution'>;

/** `spread`: the standard deviation, as a share of the mean. */
function drawn(
  distribution: 'normal' | 'lognormal' | 'pareto',
  mean: number,
  spread: number,
  uniform: number,
): number {
  switch (distribution) {
    case 'normal':
      return mean * (1 + spread * probit(uniform));
    case 'lognormal': {
      const variance = Math.log1p(spread * spread);
      return mean * Math.exp(Math.sqrt(variance) * probit(uniform) - variance / 2);
    }
    case 'pareto': {
      const shape = 1 + Math.sqrt(1 + 1 / (spread * spread));
      return ((mean * (shape - 1)) / shape) * (1 - uniform) ** (-1 / shape);
    }
  }
}
