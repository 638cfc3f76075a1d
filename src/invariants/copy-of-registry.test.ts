import { describe, expect, it } from 'vitest';
import { faultId, instanceId } from '../kernel/index.ts';
import { testSettings } from '../kernel/testing/test-settings.ts';
import { copyOfRegistry } from './copy-of-registry.ts';
import { InvariantCheck } from './invariant-check.ts';
import { LogBuilder } from './testing/log-builder.ts';

const wrongs = ({ events }: LogBuilder): string[] => {
  // A look-up may take 3 s, the lease.
  const check = new InvariantCheck({ invariants: [copyOfRegistry], settings: testSettings() });
  for (const event of events) check.add(event);
  check.end();
  return check.violations.map(({ message }) => message);
};

const believes = (...numbers: number[]) =>
  ({
    type: 'discovery.refreshed',
    known: { product: numbers.map((number) => instanceId('product', number)) },
  }) as const;

const listed = () =>
  new LogBuilder().commit('registry', { 'instances/product-1': { instanceId: 'product-1' } });

describe('INV-22 copies of the registry', () => {
  it('holds for who is listed, and for who was a look-up ago', () => {
    expect(wrongs(listed().add('gateway', believes(1)))).toEqual([]);
    const gone = listed().at(1000).commit('registry', { 'instances/product-1': null });
    expect(wrongs(gone.at(4000).add('gateway', believes(1)))).toEqual([]);
  });

  it('finds one that was taken out longer ago, and one that was never there', () => {
    const gone = listed().at(1000).commit('registry', { 'instances/product-1': null });
    expect(wrongs(gone.at(4001).add('gateway', believes(1)))).toEqual([
      'gateway-1 believes in product-1, which the registry does not list',
    ]);
    expect(wrongs(listed().add('gateway', believes(2)))).toEqual([
      'gateway-1 believes in product-2, which the registry does not list',
    ]);
  });

  it('holds for old lists while a fault gives them, and a look-up longer', () => {
    const fault = { kind: 'registry-stale' };
    const stale = () =>
      listed()
        .at(500)
        .add('run', { type: 'fault.started', faultId: faultId('flt-1'), fault })
        .at(1000)
        .commit('registry', { 'instances/product-1': null });
    expect(wrongs(stale().at(20_000).add('gateway', believes(1)))).toEqual([]);
    const over = () =>
      stale()
        .at(20_000)
        .add('run', { type: 'fault.ended', faultId: faultId('flt-1'), reason: 'cleared' });
    expect(wrongs(over().at(23_000).add('gateway', believes(1)))).toEqual([]);
    expect(wrongs(over().at(23_001).add('gateway', believes(1)))).toHaveLength(1);
  });

  it('lets one come back', () => {
    const back = listed()
      .at(1000)
      .commit('registry', { 'instances/product-1': null })
      .at(9000)
      .commit('registry', { 'instances/product-1': { instanceId: 'product-1' } });
    expect(wrongs(back.add('gateway', believes(1)))).toEqual([]);
  });
});
