import { readFileSync, writeFileSync } from 'node:fs';
import { mergeSweeps, parseSweep, type Sweep } from '../experiments/index.ts';
import { ok } from '../kernel/index.ts';
import { parseScenario, SCENARIOS, type Scenario, scenarioNamed } from '../setups/index.ts';
import { messageOf, UsageError } from './usage-error.ts';

/** A setup by its name, or of a file: whatever has a dot or a slash in it. */
export function readScenario(nameOrFile: string): Scenario {
  const named = scenarioNamed(nameOrFile);
  if (named !== null) return named;
  if (!/[./\\]/.test(nameOrFile)) {
    const names = SCENARIOS.map(({ setup }) => setup.name).join(', ');
    throw new UsageError(
      `There is no setup ${JSON.stringify(nameOrFile)}; there are ${names}, and JSON files.`,
    );
  }
  const scenario = parseScenario(readJson(nameOrFile));
  if (!scenario.ok) throw new UsageError(`${nameOrFile} is no setup: ${scenario.error.message}`);
  return scenario.value;
}

/** All results as one. */
export function readMerged(files: readonly string[]): Sweep {
  const [merged] = mergedByPlan(files.map((file) => ({ file, sweeps: [sweepOfJson(file, readJson(file))] })));
  if (merged === undefined) throw new UsageError('There is nothing to merge.');
  return merged;
}

/** Results of comparisons: the sweeps of each plan as one. */
export function readComparison(files: readonly string[]): readonly Sweep[] {
  return mergedByPlan(
    files.map((file) => {
      const json = readJson(file);
      if (!Array.isArray(json)) {
        throw new UsageError(`${file} cannot be read: it is no result of npm run sim -- compare --json.`);
      }
      return { file, sweeps: (json as readonly unknown[]).map((one) => sweepOfJson(file, one)) };
    }),
  );
}

interface FileSweeps {
  readonly file: string;
  readonly sweeps: readonly Sweep[];
}

/** The sweeps of each file in turn, merged with those at the same place in the files before. */
function mergedByPlan(files: readonly FileSweeps[]): readonly Sweep[] {
  const merged: Sweep[] = [];
  const names: string[] = [];
  for (const { file, sweeps } of files) {
    for (const [place, sweep] of sweeps.entries()) {
      const before = merged[place];
      const both = before === undefined ? ok(sweep) : mergeSweeps(before, sweep);
      if (!both.ok) throw new UsageError(`${file} cannot be merged with ${names.join(', ')}: ${both.error}`);
      merged[place] = both.value;
    }
    names.push(file);
  }
  return merged;
}

function sweepOfJson(file: string, json: unknown): Sweep {
  const sweep = parseSweep(json);
  if (!sweep.ok) throw new UsageError(`${file} cannot be read: ${sweep.error}`);
  return sweep.value;
}

export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${messageOf(error)}`);
  }
}

export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}`);
  }
  try {
    // npm run writes two lines of its own before a command's output, unless it is told to be silent.
    return JSON.parse(text.slice(Math.max(0, text.search(/^[{[]/m))));
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${messageOf(error)}`);
  }
}
