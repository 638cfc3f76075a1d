import { describe, expect, it } from 'vitest';
import {
  deployedInstances,
  freeNumbers,
  labelOfModules,
  modulesOf,
  settledDeployments,
  versionOf,
  withDeployedReplicas,
} from './deployment.ts';
import { instanceId } from './ids.ts';
import { testSettings } from './testing/test-settings.ts';

const half = {
  stable: 'v1',
  instances: [
    { number: 2, version: 'v1' },
    { number: 3, version: 'v2' },
  ],
  traffic: { v1: 0.5, v2: 0.5 },
};

const settings = (instances: number) =>
  testSettings({ services: { order: { instances } }, deployments: { order: half } });

describe('deployments', () => {
  it('name the instances and their versions; a service without one has 1 … n of the first', () => {
    expect(deployedInstances({ order: half }, 'order', 1)).toEqual(['order-2', 'order-3']);
    expect(deployedInstances({}, 'order', 2)).toEqual(['order-1', 'order-2']);
    expect(versionOf({ order: half }, 'order', instanceId('order', 3))).toBe('v2');
    expect(versionOf({ order: half }, 'order', instanceId('order', 9))).toBe('v1');
    expect(versionOf({}, 'order', instanceId('order', 3))).toBe('v1');
  });

  it('scaled out they take the lowest free numbers and the stable version; scaled in the last go', () => {
    expect(withDeployedReplicas(settings(4)).deployments.order?.instances).toEqual([
      ...half.instances,
      { number: 1, version: 'v1' },
      { number: 4, version: 'v1' },
    ]);
    expect(withDeployedReplicas(settings(1)).deployments.order?.instances).toEqual([half.instances[0]]);
    expect(freeNumbers([1, 3], 3)).toEqual([2, 4, 5]);
  });

  it('REL-13 settled: the stable version everywhere, as many as there should be, and each is asked', () => {
    expect(settledDeployments(settings(2)).deployments.order).toEqual({
      stable: 'v1',
      instances: [
        { number: 2, version: 'v1' },
        { number: 1, version: 'v1' },
      ],
      traffic: null,
    });
  });

  it('a version of the monolith says which modules differ', () => {
    const label = labelOfModules({ order: 'v3', product: 'v2', user: 'v1' });
    expect(label).toBe('product v2 + order v3');
    expect(modulesOf(label)).toEqual({ product: 'v2', order: 'v3' });
    expect(labelOfModules({})).toBe('v1');
    expect(modulesOf('v1')).toEqual({});
  });
});
