import { describe, expect, it } from 'vitest';
import { EventQueue, type QueuedEvent } from './event-queue.ts';

interface Expected {
  readonly moment: number;
  readonly last: boolean;
  readonly order: number;
  readonly event: QueuedEvent;
}

const inOrder = (a: Expected, b: Expected) =>
  a.moment - b.moment || Number(a.last) - Number(b.last) || a.order - b.order;

describe('the event queue', () => {
  it('agrees with a sorted list, whatever is scheduled, given up and taken in between', () => {
    let hash = 7;
    const draw = (below: number) => {
      hash = (Math.imul(hash, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((hash / 2 ** 32) * below);
    };
    const queue = new EventQueue();
    const expected: Expected[] = [];
    let nowUs = 0;
    for (let step = 0; step < 20_000; step += 1) {
      // It grows above its first size, runs empty, and grows again.
      const growing = step % 5000 < 2000;
      const what = draw(10);
      if (what < (growing ? 7 : 3)) {
        const moment = nowUs + draw(40);
        const last = draw(8) === 0;
        const event = queue.schedule(moment, () => {}, last);
        expected.push({ moment, last, order: step, event });
        expected.sort(inOrder);
      } else if (what === 7) {
        const [given] = expected.splice(draw(expected.length), 1);
        if (given !== undefined) given.event.run = null;
      } else {
        const next = expected.shift();
        expect(queue.nextMoment()).toBe(next?.moment ?? null);
        if (next === undefined) continue;
        expect(queue.take()).toBe(next.event);
        nowUs = next.moment;
      }
      if (draw(50) === 0) expect(queue.moments()).toEqual(expected.map(({ moment }) => moment));
    }
  });
});
