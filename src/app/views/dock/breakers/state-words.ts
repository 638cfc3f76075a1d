import type { CircuitState } from '../../../../kernel/index.ts';

/** In the order in which they are offered by hand. */
export const STATES: readonly CircuitState[] = [
  'CLOSED',
  'OPEN',
  'HALF_OPEN',
  'METRICS_ONLY',
  'FORCED_OPEN',
  'DISABLED',
];

/** `HALF-OPEN`, as the badges write it. */
export const stateName = (state: CircuitState): string => state.replace('_', '-');

/** What a breaker does in a state. */
export const STATE_DOES: Readonly<Record<CircuitState, string>> = {
  CLOSED: 'lets calls through and counts them',
  OPEN: 'refuses every call until its wait is over',
  HALF_OPEN: 'lets a few probes through and decides by them',
  METRICS_ONLY: 'lets all through and only counts',
  FORCED_OPEN: 'refuses every call until a hand moves it on',
  DISABLED: 'lets all through and counts nothing',
};
