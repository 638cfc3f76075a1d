import { runProjections } from '../src/projections/index.ts';
import { classroomLog } from './classroom-log.ts';
import { medianMs } from './measure.ts';

export const name = 'projections, against JSON.parse of the same log';

/** What the page spends to fold a run, and how far that is from real time. */
export async function run(): Promise<Record<string, number>> {
  const seconds = 60;
  const events = await classroomLog(seconds);
  const lines = events.map((event) => JSON.stringify(event));
  const parseMs = medianMs(7, () => {
    for (const line of lines) JSON.parse(line);
  });
  const foldMs = medianMs(7, () => {
    const state = runProjections.initial();
    for (const event of events) runProjections.apply(state, event);
  });
  return {
    events: events.length,
    'all projections ÷ JSON.parse': foldMs / parseMs,
    'share of real time': foldMs / (seconds * 1000),
  };
}
