import type { CompositionName } from '../compositions/index.ts';
import { instanceId } from '../kernel/index.ts';
import { CLASSROOM_SCENARIOS } from './classroom-scenarios.ts';
import type { Scenario, ScheduledCommand } from './scenario.ts';
import {
  during,
  homeOf,
  type ScenarioOf,
  type ScenarioText,
  scenario,
  slowCode,
  TROUBLE,
} from './scenario-builder.ts';
import { classroom } from './setup.ts';

const SPIKE_MS = 10_000;
const RESTART_MS = 5000;

const slowShipping = (about: ScenarioText, addMs: number): ScenarioOf =>
  scenario(about, (composition, settings) =>
    slowCode(composition, settings, 'shipping', { addMs, lengthMs: TROUBLE.lengthMs }),
  );

/** Every kind of customer comes so many times as often, for ten seconds. */
const spike = (about: ScenarioText, times: number): ScenarioOf =>
  scenario(about, (_, { load }) => {
    const at = (atMs: number, factor: number): ScheduledCommand => ({
      atMs,
      command: {
        type: 'load.set',
        ordersPerSecond: factor * load.ordersPerSecond,
        browsesPerSecond: factor * load.browsesPerSecond,
        statusesPerSecond: factor * load.statusesPerSecond,
      },
    });
    return { commands: [at(TROUBLE.fromMs, times), at(TROUBLE.fromMs + SPIKE_MS, 1)] };
  });

const ALL: readonly ScenarioOf[] = [
  (composition) => ({ setup: { ...classroom, composition }, commands: [] }),
  slowShipping(
    {
      name: 'slow-shipping',
      title: 'Slow shipping',
      text: 'Shipping needs 2 s more for a minute: longer than its callers wait.',
    },
    2000,
  ),
  slowShipping(
    {
      name: 'very-slow-shipping',
      title: 'Very slow shipping',
      text: 'Shipping needs 10 s more for a minute.',
    },
    10_000,
  ),
  scenario(
    {
      name: 'shipping-down',
      title: 'Shipping down',
      text: 'For a minute nothing can be sent: the process with Shipping in it is down. Does browsing notice?',
    },
    (composition) => {
      const target = { kind: 'service', service: homeOf('shipping', composition) } as const;
      return { faults: during({ kind: 'down', target, lengthMs: TROUBLE.lengthMs }) };
    },
  ),
  spike(
    { name: 'small-spike', title: 'Small spike', text: 'Three times as many customers for ten seconds.' },
    3,
  ),
  spike({ name: 'spike', title: 'Spike', text: 'Eight times as many customers for ten seconds.' }, 8),
  scenario(
    {
      name: 'shipping-crash',
      title: 'A crash in the middle of an order',
      text: 'The process with Shipping in it crashes as it has stored its tenth parcel, and is back after 5 s.',
    },
    (composition) => ({
      faults: during({
        kind: 'crash-at',
        instance: instanceId(homeOf('shipping', composition), 1),
        port: 'store',
        operation: composition === 'microservices' ? 'hold shipment' : 'store order',
        nth: 10,
        when: 'after',
        restartAfterMs: RESTART_MS,
      }),
    }),
  ),
  ...CLASSROOM_SCENARIOS,
];

/** Every setup with a name, as services. */
export const SCENARIOS: readonly Scenario[] = ALL.map((of) => of('microservices'));

/** A setup by its name, in a composition; null when there is none of that name. */
export const scenarioNamed = (
  name: string,
  composition: CompositionName = 'microservices',
): Scenario | null => ALL.map((of) => of(composition)).find(({ setup }) => setup.name === name) ?? null;

/**
 * The same in another composition. A setup with a name has its counterpart there; any other keeps its settings,
 * faults and commands as they are, and faults that the other composition has no place for are refused when it starts.
 */
export function forComposition(given: Scenario, composition: CompositionName): Scenario {
  const { setup, commands } = given;
  const named = scenarioNamed(setup.name, setup.composition);
  const isThatOne = JSON.stringify(named) === JSON.stringify(given);
  if (isThatOne) return scenarioNamed(setup.name, composition) ?? given;
  return { setup: { ...setup, composition }, commands };
}
