import { err, ok, type Result } from '../kernel/index.ts';
import { parseRunCommand, type RunCommand } from './run-command.ts';
import type { Refusal } from './schema-message.ts';
import { parseSetup, type Setup } from './setup.ts';

/** What a person does in a run, and when (ms of run time). */
export interface ScheduledCommand {
  readonly atMs: number;
  readonly command: RunCommand;
}

/** A setup, and what is done while it runs: with a seed, all that decides a run in the Lab. */
export interface Scenario {
  readonly setup: Setup;
  /** By time. */
  readonly commands: readonly ScheduledCommand[];
}

/** Reads a setup with an optional field `commands`: a list of `{atMs, command}`. */
export function parseScenario(input: unknown): Result<Scenario, Refusal> {
  const { commands: given = [], ...rest } = isRecord(input) ? input : {};
  const setup = parseSetup(isRecord(input) ? rest : input);
  if (!setup.ok) return setup;
  if (!Array.isArray(given)) return err({ field: 'commands', message: 'commands must be a list.' });
  const commands: ScheduledCommand[] = [];
  for (const [index, entry] of (given as readonly unknown[]).entries()) {
    const field = `commands[${index}]`;
    if (!isRecord(entry) || typeof entry['atMs'] !== 'number' || !(entry['atMs'] >= 0)) {
      return err({ field, message: `${field} must have a time atMs of at least 0 and a command.` });
    }
    const command = parseRunCommand(entry['command']);
    if (!command.ok) return err({ field, message: `${field}.command: ${command.error.message}` });
    commands.push({ atMs: entry['atMs'], command: command.value });
  }
  return ok({ setup: setup.value, commands: commands.sort((one, other) => one.atMs - other.atMs) });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
