import { browserPacking } from '../src/app/state/packing.ts';
import { LabRun } from '../src/hosts/virtual/index.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { createRandom } from '../src/kernel/index.ts';
import { RunHistory } from '../src/projections/index.ts';
import { scenarioNamed } from '../src/setups/index.ts';

export const name = 'Showing any moment of a recorded run of 1,000,000 events';
export const inChromium = true;

const EVENTS = 1_000_000;
const SEEKS = 1000;
const WARM_UP = 50;
const STEP_MS = 10_000;
/** A frame at 60 a second. */
const FRAME_MS = 16;

export async function run(turn: (next: () => void) => void): Promise<Record<string, number | string>> {
  const scenario = scenarioNamed('slow-shipping');
  if (scenario === null) throw new Error('there is no setup slow-shipping');
  const history = new RunHistory({ packing: browserPacking });
  const turned = () => new Promise<void>((resolve) => turn(resolve));
  let total = 0;
  let foldMs = 0;
  let endUs = 0;
  // Several runs, one after the other, so that none has to be kept whole. Each begins when the one before has ended: what
  // is old would never be forgotten if the time went back.
  for (let seed = 1; total < EVENTS; seed += 1) {
    let waiting: RunEvent[] = [];
    const beginUs = endUs;
    const lab = await LabRun.create({
      setup: scenario.setup,
      commands: scenario.commands,
      seed,
      turn,
      wrote: (event) => waiting.push(event),
    });
    for (let atMs = STEP_MS; atMs <= 600_000 && total < EVENTS; atMs += STEP_MS) {
      await lab.advanceTo(atMs);
      const events = waiting.slice(0, EVENTS - total).map((event, index) => ({
        ...event,
        seq: total + index,
        timeUs: (beginUs + event.timeUs) as RunEvent['timeUs'],
      }));
      for (const { timeUs } of events) endUs = Math.max(endUs, timeUs);
      waiting = [];
      const before = performance.now();
      history.append(events);
      foldMs += performance.now() - before;
      total += events.length;
      await turned();
    }
  }
  // Until the last segment is packed, what is measured is also packing.
  while (history.isPacking) await turned();
  const random = createRandom(1);
  const times: number[] = [];
  for (let seek = 0; seek < SEEKS + WARM_UP; seek += 1) {
    const seq = Math.floor(random.uniform('seek', seek) * total);
    const before = performance.now();
    const state = await history.at(seq);
    const ms = performance.now() - before;
    if (state.facts.lastSeq !== seq) throw new Error(`asked for event ${seq}, shown ${state.facts.lastSeq}`);
    if (seek >= WARM_UP) times.push(ms);
    await turned();
  }
  times.sort((one, other) => one - other);
  const at = (share: number): number => times[Math.ceil(share * times.length) - 1] ?? Number.NaN;
  return {
    events: total,
    'µs to record an event': (foldMs * 1000) / total,
    'seek, median ms': at(0.5),
    'seek, p99 ms': at(0.99),
    'seek, longest ms': at(1),
    'p99 ÷ a frame': at(0.99) / FRAME_MS,
    'bytes an event': history.bytes / total,
  };
}
