import type { CompositionName } from '../compositions/index.ts';
import { startLiveRun } from '../hosts/live/index.ts';
import { type Scenario, scenarioNamed } from '../setups/index.ts';
import type { StartedRun, StartRun } from './state/page-run.ts';
import { livePageRun } from './state/page-run.ts';
import { doOnTime } from './state/timed-commands.ts';

/** Which run the page is to show. */
export interface RunWish {
  readonly host: 'live' | 'lab';
  /** Of a ready-made setup. */
  readonly setup: string;
  readonly composition: CompositionName;
  /** null: the setup's own. */
  readonly seed: number | null;
}

/** The ready-made setup of that name. Throws a sentence for the page when there is none. */
export function scenarioOf({ setup, composition }: RunWish): Scenario {
  const scenario = scenarioNamed(setup, composition);
  if (scenario === null)
    throw new Error(`There is no setup called “${setup}”. Check the address, or choose one.`);
  return scenario;
}

/** Begins the run that the address asks for. Loaded apart from the page: it is on screen by then. */
export const startWished =
  (wish: RunWish): StartRun =>
  async (onProgress) => {
    const scenario = scenarioOf(wish);
    return wish.host === 'live'
      ? await startLive(scenario, onProgress)
      : await startInLab(scenario, wish.seed ?? scenario.setup.seed);
  };

/** On the live host, with no customers until Play. */
async function startLive(scenario: Scenario, onProgress: (text: string) => void): Promise<StartedRun> {
  const { settings } = scenario.setup;
  const setup = { ...scenario.setup, settings: { ...settings, load: { ...settings.load, running: false } } };
  const run = livePageRun(await startLiveRun({ setup, onProgress }));
  return { run: doOnTime(run, scenario.commands), scenario };
}

/**
 * In the Lab, where the setup and the seed decide everything: `npm run sim` gives the same log. `plan`: what is
 * run, when that is the setup and more.
 */
export async function startInLab(scenario: Scenario, seed: number, plan = scenario): Promise<StartedRun> {
  const { startLab } = await import('./lab/start-lab.ts');
  const [run] = await startLab([{ scenario: plan, seed, composition: scenario.setup.composition }]);
  if (run === undefined) throw new Error('the Lab gave no run');
  return { run, scenario };
}
