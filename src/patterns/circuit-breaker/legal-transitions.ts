import type { CircuitState } from '../../kernel/index.ts';

const LEGAL: Readonly<Record<CircuitState, readonly CircuitState[]>> = {
  CLOSED: ['CLOSED', 'OPEN', 'DISABLED', 'METRICS_ONLY', 'FORCED_OPEN'],
  OPEN: ['OPEN', 'CLOSED', 'HALF_OPEN', 'DISABLED', 'METRICS_ONLY', 'FORCED_OPEN'],
  HALF_OPEN: ['HALF_OPEN', 'CLOSED', 'OPEN', 'DISABLED', 'METRICS_ONLY', 'FORCED_OPEN'],
  DISABLED: ['DISABLED', 'CLOSED', 'OPEN', 'HALF_OPEN', 'METRICS_ONLY', 'FORCED_OPEN'],
  FORCED_OPEN: ['FORCED_OPEN', 'CLOSED', 'OPEN', 'HALF_OPEN', 'DISABLED', 'METRICS_ONLY'],
  METRICS_ONLY: ['METRICS_ONLY', 'CLOSED', 'DISABLED', 'FORCED_OPEN'],
};

export const isLegalTransition = (from: CircuitState, to: CircuitState): boolean => LEGAL[from].includes(to);

/** Where a breaker can go from here; not to where it is. */
export const legalTransitions = (from: CircuitState): readonly CircuitState[] =>
  LEGAL[from].filter((to) => to !== from);
