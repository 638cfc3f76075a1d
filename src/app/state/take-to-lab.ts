import type { FaultId } from '../../kernel/index.ts';
import { parseRunCommand, type ScheduledCommand } from '../../setups/index.ts';
import type { StartRun } from './page-run.ts';
import type { Recording } from './recording.ts';

/** What somebody did, and for a fault which one it became. */
export interface ByHand extends ScheduledCommand {
  readonly faultId: FaultId | null;
}

/**
 * All that was done by hand in a run, and when; what its setup did by itself is not among it. Throws a sentence
 * for the page when the recording does not go back to the run's beginning.
 */
export async function recordedScenario({ history, scenario }: Recording): Promise<readonly ByHand[]> {
  if (history.firstSeq > 0) {
    throw new Error(
      'The log of this run does not go back to its beginning, so it cannot be done again. Press Reset.',
    );
  }
  const planned = scenario.commands.map(({ command }) => JSON.stringify(command));
  const byHand: ByHand[] = [];
  let lastFault: FaultId | null = null;
  for (const event of await history.events(0)) {
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
  return byHand;
}

/** A run's setup, and everything that was done in it at its time, as a run for the Lab. */
export async function takeToLab(recording: Recording): Promise<StartRun> {
  const { scenario } = recording;
  const byHand = await recordedScenario(recording);
  const done = byHand.map(({ atMs, command }) => ({ atMs, command }));
  const commands = [...scenario.commands, ...done].sort((one, other) => one.atMs - other.atMs);
  return async () => {
    const { startInLab } = await import('../start-run.ts');
    return await startInLab({ setup: scenario.setup, commands }, scenario.setup.seed);
  };
}
