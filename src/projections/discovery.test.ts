import { describe, expect, it } from 'vitest';
import type { InstanceId, RegistrySettings } from '../kernel/index.ts';
import { beliefRows, preservationView, registeredRows } from './beliefs.ts';
import { Script } from './testing/script.ts';
import { whySpan } from './why.ts';

const id = (name: string): InstanceId => name as InstanceId;
const CLASSROOM: RegistrySettings = {
  heartbeatMs: 1000,
  leaseMs: 3000,
  fetchMs: 1000,
  evictionMs: 250,
  leaseExpiryFactor: 1,
  selfPreservation: null,
};
const PRESERVING: RegistrySettings = { ...CLASSROOM, selfPreservation: { renewalShare: 0.85 } };

const starts = (script: Script, at: number, instance: string): void => {
  script.write({ at, by: instance }, { type: 'instance.started', incarnation: 1 });
  script.write({ at, by: instance }, { type: 'instance.ready' });
};
const crashes = (script: Script, at: number, instance: string) =>
  script.write({ at, by: instance }, { type: 'instance.crashed', reason: 'by hand', faultId: null });
const listed = (script: Script, at: number, instance: string, leaseUntilS: number) =>
  script.row(at, 'registry-1', 'instances', instance, {
    instanceId: instance,
    registeredAtUs: 0,
    leaseUntilUs: leaseUntilS * 1_000_000,
  });
const fetches = (script: Script, at: number, by: string, ...products: string[]): void => {
  const call = `fetch-${by}-${at}`;
  script.sent(at - 0.1, by, 'registry-1', call, { path: '/instances', plane: 'control' });
  script.write(
    { at, by, span: call },
    {
      type: 'response.received',
      callId: call as never,
      attempt: 1,
      to: 'registry',
      toInstance: id('registry-1'),
      status: 200,
      durationMs: 100,
      plane: 'control',
    },
  );
  script.write({ at, by }, { type: 'discovery.refreshed', known: { product: products.map(id) } });
};

/** Two Product instances, both listed, and a gateway that has heard of both. */
function twoProducts(): Script {
  const script = new Script();
  for (const instance of ['registry-1', 'gateway-1', 'product-1', 'product-2']) starts(script, 0, instance);
  listed(script, 1, 'product-1', 20);
  listed(script, 1, 'product-2', 4);
  fetches(script, 1.5, 'gateway-1', 'product-1', 'product-2');
  return script;
}

const verdicts = (script: Script, atS: number, settings = CLASSROOM) =>
  beliefRows(script.projections, atS * 1_000_000, settings).flatMap(({ copy, callee, beliefs }) =>
    beliefs.map(({ instance, verdict, passedOver, isListed }) =>
      [`${copy.caller}→${callee}`, instance, verdict, isListed ? 'listed' : 'not listed', passedOver].join(
        ' ',
      ),
    ),
  );

describe('what callers believe', () => {
  it('agrees with what is so while all is well, and says how old the copy is', () => {
    const script = twoProducts();
    expect(verdicts(script, 2)).toEqual([
      'gateway-1→product product-1 agrees listed false',
      'gateway-1→product product-2 agrees listed false',
    ]);
    expect(script.projections.discovery.copies.get(id('gateway-1'))?.fetchedUs).toBe(1_500_000);
    fetches(script, 2.5, 'gateway-1', 'product-1', 'product-2');
    expect(script.projections.discovery.copies.get(id('gateway-1'))?.fetchedUs).toBe(2_500_000);
  });

  it('is stale of one that died, listed or not, until the next fetch', () => {
    const script = twoProducts();
    crashes(script, 2, 'product-2');
    expect(verdicts(script, 3)[1]).toBe('gateway-1→product product-2 stale listed false');
    expect(verdicts(script, 4)[1]).toBe('gateway-1→product product-2 stale not listed false');
    expect(verdicts(script, 4, PRESERVING)[1]).toBe('gateway-1→product product-2 stale listed false');
    script.write(
      { at: 4, by: 'registry-1' },
      {
        type: 'store.committed',
        database: 'registry',
        operation: 'expire leases',
        rows: [{ table: 'instances', key: 'product-2', after: null }],
      },
    );
    expect(verdicts(script, 5, PRESERVING)[1]).toBe('gateway-1→product product-2 stale not listed false');
    fetches(script, 5, 'gateway-1', 'product-1');
    expect(verdicts(script, 5)).toEqual(['gateway-1→product product-1 agrees listed false']);
  });

  it('does not know one that is new', () => {
    const script = twoProducts();
    starts(script, 3, 'product-3');
    expect(verdicts(script, 3)[2]).toBe('gateway-1→product product-3 unknown not listed false');
    listed(script, 3.2, 'product-3', 6.2);
    expect(verdicts(script, 3.3)[2]).toBe('gateway-1→product product-3 unknown listed false');
  });

  it('passes one over that refused, until the next fetch', () => {
    const script = twoProducts();
    crashes(script, 2, 'product-2');
    script.sent(2.1, 'gateway-1', 'product-2', 'a');
    script.failed(2.2, 'gateway-1', 'product-2', 'a', 'connection_refused');
    expect(verdicts(script, 2.3)[1]).toBe('gateway-1→product product-2 stale listed true');
    fetches(script, 2.5, 'gateway-1', 'product-1', 'product-2');
    expect(verdicts(script, 2.6)[1]).toBe('gateway-1→product product-2 stale listed false');
  });

  it('passes nobody over who is late, or who gives up', () => {
    const script = twoProducts();
    for (const [span, error] of [
      ['a', 'timeout'],
      ['b', 'cancelled'],
    ] as const) {
      script.sent(2.1, 'gateway-1', 'product-2', span);
      script.failed(2.2, 'gateway-1', 'product-2', span, error);
    }
    expect(verdicts(script, 2.3)[1]).toBe('gateway-1→product product-2 agrees listed false');
  });

  it('is forgotten with the caller’s life', () => {
    const script = twoProducts();
    crashes(script, 2, 'gateway-1');
    expect(verdicts(script, 3)).toEqual([]);
  });

  it('is as old as the last fetch that was answered', () => {
    const script = twoProducts();
    script.sent(3, 'gateway-1', 'registry-1', 'late', { path: '/instances', plane: 'control' });
    script.failed(4, 'gateway-1', 'registry-1', 'late');
    script.sent(4, 'gateway-1', 'registry-1', 'beat', {
      method: 'PUT',
      path: '/instances/x',
      plane: 'control',
    });
    expect(script.projections.discovery.copies.get(id('gateway-1'))?.fetchedUs).toBe(1_500_000);
  });
});

describe('what the registry lists', () => {
  const rows = (script: Script, atS: number, settings = CLASSROOM) =>
    registeredRows(script.projections, atS * 1_000_000, settings).map(
      ({ instance, verdict, state, listed: row }) =>
        `${instance} ${state} ${row === null ? 'not listed' : 'listed'} ${verdict}`,
    );

  it('is told beside what is so', () => {
    const script = twoProducts();
    crashes(script, 2, 'product-2');
    starts(script, 2.5, 'product-3');
    expect(rows(script, 3)).toEqual([
      'product-1 ready listed agrees',
      'product-2 crashed listed stale',
      'product-3 ready not listed unknown',
    ]);
    // The lease of the second ends at 4 s.
    expect(rows(script, 4)).toEqual(['product-1 ready listed agrees', 'product-3 ready not listed unknown']);
    expect(rows(script, 4, PRESERVING)[1]).toBe('product-2 crashed listed stale');
  });

  it('has self-preservation by the window of the moment that is looked at', () => {
    const script = twoProducts();
    const at = (s: number, settings = PRESERVING) => {
      const view = preservationView(script.projections, s * 1_000_000, settings);
      return (
        view && [view.state, view.renewals, view.expected, view.threshold, view.soFar, view.windowPassedMs]
      );
    };
    expect(at(3)).toBeNull();
    script.row(3, 'registry-1', 'renewals', 'renewals', { sinceUs: 2_000_000, renewals: 3, lastRenewals: 4 });
    expect(at(3)).toEqual(['counting', 4, 4, 3, 3, 1000]);
    expect(at(4)).toEqual(['too-few', 3, 4, 3, 0, 0]);
    expect(at(6.5)).toEqual(['too-few', 0, 4, 3, 0, 500]);
    expect(at(4, { ...PRESERVING, selfPreservation: { renewalShare: 0 } })?.[0]).toBe('counting');
    expect(at(4, CLASSROOM)).toBeNull();
    const figures = { renewals: 3, expected: 4, threshold: 3 };
    script.write(
      { at: 4.1, by: 'registry-1' },
      { type: 'registry.self-preservation.started', ...figures, kept: [id('product-2')] },
    );
    expect(at(4.2)?.[0]).toBe('keeping');
    script.write({ at: 6, by: 'registry-1' }, { type: 'registry.self-preservation.ended', ...figures });
    expect(at(4.2)?.[0]).toBe('too-few');
    expect(script.projections.narrator.lines.newest(2).map(({ text }) => text)).toEqual([
      'The registry’s self-preservation is over: 3 of 4 renewals came',
      'The registry keeps product-2 listed: only 3 of 4 renewals came (self-preservation)',
    ]);
  });
});

describe('why somebody was called who is dead', () => {
  const why = (script: Script): string | undefined => {
    script.sent(5, 'gateway-1', 'product-2', 'a');
    script.failed(5.2, 'gateway-1', 'product-2', 'a', 'connection_refused');
    // What becomes of the list later changes nothing.
    script.write(
      { at: 9, by: 'registry-1' },
      {
        type: 'store.committed',
        database: 'registry',
        operation: 'expire leases',
        rows: [{ table: 'instances', key: 'product-2', after: null }],
      },
    );
    const span = script.projections.traces.spanById.get('a');
    return span && whySpan(script.projections, span).lines[1]?.text;
  };

  it('its lease still runs', () => {
    const script = twoProducts();
    listed(script, 2, 'product-2', 8);
    crashes(script, 3, 'product-2');
    expect(why(script)).toBe(
      'The registry still listed product-2: last heard of at 0:02, its lease runs until 0:08.',
    );
  });

  it('the registry preserves itself', () => {
    const script = twoProducts();
    crashes(script, 3, 'product-2');
    const figures = { renewals: 6, expected: 8, threshold: 6 };
    script.write(
      { at: 4.1, by: 'registry-1' },
      { type: 'registry.self-preservation.started', ...figures, kept: [id('product-2')] },
    );
    expect(why(script)).toBe(
      'The registry still listed product-2, though its lease was over at 0:04: with 6 of 8 renewals it preserves itself, and evicts nobody.',
    );
  });

  it('the caller’s copy is old', () => {
    const script = twoProducts();
    crashes(script, 3, 'product-2');
    script.write(
      { at: 4, by: 'registry-1' },
      {
        type: 'store.committed',
        database: 'registry',
        operation: 'expire leases',
        rows: [{ table: 'instances', key: 'product-2', after: null }],
      },
    );
    expect(why(script)).toBe(
      'Gateway’s copy of the registry, 3.5 s old, still held product-2. The registry had dropped it.',
    );
  });

  it('says nothing of one that lives: then it was the network', () => {
    expect(why(twoProducts())).toBeUndefined();
  });
});
