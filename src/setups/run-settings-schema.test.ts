import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applySettingsPatch,
  classroom,
  classroomSettings,
  edgePolicy,
  parseRunSettings,
  parseSetup,
  SAFETY_NET_PRESETS,
  withSafetyNets,
} from './index.ts';

const settings = classroomSettings();

const patched = (patch: unknown) => {
  const result = applySettingsPatch(settings, patch);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

const refusal = (patch: unknown) => {
  const result = applySettingsPatch(settings, patch);
  if (result.ok) throw new Error('was accepted');
  return result.error;
};

describe('run settings', () => {
  it('the presets and the classroom setup pass their own schemas', () => {
    expect(parseRunSettings(settings)).toEqual({ ok: true, value: settings });
    expect(parseSetup(classroom)).toEqual({ ok: true, value: classroom });
    for (const preset of SAFETY_NET_PRESETS) {
      expect(parseRunSettings(withSafetyNets(settings, preset)).ok).toBe(true);
    }
  });

  it('the monolith has as many slots as the services it replaces', () => {
    const { user, product, order, shipping, monolith } = settings.services;
    expect(monolith.requestSlots).toBe(
      user.requestSlots + product.requestSlots + order.requestSlots + shipping.requestSlots,
    );
  });

  it('a patch changes what it names and nothing else', () => {
    expect(patched({})).toEqual(settings);
    expect(patched({ services: { shipping: { instances: 3 } } })).toEqual({
      ...settings,
      services: { ...settings.services, shipping: { ...settings.services.shipping, instances: 3 } },
    });
  });

  it('a patch of the edges begins at the policy for all, makes the nets custom, and null takes it away', () => {
    const withEdge = patched({ edges: { 'order->shipping': { timeoutMs: 500, retry: null } } });
    expect(withEdge.edges['order->shipping']).toEqual({ ...settings.edge, timeoutMs: 500, retry: null });
    expect(withEdge.safetyNets).toBe('custom');
    const without = applySettingsPatch(withEdge, { edges: { 'order->shipping': null } });
    expect(without).toMatchObject({ ok: true, value: { edges: {} } });
  });

  it('the name of the safety nets never lies about their numbers', () => {
    const none = patched({ safetyNets: 'none' });
    expect(none.edge).toEqual(edgePolicy('none'));
    expect(patched({ safetyNets: 'production', edge: { timeoutMs: 700 } })).toMatchObject({
      safetyNets: 'custom',
      edge: { ...edgePolicy('production'), timeoutMs: 700 },
    });
    expect(withSafetyNets(settings, 'none', 'order->shipping')).toMatchObject({
      safetyNets: 'custom',
      edge: settings.edge,
      edges: { 'order->shipping': edgePolicy('none') },
    });
  });

  it('names the field, what is wrong and what is allowed', () => {
    expect(refusal({ load: { ordersPerSecond: 500 } })).toEqual({
      field: 'load.ordersPerSecond',
      message: 'load.ordersPerSecond must be at most 50, not 500.',
    });
    expect(refusal({ edge: { breaker: { slidingWindowType: 'COUNT' } } }).message).toBe(
      'edge.breaker.slidingWindowType must be one of "COUNT_BASED", "TIME_BASED", not "COUNT".',
    );
    expect(refusal({ hop: { mean: 3 } }).message).toBe(
      'hop.mean is not a field of hop. Its fields: meanMs, spread.',
    );
    expect(refusal({ edges: { 'order->nobody': { timeoutMs: 5 } } }).field).toBe('edges.order->nobody');
    expect(refusal({ services: { warehouse: {} } }).message).toMatch(
      /^services\.warehouse is not a field of services\. Its fields: customers, /,
    );
    expect(refusal({ cartHoldMs: null }).message).toBe('cartHoldMs must be a number, not null.');
    expect(refusal(null).message).toBe('the patch must be an object.');
    expect(refusal(JSON.parse('{"__proto__":{"polluted":1}}')).message).toMatch(
      /^__proto__ is not a field of the settings\./,
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('arbitrary patches never throw, and what is accepted is valid', () => {
    const key = fc.oneof(
      fc.constantFrom(...Object.keys(settings), 'shipping', 'instances', 'order->shipping', 'breaker'),
      fc.string(),
    );
    const patch = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        fc.anything(),
        fc.dictionary(key, tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(patch, (value) => {
        const result = applySettingsPatch(settings, value);
        if (result.ok) expect(parseRunSettings(result.value).ok).toBe(true);
        else expect(result.error.message).toMatch(/\.$/);
      }),
      { numRuns: 1000 },
    );
  });

  it('settings of before the flood have none', () => {
    const { floodPerSecond: _, ...load } = settings.load;
    expect(parseRunSettings({ ...settings, load })).toEqual({ ok: true, value: settings });
  });
});
