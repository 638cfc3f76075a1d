import { startLiveRun } from '../hosts/live/index.ts';
import { classroom } from '../setups/index.ts';
import type { StartedRun } from './state/live-run.ts';

/** Begins the healthy shop on the live host, with no customers until Play. Loaded apart from the page: it is on screen by then. */
export async function startClassroom(onProgress: (text: string) => void): Promise<StartedRun> {
  const { settings } = classroom;
  const setup = { ...classroom, settings: { ...settings, load: { ...settings.load, running: false } } };
  const run = await startLiveRun({ setup, onProgress });
  return { run, setupTitle: classroom.title };
}
