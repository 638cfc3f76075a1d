import { describe, expect, it } from 'vitest';
import type { CircuitFigures, CircuitState } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';

const figures: CircuitFigures = {
  state: 'OPEN',
  failureRate: -1,
  slowCallRate: -1,
  calls: 0,
  failures: 0,
  slowCalls: 0,
  windowSize: 20,
  notPermitted: 0,
};
const moved = (before: CircuitState, after: CircuitState) =>
  ({
    type: 'breaker.state.changed',
    to: 'shipping',
    before,
    after,
    untilUs: null,
    permits: 3,
    figures,
  }) as const;
const ended = (durationMs: number) =>
  ({ type: 'breaker.call.failed', to: 'shipping', durationMs, figures }) as const;
const ignored = (durationMs: number) =>
  ({ type: 'breaker.call.ignored', to: 'shipping', durationMs, figures }) as const;

const opened = () => new LogBuilder().at(1000).add('order', moved('CLOSED', 'OPEN'));
const probing = () => opened().at(11_000).add('order', moved('OPEN', 'HALF_OPEN'));

describe('INV-5 breaker', () => {
  it('holds for calls that began before it opened, and for as many probes as permits', () => {
    const log = opened()
      .at(1900)
      .add('order', ended(1000))
      .at(11_000)
      .add('order', moved('OPEN', 'HALF_OPEN'));
    for (const at of [11_500, 11_600, 11_700]) log.at(at).add('order', ended(400));
    log.at(11_700).add('order', moved('HALF_OPEN', 'CLOSED'));
    for (const at of [12_000, 12_100, 12_200, 12_300]) log.at(at).add('order', ended(100));
    expect(found('INV-5', log)).toEqual([]);
  });

  it('holds for a call of another life, or to another callee', () => {
    const log = opened()
      .at(5000)
      .add('order', ended(500), { life: 2 })
      .add('order', { ...ended(500), to: 'product' })
      .add('gateway', ended(500));
    expect(found('INV-5', log)).toEqual([]);
  });

  it('finds a call admitted while OPEN, or while FORCED_OPEN', () => {
    expect(found('INV-5', opened().at(5000).add('order', ended(500)))).toEqual([
      'the breaker order-1.1->shipping admitted a call while OPEN',
    ]);
    const forced = new LogBuilder().at(1000).add('order', moved('CLOSED', 'FORCED_OPEN'));
    expect(found('INV-5', forced.at(5000).add('order', ignored(500)))).toEqual([
      'the breaker order-1.1->shipping admitted a call while FORCED_OPEN',
    ]);
  });

  const TOO_MANY = ['the breaker order-1.1->shipping admitted more calls while HALF_OPEN than its 3 permits'];

  it('finds one probe too many, also when it ends after the verdict', () => {
    const log = probing();
    for (const at of [11_500, 11_600, 11_700]) log.at(at).add('order', ended(400));
    expect(found('INV-5', log)).toEqual([]);
    log.at(11_700).add('order', moved('HALF_OPEN', 'OPEN'));
    expect(found('INV-5', log.at(11_800).add('order', ended(400)))).toEqual(TOO_MANY);
  });

  it('an ignored call gives back the permit that it held, but no sooner', () => {
    const givenBack = probing().at(11_100).add('order', ignored(50));
    for (const at of [11_500, 11_600, 11_700]) givenBack.at(at).add('order', ended(400));
    expect(found('INV-5', givenBack)).toEqual([]);
    const stillHeld = probing();
    for (const at of [11_500, 11_600, 11_700]) stillHeld.at(at).add('order', ended(400));
    expect(found('INV-5', stillHeld.at(11_800).add('order', ignored(700)))).toEqual(TOO_MANY);
  });
});
