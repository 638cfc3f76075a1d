import { startLiveRun } from '../hosts/live/index.ts';
import { classroom } from '../setups/index.ts';
import { readComposition } from './state/hash.ts';
import type { StartedRun } from './state/live-run.ts';

/**
 * Begins the healthy shop on the live host, as services or as the address says, with no customers until
 * Play. Loaded apart from the page: it is on screen by then.
 */
export async function startClassroom(onProgress: (text: string) => void): Promise<StartedRun> {
  const { settings } = classroom;
  const setup = {
    ...classroom,
    composition: readComposition(location.hash) ?? classroom.composition,
    settings: { ...settings, load: { ...settings.load, running: false } },
  };
  const run = await startLiveRun({ setup, onProgress });
  const title = setup.composition === 'monolith' ? `${classroom.title}, as a monolith` : classroom.title;
  return { run, setupTitle: title };
}
