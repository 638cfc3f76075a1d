import { describe, expect, it } from 'vitest';
import {
  callId,
  type EventDraft,
  instanceId,
  type Json,
  type RejectedBy,
  type RunSettings,
  USUAL_ORDER,
} from '../kernel/index.ts';
import { classroomSettings, withSafetyNets } from '../setups/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';

const CALL = { callId: callId('c1'), to: 'product' } as const;
const sent = (attempt: number): EventDraft => ({
  type: 'request.sent',
  ...CALL,
  attempt,
  toInstance: instanceId('product', 1),
  method: 'GET',
  path: '/',
  plane: 'data',
  timeoutMs: null,
  deadlineUs: null,
});
const again = (active: number, retrying: number): EventDraft => ({
  type: 'retry.scheduled',
  ...CALL,
  nextAttempt: 2,
  delayMs: 100,
  reason: 'HTTP 503',
  active,
  retrying,
});
const rejected = (by: RejectedBy): EventDraft => ({
  type: 'call.rejected',
  ...CALL,
  method: 'GET',
  path: '/',
  plane: 'data',
  by,
  detail: '',
});
const settingsAre = (settings: RunSettings): EventDraft => ({
  type: 'run.settings.changed',
  settings: settings as unknown as Json,
});
/** Two attempts; 20 % of the calls, but 3 always. */
const classroom = () => new LogBuilder().add('run', settingsAre(classroomSettings()));

describe('INV-12 attempts', () => {
  it('holds within the budget', () => {
    const log = classroom()
      .add('gateway', sent(1))
      .add('gateway', again(4, 3))
      .add('gateway', sent(2))
      .add('gateway', again(25, 5));
    expect(found('INV-12', log)).toEqual([]);
  });

  describe('with hedges', () => {
    const hedge = (active: number, retrying: number): EventDraft => ({
      type: 'hedge.started',
      ...CALL,
      attempt: 2,
      afterMs: 100,
      active,
      retrying,
    });
    const hedged = (policy: Partial<RunSettings['edge']> = {}) => {
      const settings = classroomSettings();
      const edge = { ...settings.edge, hedge: { delayMs: 100 }, ...policy };
      return new LogBuilder().add('run', settingsAre({ ...settings, edge }));
    };

    it('each hedge is one attempt more', () => {
      const log = () => hedged().add('gateway', hedge(4, 1));
      expect(found('INV-12', log().add('gateway', sent(3)))).toEqual([]);
      expect(found('INV-12', log().add('gateway', sent(4)))).toEqual([
        'attempt 4 of call c1 to product, of 3 allowed',
      ]);
    });

    it('around the retry each brings all of its attempts', () => {
      const order = ['hedge', ...USUAL_ORDER.filter((each) => each !== 'hedge')] as const;
      const log = () => hedged({ order }).add('gateway', hedge(4, 1));
      expect(found('INV-12', log().add('gateway', sent(4)))).toEqual([]);
      expect(found('INV-12', log().add('gateway', sent(5)))).toHaveLength(1);
    });

    it('around the retry each has an end of its own', () => {
      const order = ['hedge', ...USUAL_ORDER.filter((each) => each !== 'hedge')] as const;
      const log = () =>
        hedged({ order }).add('gateway', hedge(4, 1)).add('gateway', rejected('circuit-breaker'));
      expect(found('INV-12', log().add('gateway', again(4, 1)))).toEqual([]);
      const both = log().add('gateway', rejected('circuit-breaker'));
      expect(found('INV-12', both.add('gateway', again(4, 1)))).toEqual([
        'call c1 to product is tried again, though it was over by circuit-breaker',
      ]);
    });

    it('they come out of the budget, where there is one', () => {
      expect(found('INV-12', hedged().add('gateway', hedge(10, 3)))).toEqual([]);
      expect(found('INV-12', hedged().add('gateway', hedge(10, 4)))).toEqual([
        '4 of 10 calls to product are being retried, of 3 allowed',
      ]);
      expect(found('INV-12', hedged({ retry: null }).add('gateway', hedge(10, 4)))).toEqual([]);
    });
  });

  it('finds one attempt too many, by the edge of its own where there is one', () => {
    expect(found('INV-12', classroom().add('gateway', sent(3)))).toEqual([
      'attempt 3 of call c1 to product, of 2 allowed',
    ]);
    const bare = withSafetyNets(classroomSettings(), 'none', 'gateway->product');
    const log = new LogBuilder().add('run', settingsAre(bare)).add('order', sent(2)).add('gateway', sent(2));
    expect(found('INV-12', log)).toEqual(['attempt 2 of call c1 to product, of 1 allowed']);
  });

  it('finds one retry too many at once', () => {
    expect(found('INV-12', classroom().add('gateway', again(4, 4)))).toEqual([
      '4 of 4 calls to product are being retried, of 3 allowed',
    ]);
    expect(found('INV-12', classroom().add('gateway', again(25, 6)))).toEqual([
      '6 of 25 calls to product are being retried, of 5 allowed',
    ]);
  });

  it('finds a call that is tried again though it was over', () => {
    for (const by of ['circuit-breaker', 'deadline'] as const) {
      expect(
        found('INV-12', new LogBuilder().add('gateway', rejected(by)).add('gateway', again(1, 1))),
      ).toEqual([`call c1 to product is tried again, though it was over by ${by}`]);
    }
    const full = new LogBuilder().add('gateway', rejected('bulkhead')).add('gateway', again(1, 1));
    expect(found('INV-12', full)).toEqual([]);
  });

  it('a call goes by the settings of its beginning, so any that held so far will do', () => {
    const log = classroom().add('run', settingsAre(withSafetyNets(classroomSettings(), 'none')));
    expect(found('INV-12', log.add('gateway', sent(2)))).toEqual([]);
  });

  it('can be told the settings, and says nothing without', () => {
    const log = new LogBuilder().add('gateway', sent(3));
    expect(found('INV-12', log)).toEqual([]);
    expect(found('INV-12', log, undefined, { settings: classroomSettings() })).toHaveLength(1);
  });
});
