import { describe, expect, it } from 'vitest';
import { monolithCounterpart } from './counterpart.ts';
import { classroomSettings } from './presets.ts';
import type { RunCommand } from './run-command.ts';

const settings = classroomSettings();
const there = (command: unknown) => monolithCounterpart(command as RunCommand, settings);
const fault = (of: object) => ({ type: 'fault.add', fault: of });

describe('a fault of the services, for the monolith', () => {
  it('takes the whole process down for a service that is down', () => {
    const down = { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: 5000 };
    expect(there(fault(down)).commands).toEqual([
      fault({ ...down, target: { kind: 'service', service: 'monolith' } }),
    ]);
    expect(there({ type: 'instance.crash', instance: 'order-1' }).commands).toEqual([
      { type: 'instance.crash', instance: 'monolith-1' },
    ]);
  });

  it('makes a slow service slow code, and takes that back', () => {
    const slow = {
      kind: 'slow',
      target: { kind: 'service', service: 'shipping' },
      addMs: 2000,
      spreadShare: 0,
      share: 1,
      lengthMs: null,
    };
    const { commands, undo } = there(fault(slow));
    expect(commands).toEqual([
      {
        type: 'settings.set',
        patch: {
          services: {
            shipping: { serviceTimeMs: 2150, serviceTimeSpread: expect.closeTo(0.3 * (150 / 2150)) },
          },
        },
      },
    ]);
    expect(undo).toEqual([
      {
        type: 'settings.set',
        patch: { services: { shipping: { serviceTimeMs: 150, serviceTimeSpread: 0.3 } } },
      },
    ]);
  });

  it('keeps what is outside of both, and the ways in and out', () => {
    const provider = {
      kind: 'down',
      target: { kind: 'service', service: 'payment-provider' },
      lengthMs: null,
    };
    expect(there(fault(provider)).commands).toEqual([fault(provider)]);
    const edge = {
      kind: 'loss',
      target: { kind: 'edge', from: 'order', to: 'payment-provider' },
      way: 'both',
      share: 1,
      lengthMs: null,
    };
    expect(there(fault(edge)).commands).toEqual([
      fault({ ...edge, target: { kind: 'edge', from: 'monolith', to: 'payment-provider' } }),
    ]);
  });

  it.each([
    [
      'a call between two services',
      { kind: 'down', target: { kind: 'edge', from: 'order', to: 'shipping' }, lengthMs: null },
    ],
    ['the broker', { kind: 'down', target: { kind: 'service', service: 'broker' }, lengthMs: null }],
    ['a partition', { kind: 'partition', instances: ['order-1'], others: null, way: 'both', lengthMs: null }],
    [
      'errors of one service',
      {
        kind: 'errors',
        target: { kind: 'service', service: 'shipping' },
        status: 503,
        share: 1,
        lengthMs: null,
      },
    ],
  ])('has none for %s, and says why', (_, of) => {
    const { commands, note } = there(fault(of));
    expect(commands).toEqual([]);
    expect(note).toMatch(/\.$/);
  });

  it('sends the same customers', () => {
    const command = { type: 'load.set', ordersPerSecond: 3 };
    expect(there(command)).toEqual({ commands: [command], undo: [], note: null });
  });
});
