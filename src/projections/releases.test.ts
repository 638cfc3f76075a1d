import { describe, expect, it } from 'vitest';
import { instanceId, type RunEvent, type RunTimeUs } from '../kernel/index.ts';
import { releases, runningVersion, waitedUs } from './releases.ts';
import { Script } from './testing/script.ts';

const rel = { releaseId: 'rel-1', of: 'order', deployable: 'order' } as const;
const RUN = 'run-1';
const us = (s: number) => (s * 1_000_000) as RunTimeUs;

const folded = (write: (script: Script) => void) => {
  const script = new Script();
  write(script);
  const state = releases.initial();
  for (const event of script.events as readonly RunEvent[]) releases.apply(state, event);
  return state;
};

function requested(script: Script, at = 10): void {
  script.write(
    { at, by: RUN },
    {
      type: 'release.requested',
      ...rel,
      version: 'v3',
      before: 'v1',
      team: 'Checkout',
      strategy: 'canary',
      skipContractCheck: false,
    },
  );
}

describe('releases', () => {
  it('keeps which version lives where', () => {
    const state = folded((script) => {
      script.write({ at: 1, by: 'order-1' }, { type: 'instance.started', incarnation: 1 });
      script.write({ at: 2, by: 'order-2' }, { type: 'instance.started', incarnation: 1, version: 'v2' });
      script.write({ at: 3, by: 'order-3' }, { type: 'instance.started', incarnation: 1, version: 'v2' });
      script.write({ at: 4, by: 'order-3' }, { type: 'instance.started', incarnation: 2 });
    });
    expect([1, 2, 3].map((number) => runningVersion(state, instanceId('order', number)))).toEqual([
      'v1',
      'v2',
      'v1',
    ]);
  });

  it('counts what callers saw of each version since the release was asked for, and nothing of others', () => {
    const state = folded((script) => {
      script.write({ at: 1, by: 'order-2' }, { type: 'instance.started', incarnation: 1, version: 'v3' });
      script.sent(2, 'gateway-1', 'order-1', 'early');
      script.got(3, 'gateway-1', 'order-1', 'early');
      requested(script);
      for (const [call, to, status] of [
        ['a', 'order-1', 200],
        ['b', 'order-2', 202],
        ['c', 'order-2', 500],
        ['d', 'product-1', 500],
      ] as const) {
        script.sent(11, 'gateway-1', to, call);
        script.got(12, 'gateway-1', to, call, status);
      }
      // The broker delivers until it is taken.
      script.sent(13, 'broker-1', 'order-2', 'e');
      script.got(14, 'broker-1', 'order-2', 'e', 500);
    });
    expect(state.figures.get('order')).toEqual(
      new Map([
        ['v1', { requests: 1, failures: 0 }],
        ['v3', { requests: 2, failures: 1 }],
      ]),
    );
    expect(state.figures.has('product')).toBe(false);
  });

  it('follows a release through its stages to its end', () => {
    const state = folded((script) => {
      requested(script);
      const stage = (at: number, name: 'queue' | 'build', untilS: number) =>
        script.write(
          { at, by: RUN },
          { type: 'release.stage.started', ...rel, stage: name, untilUs: us(untilS) },
        );
      const ends = (at: number, name: 'queue' | 'build', outcome: 'passed' | 'failed') =>
        script.write(
          { at, by: RUN },
          { type: 'release.stage.ended', ...rel, stage: name, outcome, detail: null },
        );
      stage(10, 'queue', 60);
      ends(60, 'queue', 'passed');
      stage(60, 'build', 66);
      ends(66, 'build', 'failed');
      // The train was stopped, and it waits again.
      stage(66, 'queue', 120);
    });
    const [release] = state.all;
    expect(release?.stages.map(({ stage, outcome }) => [stage, outcome])).toEqual([
      ['queue', 'passed'],
      ['build', 'failed'],
      ['queue', null],
    ]);
    expect(release === undefined ? 0 : waitedUs(release, us(70))).toBe(us(54));
    expect(release?.state).toBe('under-way');
  });

  it('tells why it was aborted, and that it was taken back', () => {
    const state = folded((script) => {
      requested(script);
      script.write(
        { at: 20, by: RUN },
        { type: 'release.aborted', ...rel, version: 'v3', reason: '4 of 10 failed.', by: 'analysis' },
      );
      script.write({ at: 22, by: RUN }, { type: 'release.rolled-back', ...rel, version: 'v3' });
    });
    expect(state.all).toMatchObject([{ state: 'rolled-back', reason: '4 of 10 failed.', endedUs: us(20) }]);
  });

  it('a fork goes its own way', () => {
    const state = folded((script) => requested(script));
    const fork = releases.fork(state);
    const script = new Script();
    script.write(
      { at: 20, by: RUN },
      { type: 'release.completed', ...rel, version: 'v3', leadTimeMs: 10_000 },
    );
    for (const event of script.events as readonly RunEvent[]) releases.apply(fork, event);
    expect([state.all[0]?.state, fork.all[0]?.state]).toEqual(['under-way', 'completed']);
  });
});
