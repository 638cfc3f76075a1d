import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../invariants/index.ts';
import { elapsedMs, type RunEvent } from '../kernel/index.ts';
import { createTestWorld } from '../kernel/testing/test-host.ts';
import { classroomSettings } from '../setups/index.ts';
import { compositions } from './index.ts';
import { halfDone } from './monolith/testing/test-monolith.ts';

const { composition, load } = compositions.monolith;

describe('the shop as a monolith', () => {
  it('with the classroom’s numbers and no fault, fails nobody', { timeout: 60_000 }, async () => {
    const settings = classroomSettings();
    const world = createTestWorld({ settings: { ...settings, load: { ...settings.load, running: false } } });
    for (const service of composition.services) world.add(await load(service));
    await world.runFor(1000);
    world.changeSettings({ load: { running: true } });
    await world.runFor(60_000);
    world.changeSettings({ load: { running: false } });
    await world.runFor(20_000);

    const answered = world.eventsOf('intent.answered');
    expect(answered.filter((event) => event.outcome !== 'ok')).toEqual([]);
    const orders = answered.filter((event) => event.kind === 'order');
    expect(orders.length).toBeGreaterThan(50);
    expect(world.eventsOf('breaker.state.changed')).toEqual([]);
    expect(world.eventsOf('process.failed')).toEqual([]);
    expect(world.eventsOf('message.published')).toEqual([]);
    expect(halfDone(world.events)).toEqual([]);
    expect(checkInvariants(world.events, undefined, { healed: true })).toEqual([]);

    // Cause by cause, all that is in an order's trace leads back to what its customer wanted; but for a
    // parcel's way once it is dispatched, which time moves on.
    const byId = new Map(world.events.map((event) => [event.id, event]));
    const traces = new Set(orders.map((event) => event.traceId));
    const strays = world.events.filter((event) => {
      if (!traces.has(event.traceId)) return false;
      let at: RunEvent | undefined = event;
      while (at !== undefined && at.type !== 'intent.started') {
        if (at.type === 'store.committed' && at.operation === 'tracking advanced') return false;
        at = at.cause === null ? undefined : byId.get(at.cause);
      }
      return at === undefined;
    });
    expect(strays.map((event) => `${event.service} ${event.type}`)).toEqual([]);

    // The classroom's model says 2.1 s from the send to the order's end.
    const sent = new Map(world.eventsOf('intent.started').map((event) => [event.traceId, event.timeUs]));
    const took = world
      .eventsOf('store.committed')
      .filter(({ operation }) => operation === 'confirm order')
      .map((event) => elapsedMs(sent.get(event.traceId) ?? event.timeUs, event.timeUs))
      .sort((a, b) => a - b);
    expect(took).toHaveLength(orders.length);
    const median = took[Math.floor(took.length / 2)] ?? 0;
    expect(median).toBeGreaterThan(2000);
    expect(median).toBeLessThan(2250);
  });
});
