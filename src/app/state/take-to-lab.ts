import type { FaultId, RunSettings } from '../../kernel/index.ts';
import { parseRunCommand, type Scenario, type ScheduledCommand } from '../../setups/index.ts';
import type { StartRun } from './page-run.ts';
import type { Recording } from './recording.ts';

/** What somebody did, and for a fault which one it became. */
export interface ByHand extends ScheduledCommand {
  readonly faultId: FaultId | null;
}

/** What a run was made of beside its setup. */
export interface Recorded {
  /** Whether customers came from the beginning: a live run waits for Play, whatever its setup says. */
  readonly customersCame: boolean;
  readonly byHand: readonly ByHand[];
}

/**
 * All that was done by hand in a run, and when; what its setup did by itself is not among it. Throws a sentence
 * for the page when the recording does not go back to the run's beginning.
 */
export async function readRecording({ history, scenario }: Recording): Promise<Recorded> {
  if (history.firstSeq > 0) {
    throw new Error(
      'The log of this run does not go back to its beginning, so it cannot be done again. Press Reset.',
    );
  }
  const planned = scenario.commands.map(({ command }) => JSON.stringify(command));
  const byHand: ByHand[] = [];
  let lastFault: FaultId | null = null;
  let customersCame: boolean | null = null;
  for (const event of await history.events(0)) {
    if (event.type === 'run.settings.changed')
      customersCame ??= (event.settings as unknown as RunSettings).load.running;
    if (event.type === 'fault.started') lastFault = event.faultId;
    if (event.type !== 'run.commanded') continue;
    const place = planned.indexOf(JSON.stringify(event.command));
    if (place >= 0) {
      planned.splice(place, 1);
      continue;
    }
    const command = parseRunCommand(event.command);
    if (!command.ok) continue;
    // A command is written down right after its effect.
    const faultId = command.value.type === 'fault.add' ? lastFault : null;
    byHand.push({ atMs: event.timeUs / 1000, command: command.value, faultId });
  }
  return { customersCame: customersCame ?? scenario.setup.settings.load.running, byHand };
}

/** The same setup, with customers from the beginning or only when somebody lets them come. */
export function withCustomers(scenario: Scenario, come: boolean): Scenario {
  const { settings } = scenario.setup;
  const load = { ...settings.load, running: come };
  return { ...scenario, setup: { ...scenario.setup, settings: { ...settings, load } } };
}

/** The same setup, with more to do by itself. */
export const withCommands = ({ setup, commands }: Scenario, more: readonly ScheduledCommand[]): Scenario => ({
  setup,
  commands: [...commands, ...more.map(({ atMs, command }) => ({ atMs, command }))].sort(
    (one, other) => one.atMs - other.atMs,
  ),
});

/** A run's setup, and everything that was done in it at its time, as a run for the Lab. */
export async function takeToLab(recording: Recording): Promise<StartRun> {
  const { scenario } = recording;
  const { customersCame, byHand } = await readRecording(recording);
  const plan = withCommands(withCustomers(scenario, customersCame), byHand);
  return async () => {
    const { startInLab } = await import('../start-run.ts');
    return await startInLab(scenario, scenario.setup.seed, plan);
  };
}
