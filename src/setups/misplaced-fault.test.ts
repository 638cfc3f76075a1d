import { expect, it } from 'vitest';
import type { Fault, FaultTarget } from '../faults/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { misplacedFault } from './index.ts';

const ORDER = 'order-1' as InstanceId;
const places = { services: ['gateway', 'order'], instances: ['gateway-1' as InstanceId, ORDER] } as const;
const fieldOf = (target: FaultTarget) =>
  misplacedFault({ kind: 'down', target, lengthMs: null }, places, 'fault')?.field ?? null;

it('a fault must be where the shop has something to break', () => {
  expect(fieldOf({ kind: 'service', service: 'order' })).toBe(null);
  expect(fieldOf({ kind: 'service', service: 'monolith' })).toBe('fault.target.service');
  expect(fieldOf({ kind: 'instance', instance: ORDER })).toBe(null);
  expect(fieldOf({ kind: 'instance', instance: 'order-7' as InstanceId })).toBe('fault.target.instance');
  expect(fieldOf({ kind: 'edge', from: 'gateway', to: 'order' })).toBe(null);
  expect(fieldOf({ kind: 'edge', from: 'monolith', to: 'order' })).toBe('fault.target.from');
  expect(fieldOf({ kind: 'edge', from: 'gateway', to: 'user' })).toBe('fault.target.to');
  expect(fieldOf({ kind: 'edge', from: 'order', to: 'order' })).toBe('fault.target.to');
});

it('a partition is between instances of this shop; the network is always there', () => {
  const between = (instances: readonly string[], others: readonly string[] | null) =>
    misplacedFault(
      {
        kind: 'partition',
        instances: instances as readonly InstanceId[],
        others: others as readonly InstanceId[] | null,
        way: 'both',
        lengthMs: null,
      },
      places,
      'fault',
    )?.field ?? null;
  expect(between(['order-1'], null)).toBe(null);
  expect(between(['order-1'], ['gateway-1'])).toBe(null);
  expect(between(['order-1', 'order-2'], null)).toBe('fault.instances[1]');
  expect(between(['order-1'], ['gateway-1', 'user-1'])).toBe('fault.others[1]');
  expect(fieldOf({ kind: 'network' })).toBe(null);
});

it('the refusal says where it stands and what there is', () => {
  const crash: Fault = {
    kind: 'crash-at',
    instance: 'order-2' as InstanceId,
    port: 'work',
    operation: '*',
    nth: 1,
    when: 'before',
    restartAfterMs: null,
  };
  expect(misplacedFault(crash, places, 'faults[3].fault')).toEqual({
    field: 'faults[3].fault.instance',
    message: 'faults[3].fault.instance must be one of gateway-1, order-1, not "order-2".',
  });
});
