import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../kernel/index.ts';
import { rowsOf } from './data.ts';
import { type RunProjections, runProjections } from './projections.ts';
import { type Packing, RunHistory } from './run-history.ts';
import { Script } from './testing/script.ts';

const plain: Packing = {
  pack: async (text) => Uint8Array.from([...text].map((character) => character.charCodeAt(0))),
  unpack: async (bytes) => String.fromCharCode(...bytes),
};

/** The background has packed what it can. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}

/** Something of everything, so that every projection has something to keep. */
function eventsOf(orders: number): readonly RunEvent[] {
  const script = new Script();
  for (let n = 0; n < orders; n += 1) {
    script.order(n, `o${n}`);
    script.sent(n, 'order-1', 'shipping-1', `s${n}`, { trace: `trace-intent-o${n}` });
    script.failed(n + 0.5, 'order-1', 'shipping-1', `s${n}`);
    script.breaker(n + 0.5, 'order-1', 'shipping', 'CLOSED', 'OPEN', {}, n + 1);
    script.fault(n + 0.5, `f${n}`, { kind: 'down', target: { kind: 'service', service: 'shipping' } });
    const message = { topic: 'orders', messageId: `m${n}` };
    script.write(
      { at: n + 0.5, by: 'order-1' },
      { type: 'message.published', ...message, messageType: 'placed', key: `o${n}` },
    );
    script.write(
      { at: n + 0.5, by: 'broker-1' },
      { type: 'message.dead-lettered', ...message, group: 'shipping', deliveries: 5, reason: 'refused' },
    );
    script.row(n + 0.6, 'order-1', 'orders', `o${n}`, { orderId: `o${n}`, status: 'CONFIRMED' });
  }
  return script.events;
}

const foldOf = (events: readonly RunEvent[]) =>
  events.reduce((state, event) => runProjections.apply(state, event), runProjections.initial());

const packed = { packing: plain, eventsPerSegment: 7, eventsPerPart: 3, looseSegments: 1 };

describe('a recorded run', () => {
  it('gives the state after any event, on and back, from packed and loose segments', async () => {
    const events = eventsOf(6);
    const history = new RunHistory(packed);
    history.append(events.slice(0, 20));
    await settled();
    history.append(events.slice(20));
    await settled();
    expect([history.firstSeq, history.lastSeq]).toEqual([0, events.length - 1]);
    for (const { seq } of events.toReversed())
      expect(await history.at(seq)).toEqual(foldOf(events.slice(0, seq + 1)));
    expect(history.head).toEqual(foldOf(events));
  });

  it('goes on from a state that is near, and begins at a checkpoint for another', async () => {
    const events = eventsOf(4);
    const history = new RunHistory(packed);
    history.append(events);
    await settled();
    const state = await history.at(8);
    const on = await history.seek(state, 12);
    expect(on).toBe(state);
    expect(on).toEqual(foldOf(events.slice(0, 13)));
    expect(await history.seek(on, 12)).toBe(on);
    const back = await history.seek(on, 10);
    expect(back).not.toBe(on);
    expect(back).toEqual(foldOf(events.slice(0, 11)));
    const far = await history.seek(back, 22);
    expect(far).not.toBe(back);
    expect(far).toEqual(foldOf(events.slice(0, 23)));
  });

  it('shows any moment as a fold from the beginning would, however the log came and is cut', async () => {
    const events = eventsOf(8);
    const folds = events.map((_, seq) => foldOf(events.slice(0, seq + 1)));
    const seqs = fc.nat({ max: events.length - 1 });
    const cut = fc.record({
      eventsPerSegment: fc.integer({ min: 1, max: 30 }),
      eventsPerPart: fc.integer({ min: 1, max: 12 }),
      looseSegments: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        cut,
        fc.array(seqs, { maxLength: 5 }),
        fc.array(fc.record({ seq: seqs, goesOn: fc.boolean() }), { minLength: 1, maxLength: 12 }),
        async (sizes, arrivals, seeks) => {
          const history = new RunHistory({ packing: plain, ...sizes });
          let from = 0;
          for (const to of [...arrivals.sort((a, b) => a - b), events.length]) {
            history.append(events.slice(from, to));
            if (to % 2 === 0) await settled();
            from = to;
          }
          let state: RunProjections | null = null;
          for (const { seq, goesOn } of seeks) {
            state = await history.seek(goesOn ? state : null, seq);
            expect(state).toEqual(folds[seq]);
            expect(await history.events(seq, seq + 4)).toEqual(events.slice(seq, seq + 5));
          }
          expect(history.head).toEqual(folds.at(-1));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('unpacks no more than is needed', async () => {
    const events = eventsOf(4);
    let unpacked = 0;
    const counted: Packing = {
      ...plain,
      unpack: (bytes) => {
        unpacked += 1;
        return plain.unpack(bytes);
      },
    };
    const history = new RunHistory({ ...packed, packing: counted });
    history.append(events);
    await settled();
    await history.at(2);
    expect(unpacked).toBe(1);
    await history.at(6);
    expect(unpacked).toBe(3);
    await history.events(12, 12);
    expect(unpacked).toBe(4);
    await history.at(1);
    expect(unpacked).toBe(4);
  });

  it('gives states of their own: what becomes of one is not seen in another', async () => {
    const events = eventsOf(4);
    const history = new RunHistory({ packing: plain, eventsPerSegment: 7 });
    history.append(events.slice(0, 14));
    const earlier = await history.at(10);
    foldFrom(earlier, events.slice(11, 20));
    history.append(events.slice(14));
    expect(await history.at(10)).toEqual(foldOf(events.slice(0, 11)));
    expect(history.head).toEqual(foldOf(events));
    expect(await history.at(13)).toEqual(foldOf(events.slice(0, 14)));
  });

  it('two seeks from one state do not disturb each other', async () => {
    const events = eventsOf(4);
    const history = new RunHistory(packed);
    history.append(events);
    await settled();
    const state = await history.at(7);
    const first = history.seek(state, 12);
    const second = history.seek(state, 9);
    expect(await first).toEqual(foldOf(events.slice(0, 13)));
    expect(await second).toEqual(foldOf(events.slice(0, 10)));
  });

  it('knows when an event has happened, though the log is not in order of time', async () => {
    const script = new Script();
    for (const at of [1, 3, 2, 3, 5]) script.write({ at, by: 'order-1' }, { type: 'instance.ready' });
    const history = new RunHistory(packed);
    expect(history.seqAt(10)).toBe(-1);
    history.append(script.events);
    expect([0, 0, 1, 2, 3, 4].map((seq) => history.timeOf(seq))).toEqual(
      [1, 1, 3, 3, 3, 5].map((seconds) => seconds * 1_000_000),
    );
    expect([0.5, 1, 2.5, 3, 4.9, 5, 99].map((seconds) => history.seqAt(seconds * 1_000_000))).toEqual([
      -1, 0, 0, 3, 3, 4, 4,
    ]);
  });

  it('gives back its events as they were, from wherever they are', async () => {
    const events = eventsOf(5);
    const history = new RunHistory(packed);
    history.append(events);
    await settled();
    expect(await history.events(0)).toEqual(events);
    expect(await history.events(5, 16)).toEqual(events.slice(5, 17));
    expect(await history.events(10, 10)).toEqual([events[10]]);
    expect(await history.events(-5, 1)).toEqual(events.slice(0, 2));
    expect(await history.events(20, 10_000)).toEqual(events.slice(20));
    expect(await history.events(8, 7)).toEqual([]);
    expect(await new RunHistory(packed).events(0)).toEqual([]);
  });

  it('knows what the rows of a table held', async () => {
    const events = eventsOf(5);
    const history = new RunHistory(packed);
    history.append(events);
    await settled();
    const orders = { service: 'order', table: 'orders' } as const;
    const seq = events.findIndex((event) => event.type === 'store.committed' && event.timeUs > 3_500_000);
    const rows = await history.rows(await history.at(seq - 1), orders, 2);
    expect(rows).toEqual([
      { orderId: 'o2', status: 'CONFIRMED' },
      { orderId: 'o3', status: 'APPROVAL_PENDING', paymentId: 'pay-o3' },
    ]);
    expect(await history.rows(await history.at(seq), orders, 1)).toEqual([
      { orderId: 'o3', status: 'CONFIRMED' },
    ]);
    expect(rowsOf(history.head.data, 'order', 'orders')?.size).toBe(5);
  });

  it('may begin later than 0, and begins anew when it is cleared', async () => {
    const events = eventsOf(5);
    const history = new RunHistory(packed);
    history.append(events.slice(10));
    await settled();
    expect([history.firstSeq, history.lastSeq]).toEqual([10, events.length - 1]);
    expect(await history.at(20)).toEqual(foldOf(events.slice(10, 21)));
    expect(await history.seek(await history.at(11), 12)).toEqual(foldOf(events.slice(10, 13)));
    expect(history.seqAt(events[15]?.timeUs ?? 0)).toBeGreaterThanOrEqual(15);
    await expect(history.at(9)).rejects.toThrow(
      `there is no event 9: 10 to ${events.length - 1} are recorded`,
    );

    const { head } = history;
    history.append([]);
    history.clear();
    expect([history.firstSeq, history.lastSeq]).toEqual([-1, -1]);
    expect(history.head).toEqual(runProjections.initial());
    expect(history.head).not.toBe(head);
    history.append(events.slice(0, 20));
    await settled();
    const fresh = new RunHistory(packed);
    fresh.append(events.slice(0, 20));
    await settled();
    expect(history.bytes).toBe(fresh.bytes);
    expect(await history.at(11)).toEqual(foldOf(events.slice(0, 12)));
    expect(await history.events(0)).toEqual(events.slice(0, 20));
  });

  it('lets its oldest segments go when it weighs too much, and still knows the state after the others', async () => {
    const events = eventsOf(60);
    const history = new RunHistory({ ...packed, maxBytes: 60_000 });
    for (let from = 0; from < events.length; from += 10) {
      history.append(events.slice(from, from + 10));
      await settled();
    }
    expect(history.dropped).toBeGreaterThan(0);
    expect(history.dropped % 7).toBe(0);
    expect(history.bytes).toBeLessThanOrEqual(60_000);
    expect(history.firstSeq).toBe(history.dropped);
    expect(history.lastSeq).toBe(events.length - 1);
    const { firstSeq, lastSeq } = history;
    for (const seq of [firstSeq, firstSeq + 8, lastSeq]) {
      expect(await history.at(seq)).toEqual(foldOf(events.slice(0, seq + 1)));
    }
    expect(await history.events(0)).toEqual(events.slice(firstSeq));
    expect(history.timeOf(lastSeq)).toBe(Math.max(...events.map(({ timeUs }) => timeUs)));
    expect(history.seqAt(-1)).toBe(-1);
    expect(history.seqAt(0)).toBe(firstSeq);
    await expect(history.at(firstSeq - 1)).rejects.toThrow(`there is no event ${firstSeq - 1}`);
  });

  it('refuses a gap, and events that it does not have', async () => {
    const events = eventsOf(2);
    const history = new RunHistory(packed);
    await expect(history.at(0)).rejects.toThrow('there is no event 0: nothing is recorded');
    history.append(events.slice(0, 3));
    expect(() => history.append(events.slice(4))).toThrow('the history expects event 3, not 4 (');
    expect(() => history.append(events.slice(2))).toThrow('the history expects event 3, not 2 (');
    await expect(history.at(3)).rejects.toThrow('there is no event 3: 0 to 2 are recorded');
    expect(() => history.timeOf(3)).toThrow(RangeError);
  });

  it('keeps as objects what cannot be packed, tries again later, and says what cannot be unpacked', async () => {
    const events = eventsOf(5);
    let isBroken = true;
    const fails = async () => {
      throw new Error('broken');
    };
    const history = new RunHistory({
      ...packed,
      packing: {
        pack: (text) => (isBroken ? fails() : plain.pack(text)),
        unpack: (bytes) => (isBroken ? fails() : plain.unpack(bytes)),
      },
    });
    history.append(events.slice(0, 20));
    await settled();
    const before = history.bytes;
    expect(await history.at(3)).toEqual(foldOf(events.slice(0, 4)));
    isBroken = false;
    history.append(events.slice(20, 21));
    await settled();
    expect(history.bytes).toBeLessThan(before);
    isBroken = true;
    await expect(history.at(3)).rejects.toThrow('broken');
  });

  it('is not confused when it is cleared while a segment is being packed', async () => {
    const events = eventsOf(5);
    const waiting: (() => void)[] = [];
    const history = new RunHistory({
      ...packed,
      packing: {
        ...plain,
        pack: async (text) => {
          await new Promise<void>((resolve) => waiting.push(resolve));
          return await plain.pack(text);
        },
      },
    });
    history.append(events);
    history.clear();
    history.append(events.slice(3, 13));
    for (let turn = 0; turn < 50; turn += 1) {
      waiting.shift()?.();
      await settled();
    }
    const fresh = new RunHistory(packed);
    fresh.append(events.slice(3, 13));
    await settled();
    expect(history.bytes).toBe(fresh.bytes);
    for (let seq = 3; seq < 13; seq += 1)
      expect(await history.at(seq)).toEqual(foldOf(events.slice(3, seq + 1)));
  });
});

function foldFrom(state: ReturnType<typeof foldOf>, events: readonly RunEvent[]): void {
  for (const event of events) runProjections.apply(state, event);
}
