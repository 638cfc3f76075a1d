import { expect, it } from 'vitest';
import {
  callId,
  createRandom,
  type EventId,
  type FaultId,
  type HostPorts,
  nobleCrypto,
  ok,
  RUN_START,
  spanIdFor,
  traceIdFor,
  untracked,
} from '../kernel/index.ts';
import { testSettings } from '../kernel/testing/test-settings.ts';
import { type CrashAtFault, CrashTriggers, faultyPorts, HangGate } from './index.ts';
import { ORDER, SHIPPING } from './testing/fault-shop.ts';

const NOTHING = () => {};

/** A host that does all at once, and goes on after a crash: the virtual host would hide what is called then. */
const host = (crash: () => void): HostPorts => ({
  tracker: untracked,
  random: createRandom(1),
  crypto: nobleCrypto,
  now: () => RUN_START,
  settings: () => testSettings(),
  schedule: () => NOTHING,
  work: (_durationMs, done) => {
    done();
    return NOTHING;
  },
  send: (_message, reply) => {
    reply({ outcome: ok({ status: 200, headers: {}, body: null }), cause: null });
    return NOTHING;
  },
  begin: (_operation, _tables, _mode, opened) => {
    const commit = (_events: unknown, done: (outcome: { ok: true; value: undefined }) => void) =>
      done({ ok: true, value: undefined });
    opened({ ok: true, value: { request: NOTHING, commit, abort: NOTHING } });
    return NOTHING;
  },
  emit: NOTHING,
  crash,
  ready: NOTHING,
  closed: NOTHING,
  drained: NOTHING,
});

const message = {
  from: ORDER,
  to: SHIPPING,
  request: { method: 'PUT', path: '/shipments/1', headers: {}, body: null },
  operation: 'PUT /shipments/1',
  callId: callId('c1'),
  attempt: 1,
  plane: 'data',
  timeoutMs: null,
  span: { traceId: traceIdFor('t'), spanId: spanIdFor('s') },
  cause: 'order-1.1.1' as EventId,
} as const;

it.each([
  ['work', (ports: HostPorts, heard: () => void) => ports.work(5, heard)],
  ['network', (ports: HostPorts, heard: () => void) => ports.send(message, heard)],
  [
    'store',
    (ports: HostPorts, heard: () => void) =>
      ports.begin('store order', [], 'readwrite', (opened) => opened.ok && opened.value.commit([], heard)),
  ],
] as const)('%s: whoever crashes there is called back no more', (port, ask) => {
  const happened = (when: CrashAtFault['when'], nth: number) => {
    const names: string[] = [];
    const fault = { kind: 'crash-at', instance: ORDER, port, operation: '*', nth, when } as const;
    const active = [
      {
        faultId: 'fault-1' as FaultId,
        fault: { ...fault, restartAfterMs: null },
        startedUs: RUN_START,
        endsUs: null,
      },
    ];
    const ports = faultyPorts(
      host(() => names.push('crashed')),
      {
        instance: ORDER,
        active: () => active,
        triggers: new CrashTriggers(ORDER, () => active),
        gate: new HangGate({
          instance: ORDER,
          active: [],
          write: () => 'order-1.1.2' as EventId,
          schedule: () => NOTHING,
        }),
        write: () => 'order-1.1.2' as EventId,
      },
    );
    ask(ports, () => names.push('heard'));
    return names;
  };
  expect(happened('before', 1)).toEqual(['crashed']);
  expect(happened('after', 1)).toEqual(['crashed']);
  expect(happened('after', 2)).toEqual(['heard']);
});
