import { describe, expect, it } from 'vitest';
import { LabRun } from '../hosts/virtual/index.ts';
import type { RunEvent, ServiceName } from '../kernel/index.ts';
import { Script } from '../projections/testing/script.ts';
import { classroomSettings, scenarioNamed } from '../setups/index.ts';
import { BlastRadius, type BlastRadiusView } from './blast-radius.ts';

const viewOf = (events: readonly RunEvent[]): BlastRadiusView | null => {
  const blast = new BlastRadius();
  for (const event of events) blast.add(event);
  return blast.view;
};
const servicesOf = (script: Script): readonly ServiceName[] | undefined => viewOf(script.events)?.services;

const FIVE = ['gateway-1', 'user-1', 'product-1', 'order-1', 'shipping-1'];

/** A shop of five, with what a healthy Product and Shipping take noted down: 0.1 s. */
class Story extends Script {
  constructor(instances: readonly string[] = FIVE) {
    super();
    this.write(
      { at: 0, by: 'run-1' },
      { type: 'run.settings.changed', settings: classroomSettings() as never },
    );
    for (const by of instances) this.write({ at: 0, by }, { type: 'instance.ready' });
  }

  slow(at: number, id = 'f1', service = 'shipping'): void {
    this.fault(at, id, { kind: 'slow', target: { kind: 'service', service }, addMs: 2000, lengthMs: null });
  }

  cleared(at: number, id = 'f1'): void {
    this.write({ at, by: 'run-1' }, { type: 'fault.ended', faultId: id as never, reason: 'cleared' });
  }

  injected(at: number, by: string, span: string, more: { trace?: string; parent?: string } = {}): void {
    this.write(
      {
        at,
        by,
        span,
        trace: more.trace ?? 't1',
        ...(more.parent === undefined ? {} : { parent: more.parent }),
      },
      {
        type: 'fault.injected',
        faultId: 'f1' as never,
        kind: 'slow',
        target: 'shipping',
        effect: 'held at the door',
        delayMs: 2000,
      },
    );
  }

  took(at: number, by: string, span: string, durationMs: number, trace = 't1'): void {
    this.write(
      { at, by, span, trace },
      {
        type: 'response.sent',
        operation: 'GET /',
        status: 200,
        durationMs,
        plane: 'data',
        slotsUsed: 0,
        queued: 0,
        problem: null,
      },
    );
  }

  /** So many healthy answers, 0.1 s each. */
  healthy(by: string, count = 5): void {
    for (let index = 0; index < count; index += 1) {
      const span = `healthy-${by}-${index}`;
      this.sent(1 + index / 10, 'gateway-1', by, span, { trace: span });
      this.received(1 + index / 10, by, span, { trace: span });
      this.took(1.1 + index / 10, by, span, 100, span);
      this.got(1.1 + index / 10, 'gateway-1', by, span, 200, { trace: span });
    }
  }

  crashed(at: number, by: string, faultId: string | null): void {
    this.write({ at, by }, { type: 'instance.crashed', reason: 'down', faultId: faultId as never });
  }

  rejected(
    at: number,
    by: string,
    to: ServiceName,
    span: string,
    how: 'circuit-breaker' | 'bulkhead' | 'no-instance',
    trace = 't1',
  ): void {
    this.write(
      { at, by, span, trace },
      {
        type: 'call.rejected',
        callId: 'c' as never,
        to,
        method: 'GET',
        path: '/',
        plane: 'data',
        by: how,
        detail: '',
      },
    );
  }
}

describe('an episode', () => {
  it('is none before the first fault, lasts until its faults have ended, and is known until the next', () => {
    const story = new Story();
    expect(viewOf(story.events)).toBeNull();
    story.slow(8, 'f1');
    story.slow(9, 'f2', 'product');
    story.cleared(10, 'f1');
    expect(viewOf(story.events)).toMatchObject({ sinceUs: 8_000_000, endedUs: null, ofServices: 5 });
    story.cleared(12, 'f2');
    expect(viewOf(story.events)).toMatchObject({ sinceUs: 8_000_000, endedUs: 12_000_000 });
    story.slow(20, 'f3');
    expect(viewOf(story.events)).toMatchObject({ sinceUs: 20_000_000, endedUs: null, services: [] });
  });

  it('knows nothing of what the one before has touched', () => {
    const story = new Story();
    story.slow(8);
    story.sent(9, 'gateway-1', 'shipping-1', 's1');
    story.received(9, 'shipping-1', 's1');
    story.injected(9, 'shipping-1', 's1');
    story.cleared(9.1);
    story.slow(9.2, 'f2', 'user');
    story.failed(10, 'gateway-1', 'shipping-1', 's1');
    expect(servicesOf(story)).toEqual([]);
  });

  it('begins with a crash by hand, and is over when the instance is back', () => {
    const story = new Story();
    story.crashed(8, 'user-1', null);
    expect(viewOf(story.events)).toMatchObject({ sinceUs: 8_000_000, endedUs: null });
    story.write({ at: 13, by: 'user-1' }, { type: 'instance.ready' });
    expect(viewOf(story.events)).toMatchObject({ endedUs: 13_000_000 });
  });

  it('lasts while what a spent fault has crashed is down', () => {
    const story = new Story();
    story.slow(8);
    story.cleared(9);
    story.crashed(9, 'shipping-1', 'f1');
    expect(viewOf(story.events)).toMatchObject({ sinceUs: 8_000_000, endedUs: null });
  });

  it('is also slower code in the monolith, where a slow service has no door of its own', () => {
    const story = new Story(['monolith-1']);
    const { services, ...rest } = classroomSettings();
    const slower = {
      ...rest,
      services: { ...services, shipping: { ...services.shipping, serviceTimeMs: 2150 } },
    };
    story.healthy('monolith-1');
    story.write({ at: 8, by: 'run-1' }, { type: 'run.settings.changed', settings: slower as never });
    story.sent(9, 'customers-1', 'monolith-1', 's1');
    story.received(9, 'monolith-1', 's1');
    story.took(11, 'monolith-1', 's1', 2000);
    expect(viewOf(story.events)).toMatchObject({ services: ['monolith'], ofServices: 1, endedUs: null });
    const healed = { ...rest, services } as never;
    story.write({ at: 12, by: 'run-1' }, { type: 'run.settings.changed', settings: healed });
    expect(viewOf(story.events)).toMatchObject({ endedUs: 12_000_000 });
  });
});

describe('a service is in it', () => {
  it('when a call that the fault touched fails, and so are the callers that fail for it', () => {
    const story = new Story();
    story.slow(8);
    story.sent(9, 'customers-1', 'gateway-1', 'outer');
    story.received(9, 'gateway-1', 'outer');
    story.sent(9.1, 'gateway-1', 'order-1', 'middle', { parent: 'outer' });
    story.received(9.1, 'order-1', 'middle');
    story.sent(9.2, 'order-1', 'shipping-1', 'inner', { parent: 'middle' });
    story.received(9.2, 'shipping-1', 'inner');
    story.injected(9.2, 'shipping-1', 'inner');
    expect(servicesOf(story)).toEqual([]);
    story.failed(10.2, 'order-1', 'shipping-1', 'inner');
    expect(servicesOf(story)).toEqual(['shipping']);
    story.answered(10.2, 'order-1', 'middle', 503);
    story.got(10.3, 'gateway-1', 'order-1', 'middle', 503);
    expect(servicesOf(story)).toEqual(['order', 'shipping']);
    // It hides the failure from its customer.
    story.answered(10.3, 'gateway-1', 'outer', 200);
    story.got(10.4, 'customers-1', 'gateway-1', 'outer', 200);
    expect(servicesOf(story)).toEqual(['order', 'shipping']);
  });

  it('not when what fails, or is late, has nothing to do with the fault', () => {
    const story = new Story();
    story.healthy('product-1');
    story.slow(8);
    story.sent(9, 'gateway-1', 'shipping-1', 's1', { trace: 'a' });
    story.received(9, 'shipping-1', 's1', { trace: 'a' });
    story.injected(9, 'shipping-1', 's1', { trace: 'a' });
    story.sent(9, 'gateway-1', 'product-1', 's2', { trace: 'b' });
    story.received(9, 'product-1', 's2', { trace: 'b' });
    story.took(10, 'product-1', 's2', 1000, 'b');
    story.got(10, 'gateway-1', 'product-1', 's2', 200, { trace: 'b' });
    story.sent(10, 'gateway-1', 'user-1', 's3', { trace: 'b' });
    story.failed(11, 'gateway-1', 'user-1', 's3', 'timeout', { trace: 'b' });
    expect(servicesOf(story)).toEqual([]);
  });

  it('when it answers later than twice its healthy p95, of five samples or more', () => {
    const lateAfter = (count: number, durationMs: number) => {
      const story = new Story();
      story.healthy('shipping-1', count);
      story.slow(8);
      story.sent(9, 'gateway-1', 'shipping-1', 's1');
      story.received(9, 'shipping-1', 's1');
      story.injected(9, 'shipping-1', 's1');
      story.took(9 + durationMs / 1000, 'shipping-1', 's1', durationMs);
      return servicesOf(story);
    };
    expect(lateAfter(5, 201)).toEqual(['shipping']);
    expect(lateAfter(5, 199)).toEqual([]);
    expect(lateAfter(4, 900)).toEqual([]);
  });

  it('when it answers after the deadline', () => {
    const story = new Story();
    story.slow(8);
    story.write(
      { at: 9, by: 'gateway-1', span: 's1', trace: 't1' },
      {
        type: 'request.sent',
        callId: 's1' as never,
        attempt: 1,
        to: 'shipping',
        toInstance: 'shipping-1' as never,
        method: 'GET',
        path: '/',
        plane: 'data',
        timeoutMs: null,
        deadlineUs: 10_000_000 as never,
      },
    );
    story.received(9, 'shipping-1', 's1');
    story.injected(9, 'shipping-1', 's1');
    story.took(11, 'shipping-1', 's1', 2000);
    expect(servicesOf(story)).toEqual(['shipping']);
  });

  it('when it is down and refuses, and when it was being asked as it went down', () => {
    const story = new Story();
    story.sent(7.9, 'gateway-1', 'user-1', 's1');
    story.fault(8, 'f1', { kind: 'down', target: { kind: 'service', service: 'user' }, lengthMs: null });
    story.crashed(8, 'user-1', 'f1');
    story.failed(8, 'gateway-1', 'user-1', 's1', 'connection_refused');
    expect(servicesOf(story)).toEqual(['user']);
    const after = new Story();
    after.crashed(8, 'user-1', null);
    after.sent(9, 'gateway-1', 'user-1', 's1');
    after.failed(9.5, 'gateway-1', 'user-1', 's1', 'connection_refused');
    expect(servicesOf(after)).toEqual(['user']);
  });

  it('when it fails as nobody is left whom it could ask', () => {
    const story = new Story();
    story.crashed(8, 'user-1', null);
    story.sent(9, 'customers-1', 'gateway-1', 'outer');
    story.received(9, 'gateway-1', 'outer');
    story.rejected(9, 'gateway-1', 'user', 'outer', 'no-instance');
    story.answered(9, 'gateway-1', 'outer', 503);
    expect(servicesOf(story)).toEqual(['gateway']);
  });

  it('when a breaker refuses its call that touched failures have opened, until it has closed', () => {
    const refusedBy = (write: (story: Story) => void) => {
      const story = new Story();
      story.slow(8);
      story.sent(9, 'gateway-1', 'shipping-1', 'slow', { trace: 'a' });
      story.received(9, 'shipping-1', 'slow', { trace: 'a' });
      write(story);
      story.failed(10, 'gateway-1', 'shipping-1', 'slow', 'timeout', { trace: 'a' });
      story.breaker(10, 'gateway-1', 'shipping', 'CLOSED', 'OPEN');
      story.cleared(11);
      return story;
    };
    const ask = (story: Story, at: number) => {
      story.sent(at, 'customers-1', 'gateway-1', `b${at}`, { trace: `b${at}` });
      story.received(at, 'gateway-1', `b${at}`, { trace: `b${at}` });
      story.rejected(at, 'gateway-1', 'shipping', `b${at}`, 'circuit-breaker', `b${at}`);
      story.answered(at, 'gateway-1', `b${at}`, 503, { trace: `b${at}` });
      return servicesOf(story);
    };
    const touched = (story: Story) => story.injected(9, 'shipping-1', 'slow', { trace: 'a' });
    expect(ask(refusedBy(touched), 12)).toEqual(['gateway', 'shipping']);
    expect(
      ask(
        refusedBy(() => {}),
        12,
      ),
    ).toEqual([]);
    const closed = refusedBy(touched);
    closed.breaker(13, 'gateway-1', 'shipping', 'OPEN', 'HALF_OPEN');
    closed.breaker(14, 'gateway-1', 'shipping', 'HALF_OPEN', 'CLOSED');
    closed.breaker(15, 'gateway-1', 'shipping', 'CLOSED', 'OPEN');
    expect(ask(closed, 16)).toEqual(['shipping']);
  });

  it('when it turns requests away, or keeps them waiting, while touched calls hold its slots', () => {
    const full = (isTouched: boolean) => {
      const story = new Story();
      story.healthy('order-1');
      story.slow(8);
      story.sent(9, 'gateway-1', 'order-1', 'first', { trace: 'a' });
      story.received(9, 'order-1', 'first', { trace: 'a', slots: 1, slotsUsed: 1 });
      story.sent(9, 'order-1', 'shipping-1', 'slow', { trace: 'a', parent: 'first' });
      story.received(9, 'shipping-1', 'slow', { trace: 'a' });
      if (isTouched) story.injected(9, 'shipping-1', 'slow', { trace: 'a' });
      return story;
    };
    const waits = (isTouched: boolean) => {
      const story = full(isTouched);
      story.sent(9.1, 'gateway-1', 'order-1', 'next', { trace: 'b' });
      // Its caller gives up; the slot is heard to be free only with the next answer.
      story.failed(10, 'gateway-1', 'order-1', 'first', 'cancelled', { trace: 'a' });
      story.received(10.2, 'order-1', 'next', { trace: 'b', slots: 1, slotsUsed: 1 });
      story.took(10.3, 'order-1', 'next', 1200, 'b');
      return story;
    };
    const gaveUp = (isTouched: boolean) => {
      const story = full(isTouched);
      story.sent(9.1, 'gateway-1', 'order-1', 'next', { trace: 'b' });
      story.failed(10.1, 'gateway-1', 'order-1', 'next', 'timeout', { trace: 'b' });
      return story;
    };
    const shed = (isTouched: boolean) => {
      const story = full(isTouched);
      story.sent(9.1, 'gateway-1', 'order-1', 'next', { trace: 'b' });
      story.write(
        { at: 9.2, by: 'order-1', span: 'next', trace: 'b' },
        {
          type: 'request.shed',
          operation: 'GET /',
          plane: 'data',
          slots: 1,
          queued: 20,
          priority: 'sheddable',
          leastWaiting: 'sheddable',
        },
      );
      story.answered(9.2, 'order-1', 'next', 503, { trace: 'b', slotsUsed: 1 });
      return story;
    };
    const inIt = (isTouched: boolean) => [waits, gaveUp, shed].map((story) => servicesOf(story(isTouched)));
    expect(inIt(true)).toEqual([['order'], ['order'], ['order']]);
    expect(inIt(false)).toEqual([[], [], []]);
  });

  it('when it finds no place in a bulkhead that touched calls are in', () => {
    const bulkhead = (isTouched: boolean) => {
      const story = new Story();
      story.slow(8);
      story.sent(9, 'gateway-1', 'shipping-1', 'slow', { trace: 'a' });
      story.received(9, 'shipping-1', 'slow', { trace: 'a' });
      if (isTouched) story.injected(9, 'shipping-1', 'slow', { trace: 'a' });
      story.sent(9.1, 'customers-1', 'gateway-1', 'outer', { trace: 'b' });
      story.received(9.1, 'gateway-1', 'outer', { trace: 'b' });
      story.rejected(9.1, 'gateway-1', 'shipping', 'outer', 'bulkhead', 'b');
      story.answered(9.1, 'gateway-1', 'outer', 503, { trace: 'b' });
      return servicesOf(story);
    };
    expect(bulkhead(true)).toEqual(['gateway']);
    expect(bulkhead(false)).toEqual([]);
  });

  it('when part of its own work is touched, which has a span of its own', () => {
    const story = new Story();
    story.slow(8, 'f1', 'order');
    story.sent(9, 'gateway-1', 'order-1', 'outer');
    story.received(9, 'order-1', 'outer');
    story.injected(9, 'order-1', 'transaction', { parent: 'outer' });
    story.answered(10, 'order-1', 'outer', 500);
    expect(servicesOf(story)).toEqual(['order']);
  });

  it('only as one of the shop', () => {
    const story = new Story();
    story.slow(8, 'f1', 'payment-provider');
    story.sent(9, 'order-1', 'payment-provider-1', 's1');
    story.received(9, 'payment-provider-1', 's1');
    story.injected(9, 'payment-provider-1', 's1');
    story.failed(10, 'order-1', 'payment-provider-1', 's1');
    expect(servicesOf(story)).toEqual([]);
  });
});

describe('an intent is affected', () => {
  /** Its request is touched, or not. */
  const browse = (
    story: Story,
    at: number,
    id: string,
    how: 'ok' | 'failed',
    tookS: number,
    touched: boolean,
  ) => {
    const trace = `trace-${id}`;
    story.intent(at, id, 'browse');
    story.sent(at, 'customers-1', 'gateway-1', id, { trace });
    story.received(at, 'gateway-1', id, { trace });
    if (touched) story.injected(at, 'gateway-1', id, { trace });
    story.got(at + tookS, 'customers-1', 'gateway-1', id, how === 'ok' ? 200 : 503, { trace });
    story.answer(at + tookS, id, 'browse', how);
  };
  const browsing = (story: Story) => viewOf(story.events)?.intents.browse;

  it('when a touched one fails; one that fails by itself, or was begun before, is not', () => {
    const story = new Story();
    story.intent(7.9, 'early', 'browse');
    story.slow(8);
    browse(story, 9, 'hit', 'failed', 1, true);
    browse(story, 10, 'other', 'failed', 1, false);
    browse(story, 11, 'fine', 'ok', 1, true);
    story.intent(12, 'pending', 'browse');
    story.answer(12, 'early', 'browse', 'failed');
    expect(browsing(story)).toEqual({ ended: 3, affected: 1 });
  });

  it('when a touched one is later than its deadline, or than twice the healthy p95', () => {
    const story = new Story();
    for (let index = 0; index < 5; index += 1) browse(story, 1 + index, `h${index}`, 'ok', 1, false);
    story.slow(8);
    browse(story, 9, 'in-time', 'ok', 1.9, true);
    expect(browsing(story)).toEqual({ ended: 1, affected: 0 });
    browse(story, 12, 'late', 'ok', 2.1, true);
    browse(story, 15, 'late-by-itself', 'ok', 2.1, false);
    expect(browsing(story)).toEqual({ ended: 3, affected: 1 });
    const unknown = new Story();
    unknown.slow(8);
    browse(unknown, 9, 'after-deadline', 'ok', 5.1, true);
    browse(unknown, 15, 'before-deadline', 'ok', 4.9, true);
    expect(browsing(unknown)).toEqual({ ended: 2, affected: 1 });
  });

  it('when its order is undone; not when its card was declined', () => {
    const order = (end: 'gave-up' | 'business') => {
      const story = new Story();
      story.slow(8);
      story.order(9, 'o1');
      const trace = 'trace-intent-o1';
      story.sent(10, 'order-1', 'shipping-1', 's1', { trace });
      story.received(10, 'shipping-1', 's1', { trace });
      story.injected(10, 'shipping-1', 's1', { trace });
      story.failed(11, 'order-1', 'shipping-1', 's1', 'timeout', { trace });
      story.step(12, 'o1', 'createShipment', 'failed', { kind: end });
      expect(viewOf(story.events)?.intents.order).toEqual({ ended: 0, affected: 0 });
      story.row(13, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'REJECTED' }, trace);
      return viewOf(story.events)?.intents.order;
    };
    expect(order('gave-up')).toEqual({ ended: 1, affected: 1 });
    expect(order('business')).toEqual({ ended: 1, affected: 0 });
  });

  it('not any more when its customer was told of a failure, but its order goes on and ends well', () => {
    const story = new Story();
    story.slow(8);
    story.intent(9, 'i1');
    story.sent(9, 'customers-1', 'order-1', 's1', { trace: 'trace-i1' });
    story.injected(9, 'order-1', 's1', { trace: 'trace-i1' });
    story.failed(10, 'customers-1', 'order-1', 's1', 'timeout', { trace: 'trace-i1' });
    story.answer(10, 'i1', 'order', 'failed');
    expect(viewOf(story.events)?.intents.order).toEqual({ ended: 1, affected: 1 });
    const row = (at: number, status: string) =>
      story.row(at, 'order-1', 'orders', 'o1', { orderId: 'o1', status }, 'trace-i1');
    row(11, 'APPROVAL_PENDING');
    expect(viewOf(story.events)?.intents.order).toEqual({ ended: 0, affected: 0 });
    row(12, 'CONFIRMED');
    expect(viewOf(story.events)?.intents.order).toEqual({ ended: 1, affected: 0 });
  });
});

describe('in the Lab', () => {
  const turn = (next: () => void) => setImmediate(next);
  async function lab(setup: string, composition: 'microservices' | 'monolith', untilMs: number) {
    const scenario = scenarioNamed(setup, composition);
    if (scenario === null) throw new Error(`there is no setup ${setup}`);
    const run = await LabRun.create({ ...scenario, turn });
    await run.advanceTo(untilMs);
    return viewOf(run.events);
  }

  it.each(['shipping-down', 'slow-shipping'])(
    '%s spoils orders, and no service but Shipping',
    async (setup) => {
      const view = await lab(setup, 'microservices', 60_000);
      expect(view).toMatchObject({ services: ['shipping'], ofServices: 5, endedUs: null });
      const { order, browse, status } = view?.intents ?? {};
      expect(order?.affected).toBeGreaterThan(0.8 * (order?.ended ?? 0));
      expect(browse).toEqual({ ended: expect.any(Number), affected: 0 });
      expect(browse?.ended).toBeGreaterThan(50);
      expect(status?.affected).toBe(0);
    },
  );

  it('a monolith that is down spoils everything', async () => {
    const view = await lab('shipping-down', 'monolith', 30_000);
    expect(view).toMatchObject({ services: ['monolith'], ofServices: 1 });
    const { browse } = view?.intents ?? {};
    expect(browse?.affected).toBeGreaterThan(30);
    expect(browse?.affected).toBe(browse?.ended);
  });

  it('a spike of customers is no fault', async () => {
    expect(await lab('spike', 'microservices', 30_000)).toBeNull();
  });

  it('a retry storm that goes on after its fault still comes from it', async () => {
    const view = await lab('retry-storm', 'microservices', 50_000);
    expect(view).toMatchObject({ services: ['gateway', 'product'], endedUs: 14_000_000 });
    const { browse } = view?.intents ?? {};
    expect(browse?.affected).toBeGreaterThan(0.95 * (browse?.ended ?? 0));
  });
});
