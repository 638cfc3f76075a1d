import { expect, it } from 'vitest';
import type { EventId, InstanceId } from '../../kernel/index.ts';
import { Fleet, type FleetPorts } from './fleet.ts';
import type { InstanceBoot } from './messages.ts';
import { FakeWorkers } from './testing/fake-workers.ts';

const ORDER = 'order-1' as InstanceId;

function world() {
  const workers = new FakeWorkers();
  const said: string[] = [];
  const ports: FleetPorts = {
    spawn: workers.spawn,
    prepare: async () => {},
    boot: (instance) => ({ instance }) as InstanceBoot,
    route: () => () => {},
    events: () => void said.push('events'),
    committed: (service) => void said.push(`committed ${service}`),
    write: (draft, about) => {
      said.push(`${draft.type} ${about}`);
      return 'run-1.1.1' as EventId;
    },
    causeOf: () => null,
    crashed: (instance) => void said.push(`crashed ${instance}`),
    ended: (instance) => void said.push(`ended ${instance}`),
    storeLost: () => {},
    trouble: (instance, message) => void said.push(`trouble ${instance}: ${message}`),
  };
  return { fleet: new Fleet(ports), workers, said };
}

it('every end of a life is told of, for what its database may still hold: a stop as well as a crash', async () => {
  const { fleet, said } = world();
  const started = fleet.start(ORDER);
  fleet.stop(ORDER);
  await started;
  expect(said).toEqual(['instance.stopped order-1', 'ended order-1']);
  void fleet.start(ORDER);
  fleet.crash(ORDER, { reason: 'by hand', faultId: null });
  expect(said.slice(2)).toEqual(['instance.crashed order-1', 'ended order-1', 'crashed order-1']);
});

it('a worker that fails while it starts leaves nobody there; one that is ready goes on', async () => {
  const { fleet, workers, said } = world();
  const started = fleet.start(ORDER);
  workers.of(ORDER).hello();
  await expect.poll(() => workers.of(ORDER).boot).toBeTruthy();
  workers.of(ORDER).say({ type: 'failed', message: 'no database' });
  await expect(started).rejects.toThrow('no database');
  expect(fleet.runs(ORDER)).toBe(false);
  expect(said).toContain('instance.crashed order-1');

  const again = fleet.start(ORDER);
  workers.of(ORDER).hello();
  await expect.poll(() => workers.of(ORDER).boot).toBeTruthy();
  workers.of(ORDER).say({ type: 'ready' });
  await again;
  workers.of(ORDER).onerror?.({ message: 'oops', preventDefault() {} });
  expect(fleet.runs(ORDER)).toBe(true);
  expect(said.at(-1)).toBe('trouble order-1: oops');
});

it('what an instance still tells of a database that is gone has a number that means nothing any more', async () => {
  const { fleet, workers, said } = world();
  const started = fleet.start(ORDER);
  workers.of(ORDER).hello();
  await expect.poll(() => workers.of(ORDER).boot).toBeTruthy();
  const first = workers.of(ORDER);
  first.say({ type: 'ready' });
  await started;
  first.say({ type: 'committed', number: 7, events: [] });
  await expect.poll(() => said).toEqual(['committed order']);
  expect(fleet.storeLost('order')).toEqual([ORDER]);
  first.say({ type: 'committed', number: 8, events: [] });
  await expect.poll(() => said).toEqual(['committed order', 'events']);
});
