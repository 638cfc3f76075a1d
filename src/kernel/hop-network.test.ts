import { describe, expect, it } from 'vitest';
import { hopNetwork } from './hop-network.ts';
import type { Deliver, OutboundMessage, Reply } from './host-ports.ts';
import { callId, type EventId, instanceId } from './ids.ts';
import { createRandom } from './random.ts';
import { runTimeUs } from './units.ts';

function world(hop: { meanMs: number; spread: number }) {
  let nowMs = 0;
  let timers: { atMs: number; run: () => void; order: number }[] = [];
  let order = 0;
  const told: string[] = [];
  let answer: ((reply: Reply) => void) | null = null;
  const deliver: Deliver = (_message, reply) => {
    told.push(`delivered ${nowMs}`);
    answer = reply;
    return () => told.push(`cancelled ${nowMs}`);
  };
  const network = hopNetwork(deliver, {
    random: createRandom(1),
    now: () => runTimeUs(nowMs * 1000),
    settings: () => ({ hop }),
    after(delayMs, run) {
      order += 1;
      if (delayMs <= 0) run();
      else timers.push({ atMs: nowMs + delayMs, run, order });
      return () => {};
    },
  });
  const pass = (ms: number) => {
    const until = nowMs + ms;
    for (;;) {
      const [next] = timers
        .filter(({ atMs }) => atMs <= until)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (next === undefined) break;
      timers = timers.filter((timer) => timer !== next);
      nowMs = next.atMs;
      next.run();
    }
    nowMs = until;
  };
  return { network, pass, told, answered: (reply: Reply) => answer?.(reply), now: () => nowMs };
}

const message: OutboundMessage = {
  from: instanceId('order', 1),
  to: instanceId('shipping', 1),
  request: { method: 'GET', path: '/', headers: {}, body: null },
  operation: 'GET /',
  callId: callId('c'),
  attempt: 1,
  plane: 'data',
  timeoutMs: null,
  span: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } as OutboundMessage['span'],
  cause: 'order-1.1.1' as EventId,
};
const reply: Reply = { outcome: { ok: true, value: { status: 200, headers: {}, body: null } }, cause: null };

describe('hops', () => {
  it('take their time each way', () => {
    const { network, pass, told, answered } = world({ meanMs: 250, spread: 0 });
    network(message, () => told.push('answered'));
    pass(249);
    expect(told).toEqual([]);
    pass(1);
    expect(told).toEqual(['delivered 250']);
    answered(reply);
    pass(249);
    expect(told).toHaveLength(1);
    pass(1);
    expect(told).toEqual(['delivered 250', 'answered']);
  });

  it('giving up travels too: the callee hears of it a hop later, and never before the request', () => {
    const early = world({ meanMs: 250, spread: 0 });
    early.network(message, () => early.told.push('answered'))();
    early.pass(1000);
    expect(early.told).toEqual(['delivered 250', 'cancelled 250']);

    const late = world({ meanMs: 250, spread: 0 });
    const undo = late.network(message, () => late.told.push('answered'));
    late.pass(400);
    undo();
    late.answered(reply);
    late.pass(1000);
    expect(late.told).toEqual(['delivered 250', 'cancelled 650']);
  });

  it('are drawn by edge, call, attempt and direction, so that one more call moves nothing', () => {
    const arrivalOf = (one: OutboundMessage, others: number) => {
      const { network, pass, told } = world({ meanMs: 100, spread: 0.5 });
      for (let index = 0; index < others; index += 1)
        network({ ...message, callId: callId(`other-${index}`) }, () => {});
      pass(200);
      told.length = 0;
      network(one, () => {});
      pass(200);
      const atMs = Number(told[0]?.split(' ')[1]) - 200;
      expect(atMs).toBeGreaterThanOrEqual(50);
      expect(atMs).toBeLessThanOrEqual(150);
      return Math.round(atMs * 1000);
    };
    const first = arrivalOf(message, 0);
    expect(arrivalOf(message, 7)).toBe(first);
    expect(arrivalOf({ ...message, attempt: 2 }, 0)).not.toBe(first);
    expect(arrivalOf({ ...message, to: instanceId('product', 1) }, 0)).not.toBe(first);
    expect(arrivalOf({ ...message, to: instanceId('shipping', 2) }, 0)).toBe(first);
  });

  it('without latency it is handed over at once', () => {
    const { network, told, answered } = world({ meanMs: 0, spread: 0 });
    network(message, () => told.push('answered'));
    answered(reply);
    expect(told).toEqual(['delivered 0', 'answered']);
  });
});
