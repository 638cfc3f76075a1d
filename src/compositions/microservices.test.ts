import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../invariants/index.ts';
import { elapsedMs, type RunEvent } from '../kernel/index.ts';
import { createTestWorld } from '../kernel/testing/test-host.ts';
import { classroomSettings } from '../setups/index.ts';
import { microservices } from './index.ts';
import { loadMicroservice } from './load-microservice.ts';

describe('the shop as microservices', () => {
  it('with the classroom’s numbers and no fault, fails nobody', { timeout: 60_000 }, async () => {
    const settings = classroomSettings();
    const world = createTestWorld({ settings: { ...settings, load: { ...settings.load, running: false } } });
    for (const service of microservices.services) world.add(await loadMicroservice(service));
    await world.runFor(4000);
    world.changeSettings({ load: { running: true } });
    await world.runFor(60_000);
    world.changeSettings({ load: { running: false } });
    await world.runFor(20_000);

    const answered = world.eventsOf('intent.answered');
    expect(answered.filter((event) => event.outcome !== 'ok')).toEqual([]);
    expect(answered.filter((event) => event.kind === 'order').length).toBeGreaterThan(50);
    expect(world.eventsOf('saga.completed')).toHaveLength(world.eventsOf('saga.started').length);
    expect(world.eventsOf('breaker.state.changed')).toEqual([]);
    expect(world.eventsOf('process.failed')).toEqual([]);
    expect(checkInvariants(world.events, undefined, { healed: true })).toEqual([]);

    // Cause by cause, all that is in an order's trace leads back to what its customer wanted; but for a
    // parcel's way once it is dispatched, which time moves on.
    const byId = new Map(world.events.map((event) => [event.id, event]));
    const orders = new Set(world.eventsOf('saga.started').map((event) => event.traceId));
    const strays = world.events.filter((event) => {
      if (!orders.has(event.traceId)) return false;
      let at: RunEvent | undefined = event;
      while (at !== undefined && at.type !== 'intent.started') {
        if (at.type === 'store.committed' && at.operation === 'tracking advanced') return false;
        at = at.cause === null ? undefined : byId.get(at.cause);
      }
      return at === undefined;
    });
    expect(strays.map((event) => `${event.service} ${event.type}`)).toEqual([]);

    // The classroom's model says 3.4 s from the send to the order's end.
    const started = new Map(world.eventsOf('saga.started').map((event) => [event.sagaId, event.timeUs]));
    const took = world
      .eventsOf('saga.completed')
      .map((event) => elapsedMs(started.get(event.sagaId) ?? event.timeUs, event.timeUs))
      .sort((a, b) => a - b);
    const median = took[Math.floor(took.length / 2)] ?? 0;
    expect(median).toBeGreaterThan(2500);
    expect(median).toBeLessThan(5000);
  });
});
