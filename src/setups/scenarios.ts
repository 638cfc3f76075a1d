import type { CompositionName } from '../compositions/index.ts';
import type { Fault, ScheduledFault } from '../faults/index.ts';
import { instanceId, type RunSettings, type ServiceName } from '../kernel/index.ts';
import { classroomSettings } from './presets.ts';
import type { Scenario, ScheduledCommand } from './scenario.ts';
import { classroom, type Setup } from './setup.ts';

// What is broken is told of the services, and of the monolith what answers to it there: the same thing goes wrong
// with the same code, at the same time and for as long. docs/laboratory.md has the table.

/** The healthy shop is seen first; then the fault, for so long. */
export const TROUBLE = { fromMs: 8000, lengthMs: 60_000 } as const;
const SPIKE_MS = 10_000;
const RESTART_MS = 5000;

interface ScenarioText {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

interface Trouble {
  readonly faults?: readonly ScheduledFault[];
  readonly commands?: readonly ScheduledCommand[];
}

type ScenarioOf = (composition: CompositionName) => Scenario;

const scenario =
  (
    about: ScenarioText,
    trouble: (composition: CompositionName, settings: RunSettings) => Trouble,
  ): ScenarioOf =>
  (composition) => {
    const settings = classroomSettings();
    const { faults = [], commands = [] } = trouble(composition, settings);
    const setup: Setup = { ...about, seed: 1, composition, settings, faults };
    return { setup, commands };
  };

const during = (fault: Fault): readonly ScheduledFault[] => [{ atMs: TROUBLE.fromMs, fault }];

/**
 * The code of Shipping needs longer. A service waits at its door, holding a request slot; in the monolith there
 * is no such door, so that what its code needs there grows: slots are held alike.
 */
const slowShipping = (about: ScenarioText, addMs: number): ScenarioOf =>
  scenario(about, (composition, { services: { shipping } }) => {
    if (composition === 'microservices') {
      const target = { kind: 'service', service: 'shipping' } as const;
      const { lengthMs } = TROUBLE;
      return { faults: during({ kind: 'slow', target, addMs, spreadShare: 0, share: 1, lengthMs }) };
    }
    const { serviceTimeMs, serviceTimeSpread } = shipping;
    const slow = serviceTimeMs + addMs;
    const at = (atMs: number, patch: Partial<typeof shipping>): ScheduledCommand => ({
      atMs,
      command: { type: 'settings.set', patch: { services: { shipping: patch } } },
    });
    return {
      commands: [
        // As many milliseconds around the mean as before.
        at(TROUBLE.fromMs, {
          serviceTimeMs: slow,
          serviceTimeSpread: (serviceTimeMs * serviceTimeSpread) / slow,
        }),
        at(TROUBLE.fromMs + TROUBLE.lengthMs, { serviceTimeMs, serviceTimeSpread }),
      ],
    };
  });

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

/** Where Shipping's code runs. */
const homeOfShipping = (composition: CompositionName): ServiceName =>
  composition === 'microservices' ? 'shipping' : 'monolith';

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
      text: 'The process with Shipping in it is down for a minute; of the monolith, that is all.',
    },
    (composition) => {
      const target = { kind: 'service', service: homeOfShipping(composition) } as const;
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
        instance: instanceId(homeOfShipping(composition), 1),
        port: 'store',
        operation: composition === 'microservices' ? 'hold shipment' : 'store order',
        nth: 10,
        when: 'after',
        restartAfterMs: RESTART_MS,
      }),
    }),
  ),
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
