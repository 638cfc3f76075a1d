import { decodeRunLog, encodeRunLog, Sequencer } from '../src/run-log/index.ts';
import { classroomLog } from './classroom-log.ts';
import { medianMs } from './measure.ts';

export const name = 'run log, against plain JSON of the same events';

/** What sequencing and the codec cost, as ratios to `JSON.parse` and `JSON.stringify` of the same log. */
export async function run(): Promise<Record<string, number>> {
  const events = await classroomLog(30);
  const lines = events.map((event) => JSON.stringify(event));
  const header = { run: 'bench', setup: 'classroom', seed: 7, composition: 'microservices', host: 'virtual' };
  const text = encodeRunLog(header, events);
  const stringifyMs = medianMs(9, () => {
    for (const event of events) JSON.stringify(event);
  });
  const parseMs = medianMs(9, () => {
    for (const line of lines) JSON.parse(line);
  });
  const sequenceMs = medianMs(9, () => {
    const sequencer = new Sequencer();
    for (const event of events) sequencer.add(event, 0);
  });
  const encodeMs = medianMs(9, () => {
    encodeRunLog(header, events);
  });
  const decodeMs = medianMs(9, () => {
    if (!decodeRunLog(text).ok) throw new Error('the log does not read back');
  });
  return {
    events: events.length,
    'bytes per event': text.length / events.length,
    'sequencer ÷ JSON.parse': sequenceMs / parseMs,
    'encode ÷ JSON.stringify': encodeMs / stringifyMs,
    'decode ÷ JSON.parse': decodeMs / parseMs,
  };
}
