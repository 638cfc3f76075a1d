import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { expect, it } from 'vitest';
import { LabRun } from '../hosts/virtual/index.ts';
import type { RunEvent } from '../kernel/index.ts';
import { type Packing, RunHistory, runProjections } from '../projections/index.ts';
import { classroom } from '../setups/index.ts';

const packing: Packing = {
  pack: async (text) => new Uint8Array(await promisify(deflateRaw)(text)),
  unpack: async (bytes) => String(await promisify(inflateRaw)(bytes)),
};

/** Half a minute of the real shop; Shipping goes down and comes back. */
async function shopEvents(composition: 'microservices' | 'monolith'): Promise<readonly RunEvent[]> {
  const run = await LabRun.create({
    setup: { ...classroom, composition },
    turn: (next) => void setImmediate(next),
  });
  await run.advanceTo(8_000);
  const target = { kind: 'service', service: composition === 'monolith' ? 'payment-provider' : 'shipping' };
  await run.command({ type: 'fault.add', fault: { kind: 'down', target, lengthMs: 8_000 } });
  await run.advanceTo(35_000);
  return run.events;
}

it.each(['microservices', 'monolith'] as const)(
  'the state after any event of a run of the %s is that of a fold over it',
  { timeout: 120_000 },
  async (composition) => {
    const events = await shopEvents(composition);
    const history = new RunHistory({ packing, eventsPerSegment: 300, looseSegments: 2 });
    for (let from = 0; from < events.length; from += 70) {
      history.append(events.slice(from, from + 70));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const seed = Math.floor(Math.random() * 1_000_000);
    let random = seed;
    const places = Array.from({ length: 12 }, () => {
      random = (random * 48_271 + 11) % 2_147_483_647;
      return random % events.length;
    }).sort((a, b) => a - b);

    const folded = runProjections.initial();
    const truths = new Map<number, typeof folded>();
    for (const event of events) {
      runProjections.apply(folded, event);
      // A copy that shares nothing: a fork may be what is wrong.
      if (places.includes(event.seq)) {
        const alone = runProjections.initial();
        for (const past of events.slice(0, event.seq + 1)) runProjections.apply(alone, past);
        truths.set(event.seq, alone);
      }
    }
    expect(history.head, `seed ${seed}`).toEqual(folded);
    for (const seq of [...places, ...places.toReversed()])
      expect(await history.at(seq), `seed ${seed}, event ${seq}`).toEqual(truths.get(seq));
    let state = await history.at(0);
    for (const seq of places) {
      state = await history.seek(state, seq);
      expect(state, `seed ${seed}, on to ${seq}`).toEqual(truths.get(seq));
    }
    // However much is forked and gone on from, the checkpoints are as they were.
    expect(await history.at(places[0] ?? 0)).toEqual(truths.get(places[0] ?? 0));
  },
);
