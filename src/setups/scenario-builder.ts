import type { CompositionName } from '../compositions/index.ts';
import type { Fault, ScheduledFault } from '../faults/index.ts';
import type { RunSettings, ServiceName } from '../kernel/index.ts';
import { classroomSettings } from './presets.ts';
import type { Scenario, ScheduledCommand } from './scenario.ts';
import type { Setup } from './setup.ts';
import { slowerCode } from './slower-code.ts';

// What is broken is told of the services, and of the monolith what answers to it there: the same thing goes wrong
// with the same code, at the same time and for as long. docs/laboratory.md has the tables.

/** The healthy shop is seen first; then the fault, for so long. */
export const TROUBLE = { fromMs: 8000, lengthMs: 60_000 } as const;

export interface ScenarioText {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

interface Trouble {
  /** In place of the classroom's. */
  readonly settings?: RunSettings;
  readonly faults?: readonly ScheduledFault[];
  readonly commands?: readonly ScheduledCommand[];
}

export type ScenarioOf = (composition: CompositionName) => Scenario;

export const scenario =
  (
    about: ScenarioText,
    trouble: (composition: CompositionName, settings: RunSettings) => Trouble,
  ): ScenarioOf =>
  (composition) => {
    const classroom = classroomSettings();
    const { settings = classroom, faults = [], commands = [] } = trouble(composition, classroom);
    const setup: Setup = { ...about, seed: 1, composition, settings, faults };
    return { setup, commands };
  };

export const during = (...faults: readonly Fault[]): readonly ScheduledFault[] =>
  faults.map((fault) => ({ atMs: TROUBLE.fromMs, fault }));

/** Where the code of a service of the shop runs. */
export const homeOf = (service: ServiceName, composition: CompositionName): ServiceName =>
  composition === 'microservices' ? service : 'monolith';

/** The code of a service needs longer, in either composition. `lengthMs` null: for good. */
export function slowCode(
  composition: CompositionName,
  settings: RunSettings,
  service: ServiceName,
  { addMs, lengthMs }: { readonly addMs: number; readonly lengthMs: number | null },
): Trouble {
  if (composition === 'microservices') {
    const target = { kind: 'service', service } as const;
    return { faults: during({ kind: 'slow', target, addMs, spreadShare: 0, share: 1, lengthMs }) };
  }
  const { begin, end } = slowerCode(settings, service, addMs);
  const { fromMs } = TROUBLE;
  const worse: ScheduledCommand = { atMs: fromMs, command: begin };
  return { commands: lengthMs === null ? [worse] : [worse, { atMs: fromMs + lengthMs, command: end }] };
}
