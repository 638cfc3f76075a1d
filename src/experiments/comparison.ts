import { type Scenario, scenarioNamed, TROUBLE } from '../setups/index.ts';
import type { RunPlan } from './run-seed.ts';

/** Healthy, and what is broken in turn. */
export const COMPARED = [
  'classroom',
  'slow-shipping',
  'very-slow-shipping',
  'shipping-down',
  'small-spike',
  'spike',
  'shipping-crash',
] as const;

const COMPOSITIONS = ['microservices', 'monolith'] as const;

/** Long enough after the trouble for every order to end. */
const AFTERWARDS_MS = 40_000;

/**
 * Each scenario on both sides. What begins while the trouble lasts is measured, however late it ends: the
 * same customers with the same wishes at the same moments on both sides of a seed.
 */
export const comparisonPlans = (): readonly RunPlan[] =>
  COMPARED.flatMap((name) =>
    COMPOSITIONS.flatMap((composition) => {
      const scenario: Scenario | null = scenarioNamed(name, composition);
      const { fromMs, lengthMs } = TROUBLE;
      const toMs = fromMs + lengthMs;
      return scenario === null
        ? []
        : [{ ...scenario, runMs: toMs + AFTERWARDS_MS, measured: { fromMs, toMs } }];
    }),
  );
