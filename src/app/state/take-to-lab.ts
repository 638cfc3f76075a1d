import { parseRunCommand, type ScheduledCommand } from '../../setups/index.ts';
import type { StartRun } from './page-run.ts';
import type { Recording } from './recording.ts';

/**
 * All that was done by hand in a run, and when; what its setup did by itself is not among it. Throws a sentence
 * for the page when the recording does not go back to the run's beginning.
 */
export async function recordedScenario({
  history,
  scenario,
}: Recording): Promise<readonly ScheduledCommand[]> {
  if (history.firstSeq > 0) {
    throw new Error(
      'The log of this run does not go back to its beginning, so it cannot be done again. Press Reset.',
    );
  }
  const planned = scenario.commands.map(({ command }) => JSON.stringify(command));
  const byHand: ScheduledCommand[] = [];
  for (const event of await history.events(0)) {
    if (event.type !== 'run.commanded') continue;
    const place = planned.indexOf(JSON.stringify(event.command));
    if (place >= 0) {
      planned.splice(place, 1);
      continue;
    }
    const command = parseRunCommand(event.command);
    if (command.ok) byHand.push({ atMs: event.timeUs / 1000, command: command.value });
  }
  return byHand;
}

/** A run's setup, and everything that was done in it at its time, as a run for the Lab. */
export async function takeToLab(recording: Recording): Promise<StartRun> {
  const { scenario } = recording;
  const byHand = await recordedScenario(recording);
  const commands = [...scenario.commands, ...byHand].sort((one, other) => one.atMs - other.atMs);
  return async () => {
    const { startInLab } = await import('../start-run.ts');
    return await startInLab({ setup: scenario.setup, commands }, scenario.setup.seed);
  };
}
