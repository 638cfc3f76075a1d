import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventId, RunEvent } from '../kernel/index.ts';
import { KnownEvents, Sequencer } from './index.ts';

const event = (id: string, cause: string | null, timeUs = 0): RunEvent =>
  ({
    id,
    seq: -1,
    timeUs,
    instance: id.split('.')[0],
    service: 'order',
    traceId: null,
    spanId: null,
    parentSpanId: null,
    cause,
    type: 'instance.ready',
  }) as RunEvent;

const ids = (events: readonly RunEvent[]) => events.map((one) => one.id);

/** Events whose causes are earlier ones of the list, in an order of arrival of their own. */
const arrivals = fc
  .array(
    fc.record({
      instance: fc.constantFrom('order-1', 'user-1', 'run-1'),
      back: fc.nat(5),
      root: fc.boolean(),
      timeUs: fc.nat(50),
    }),
    {
      maxLength: 60,
    },
  )
  .chain((drafts) => {
    const counts = new Map<string, number>();
    const events: RunEvent[] = [];
    for (const draft of drafts) {
      const n = (counts.get(draft.instance) ?? 0) + 1;
      counts.set(draft.instance, n);
      const cause = draft.root ? null : (events.at(-1 - draft.back)?.id ?? null);
      events.push(event(`${draft.instance}.1.${n}`, cause, draft.timeUs));
    }
    return fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length });
  });

describe('the sequencer', () => {
  it('RLOG-1, RLOG-2: numbers without gaps, every event after its cause, none missing', () => {
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const sequencer = new Sequencer({ nextSeq: 7 });
        const log = arrived.flatMap((one) => sequencer.add(one, 0));
        expect(log.map((one) => one.seq)).toEqual(log.map((_, index) => 7 + index));
        expect(new Set(ids(log))).toEqual(new Set(ids(arrived)));
        const seen = new Set<string>();
        for (const one of log) {
          if (one.cause !== null) expect(seen).toContain(one.cause);
          seen.add(one.id);
        }
      }),
    );
  });

  it('RLOG-3: where causes leave a choice, arrival decides and not time', () => {
    const sequencer = new Sequencer();
    const log = [
      sequencer.add(event('order-1.1.1', null, 900), 0),
      sequencer.add(event('user-1.1.1', null, 100), 0),
      sequencer.add(event('order-1.1.2', 'order-1.1.1', 5), 0),
    ].flat();
    expect(ids(log)).toEqual(['order-1.1.1', 'user-1.1.1', 'order-1.1.2']);
  });

  it('RLOG-4: an event is taken once, while it waits and afterwards', () => {
    fc.assert(
      fc.property(arrivals, fc.array(fc.nat()), (arrived, again) => {
        const once = new Sequencer();
        const twice = new Sequencer();
        const expected = arrived.flatMap((one) => once.add(one, 0));
        const repeats = again.map((index) => arrived[index % Math.max(1, arrived.length)]);
        const log = arrived.flatMap((one, index) => {
          const repeat = repeats[index];
          // Only what has arrived may be repeated: a repetition that comes first would be the arrival.
          const known = repeat !== undefined && arrived.indexOf(repeat) <= index ? [repeat] : [];
          return [one, ...known].flatMap((each) => twice.add(each, 0));
        });
        expect(log).toEqual(expected);
      }),
    );
  });

  it('RLOG-5: those that wait follow their cause at once, in the order in which they came', () => {
    const sequencer = new Sequencer();
    expect(sequencer.add(event('order-1.1.3', 'order-1.1.1'), 0)).toEqual([]);
    expect(sequencer.add(event('order-1.1.2', 'order-1.1.1'), 0)).toEqual([]);
    expect(sequencer.add(event('user-1.1.1', 'order-1.1.2'), 0)).toEqual([]);
    expect(sequencer.held).toBe(3);
    expect(ids(sequencer.add(event('order-1.1.1', null), 0))).toEqual([
      'order-1.1.1',
      'order-1.1.3',
      'order-1.1.2',
      'user-1.1.1',
    ]);
    expect(sequencer.held).toBe(0);
  });

  it('RLOG-6: a lost cause stops nothing: after its patience the event is let in, and its followers with it', () => {
    const sequencer = new Sequencer({ patienceMs: 100 });
    sequencer.add(event('order-1.1.2', 'order-1.1.1'), 0);
    sequencer.add(event('order-1.1.3', 'order-1.1.2'), 50);
    expect(sequencer.giveUp(99)).toEqual([]);
    const log = sequencer.giveUp(100);
    expect(log.map((one) => [one.id, one.cause])).toEqual([
      ['order-1.1.2', 'order-1.1.1'],
      ['order-1.1.3', 'order-1.1.2'],
    ]);
    expect(ids(sequencer.add(event('order-1.1.1', null), 200))).toEqual(['order-1.1.1']);
    expect(sequencer.held).toBe(0);
  });

  it('RLOG-6: no more than the allowed number waits; an event that causes itself does not wait', () => {
    const sequencer = new Sequencer({ maxHeld: 2 });
    expect(ids(sequencer.add(event('user-1.1.9', 'user-1.1.9'), 0))).toEqual(['user-1.1.9']);
    sequencer.add(event('order-1.1.2', 'user-1.1.1'), 0);
    sequencer.add(event('order-1.1.4', 'user-1.1.3'), 0);
    expect(ids(sequencer.add(event('order-1.1.6', 'user-1.1.5'), 0))).toEqual(['order-1.1.2']);
    expect(sequencer.held).toBe(2);
    expect(ids(sequencer.drain())).toEqual(['order-1.1.4', 'order-1.1.6']);
  });

  it('RLOG-4: a continued log knows what it had', () => {
    const known = new KnownEvents();
    known.add('order-1.1.1' as EventId);
    const sequencer = new Sequencer({ nextSeq: 40, known });
    expect(sequencer.add(event('order-1.1.1', null), 0)).toEqual([]);
    expect(sequencer.add(event('order-1.1.2', 'order-1.1.1'), 0).map((one) => one.seq)).toEqual([40]);
  });
});

describe('known events', () => {
  it('RLOG-4: answers as a set would, in few ranges', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (numbers) => {
        const known = new KnownEvents();
        const set = new Set<string>();
        for (const n of numbers) {
          const id = `order-1.${1 + (n % 2)}.${n}` as EventId;
          expect(known.add(id)).toBe(!set.has(id));
          set.add(id);
          for (let probe = 0; probe <= 41; probe += 1) {
            const asked = `order-1.${1 + (probe % 2)}.${probe}` as EventId;
            expect(known.has(asked)).toBe(set.has(asked));
          }
        }
      }),
    );
    const known = new KnownEvents();
    const shuffled = fc.sample(
      fc.shuffledSubarray(
        Array.from({ length: 500 }, (_, n) => n + 1),
        { minLength: 500 },
      ),
      { numRuns: 1, seed: 3 },
    );
    for (const n of shuffled[0] ?? []) known.add(`order-1.1.${n}` as EventId);
    expect(known.ranges).toBe(1);
    known.add('order-1.4.1' as EventId);
    expect(known.incarnations()).toEqual(new Map([['order-1', 4]]));
  });
});
