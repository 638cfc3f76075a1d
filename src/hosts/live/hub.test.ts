import { afterEach, describe, expect, it } from 'vitest';
import type { Fault, ScheduledFault } from '../../faults/index.ts';
import type { EventId, InstanceId, RunEvent, RunId, ServiceName } from '../../kernel/index.ts';
import { Hub } from './hub.ts';
import type { LogStorage, RunMemory } from './log-storage.ts';
import type { HubToPage } from './messages.ts';
import { wallNowMs } from './run-clock.ts';
import { FakeWorkers } from './testing/fake-workers.ts';
import { toySetup } from './testing/toy-run.ts';
import { toyShop } from './testing/toy-services.ts';

const hubs: Hub[] = [];

async function until(look: () => unknown): Promise<void> {
  await expect.poll(look, { interval: 2, timeout: 5000 }).toBeTruthy();
}

/** What would be on disk. */
function memoryDisk() {
  const disk = { memory: null as RunMemory | null, events: [] as RunEvent[], refuses: null as Error | null };
  const storage = {
    memory: async () => disk.memory,
    remember: async (memory: RunMemory) => {
      disk.memory = memory;
    },
    append: async (events: readonly RunEvent[], memory: RunMemory) => {
      if (disk.refuses !== null) throw disk.refuses;
      disk.memory = memory;
      disk.events.push(...events);
    },
    read: async (each: (events: readonly RunEvent[]) => void) => each(disk.events),
    close: () => {},
  } as unknown as LogStorage;
  return { disk, storage };
}

interface Wanted {
  readonly faults?: readonly ScheduledFault[];
  readonly orders?: number;
  readonly gateways?: number;
  readonly storage?: LogStorage;
  readonly lookUps?: readonly ServiceName[];
}

function start({ faults = [], orders = 1, gateways = 1, storage, lookUps = [] }: Wanted = {}) {
  const workers = new FakeWorkers();
  const posted: HubToPage[] = [];
  const toy = toySetup('hub', {}, orders);
  const gateway = { ...toy.settings.services.gateway, instances: gateways };
  const settings = { ...toy.settings, services: { ...toy.settings.services, gateway } };
  const own: { hub: Hub | null } = { hub: null };
  const started = Hub.create(
    {
      type: 'boot',
      runId: 'run' as RunId,
      setup: { ...toy, settings, faults },
      wallMs: wallNowMs(),
    },
    {
      post: (message) => posted.push(message),
      spawn: workers.spawn,
      composition: { ...toyShop, lookUps },
      network: (deliver) => deliver,
      openStorage: async () => storage ?? null,
      made: (hub) => {
        own.hub = hub;
        hubs.push(hub);
      },
    },
  );
  started.catch(() => {});
  /** Lets it start as soon as it is made. */
  const comesUp = async (instance: string) => {
    await until(() => workers.lives(instance) > 0);
    workers.of(instance).hello();
    await until(() => workers.of(instance).boot);
    workers.of(instance).say({ type: 'ready' });
  };
  const hub = () => {
    if (own.hub === null) throw new Error('the hub is not made yet');
    return own.hub;
  };
  const command = async (value: unknown) => {
    posted.length = 0;
    hub().received({ type: 'command', id: 1, command: value });
    await until(() => posted.some(({ type }) => type === 'result'));
    const result = posted.find((one) => one.type === 'result');
    return result?.type === 'result' ? result.result : null;
  };
  const events = () => posted.flatMap((one) => (one.type === 'events' ? one.events : []));
  return { hub, workers, posted, started, comesUp, command, events };
}

const ready = (posted: readonly HubToPage[]) => posted.find(({ type }) => type === 'ready');
const down = (target: object) => ({ kind: 'down', target, lengthMs: null });
const CRASH: Fault = {
  kind: 'crash-at',
  instance: 'order-1' as InstanceId,
  port: 'handler',
  operation: '*',
  nth: 1,
  when: 'before',
  restartAfterMs: null,
};

afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.stop();
});

describe('who is scaled in', () => {
  const scale = (instances: number) => ({
    type: 'settings.set',
    patch: { services: { order: { instances } }, drain: { graceMs: 0, limitMs: 50 } },
  });
  const opened = async () => {
    const own = start({ orders: 2 });
    for (const instance of ['order-1', 'order-2', 'gateway-1', 'customers-1']) await own.comesUp(instance);
    await own.started;
    return own;
  };

  it('SCALE-3 is asked to drain, and ended when it says that it may be', async () => {
    const { workers, command, events } = await opened();
    await command({ ...scale(1), patch: { services: { order: { instances: 1 } } } });
    await until(() => workers.of('order-2').received.some(({ type }) => type === 'drain'));
    expect(workers.of('order-2').terminated).toBe(false);
    workers.of('order-2').say({ type: 'drained', cause: 'order-2.1.9' as EventId });
    await until(() => workers.of('order-2').terminated);
    await until(() =>
      events().some(({ type, instance }) => type === 'instance.stopped' && instance === 'order-2'),
    );
    expect(workers.of('order-1').received.some(({ type }) => type === 'drain')).toBe(false);
  });

  it('SCALE-5 is ended at its limit, though its worker says nothing', async () => {
    const { workers, command } = await opened();
    await command(scale(1));
    await until(() => workers.of('order-2').terminated);
  });

  it('SCALE-7 is ended at once while its worker is loading; a crash by hand reaches one that drains', async () => {
    const { workers, command, events } = await opened();
    await command({ ...scale(3), patch: { services: { order: { instances: 3 } } } });
    await until(() => workers.lives('order-3') > 0);
    await command({ ...scale(1), patch: { services: { order: { instances: 1 } } } });
    await until(() => workers.of('order-3').terminated);
    expect(workers.of('order-2').terminated).toBe(false);
    expect(await command({ type: 'instance.restart', instance: 'order-2' })).toMatchObject({ ok: false });
    expect(await command({ type: 'instance.crash', instance: 'order-2' })).toMatchObject({ ok: true });
    expect(workers.of('order-2').terminated).toBe(true);
    await until(() =>
      events().some(({ type, instance }) => type === 'instance.crashed' && instance === 'order-2'),
    );
    expect(await command({ type: 'instance.crash', instance: 'order-2' })).toMatchObject({ ok: false });
  });
});

describe('the shop opens', () => {
  it('although an instance ends before it is ready', async () => {
    const { hub, workers, started, comesUp, posted } = start();
    await until(() => workers.lives('order-1') > 0);
    hub().crash('order-1' as InstanceId, { reason: 'by hand', faultId: null });
    await comesUp('gateway-1');
    await comesUp('customers-1');
    await started;
    expect(ready(posted)).toMatchObject({ entryAnswers: true });
    expect(posted.findLast(({ type }) => type === 'clock')).toMatchObject({ clock: { paused: false } });
  });

  it('not when a worker fails; its life is over, and the log says so', async () => {
    const { workers, started, comesUp, posted, events } = start();
    await comesUp('gateway-1');
    workers.of('order-1').onerror?.({ message: 'no such file', preventDefault() {} });
    await expect(started).rejects.toThrow('order-1 could not start: no such file');
    expect(workers.of('order-1').terminated).toBe(true);
    await until(() => events().some(({ type }) => type === 'instance.crashed'));
    expect(posted.some((one) => one.type === 'notice' && one.notice.id === 'trouble-order-1')).toBe(true);
  });

  it('before what its setup breaks breaks', async () => {
    const { workers, started, comesUp, events } = start({
      faults: [{ atMs: 0, fault: down({ kind: 'service', service: 'order' }) as Fault }],
    });
    await comesUp('order-1');
    await comesUp('gateway-1');
    await until(() => workers.lives('customers-1') > 0);
    expect(workers.of('order-1').terminated).toBe(false);
    await comesUp('customers-1');
    await started;
    expect(workers.of('order-1').terminated).toBe(true);
    await until(() => events().some(({ type }) => type === 'fault.started'));
  });

  it('and tells the page not to wait for a gateway that cannot answer', async () => {
    const absent = start({ gateways: 0 });
    await absent.comesUp('order-1');
    await absent.comesUp('customers-1');
    await absent.started;
    expect(ready(absent.posted)).toMatchObject({ entryAnswers: false });

    const { storage } = memoryDisk();
    const first = start({ storage });
    for (const instance of ['order-1', 'gateway-1', 'customers-1']) await first.comesUp(instance);
    await first.started;
    const cut = down({ kind: 'edge', from: 'customers', to: 'gateway' });
    expect(await first.command({ type: 'fault.add', fault: cut })).toMatchObject({ ok: true });
    await first.hub().stop();
    const second = start({ storage });
    for (const instance of ['order-1', 'gateway-1', 'customers-1']) await second.comesUp(instance);
    await second.started;
    expect(ready(second.posted)).toMatchObject({ entryAnswers: false });
  });

  it('with the time that is, for every worker: one that loads while another starts the clock too', async () => {
    const { workers, started, comesUp } = start({ orders: 2 });
    await until(() => workers.lives('gateway-1') > 0);
    for (const instance of ['order-1', 'order-2', 'gateway-1']) workers.of(instance).hello();
    await until(() => ['order-1', 'order-2', 'gateway-1'].every((instance) => workers.of(instance).boot));
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const instance of ['order-1', 'order-2', 'gateway-1']) {
      const { boot, received } = workers.of(instance);
      const heard = received.findLast((message) => message.type === 'clock');
      const clock = heard?.type === 'clock' ? heard.clock : boot?.clock;
      expect({ instance, paused: clock?.paused }).toEqual({ instance, paused: false });
      workers.of(instance).say({ type: 'ready' });
    }
    await comesUp('customers-1');
    await started;
  });
});

describe('faults', () => {
  const open = async (wanted: Wanted = {}) => {
    const shop = start(wanted);
    for (let order = 1; order <= (wanted.orders ?? 1); order += 1) await shop.comesUp(`order-${order}`);
    await shop.comesUp('gateway-1');
    await shop.comesUp('customers-1');
    await shop.started;
    return shop;
  };

  it('are refused where there is nothing to break', async () => {
    const { command } = await open();
    expect(
      await command({ type: 'fault.add', fault: down({ kind: 'instance', instance: 'order-7' }) }),
    ).toEqual({
      ok: false,
      error: {
        field: 'fault.target.instance',
        message: 'fault.target.instance must be one of order-1, gateway-1, customers-1, not "order-7".',
      },
    });
    expect(
      await command({ type: 'fault.add', fault: down({ kind: 'service', service: 'monolith' }) }),
    ).toMatchObject({ ok: false, error: { field: 'fault.target.service' } });
  });

  it('of a setup are refused too', async () => {
    const { started } = start({
      faults: [{ atMs: 0, fault: { ...CRASH, instance: 'order-2' as InstanceId } }],
    });
    await expect(started).rejects.toThrow('faults[0].fault.instance must be one of order-1');
  });

  it('that were cleared before they began do not come back after a reload; others do, and waiting crashes', async () => {
    const { storage, disk } = memoryDisk();
    const first = await open({ storage, faults: [{ atMs: 600_000, fault: CRASH }] });
    expect(disk.memory?.toCome).toHaveLength(1);
    await first.hub().stop();
    const second = await open({ storage });
    expect(second.hub().faults.toCome()).toEqual([{ atMs: 600_000, fault: CRASH }]);
    await second.command({ type: 'fault.clear-all' });
    expect(disk.memory?.toCome).toEqual([]);
    await second.command({ type: 'fault.add', fault: CRASH });
    await second.hub().stop();
    const third = await open({ storage });
    expect(third.hub().faults.toCome()).toEqual([]);
    expect(third.hub().faults.active()).toMatchObject([{ fault: CRASH }]);
  });
});

describe('an end of a run or of a life', () => {
  it('leaves no gap in the log: the run goes on where it ended', async () => {
    const { storage, disk } = memoryDisk();
    const first = start({ storage });
    for (const instance of ['order-1', 'gateway-1', 'customers-1']) await first.comesUp(instance);
    await first.started;
    const orphan = {
      id: 'order-1.1.1',
      seq: -1,
      timeUs: 1,
      instance: 'order-1',
      service: 'order',
      traceId: null,
      spanId: null,
      parentSpanId: null,
      cause: 'order-1.1.99',
      type: 'instance.ready',
    } as unknown as RunEvent;
    first.workers.of('order-1').say({ type: 'events', events: [orphan] });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await first.hub().stop();
    expect(disk.events.map(({ seq }) => seq)).toEqual(disk.events.map((_, index) => index));
    expect(disk.events.at(-1)?.id).toBe('order-1.1.1');
  });

  it('the page hears it when the log is stored no more, and why', async () => {
    const { storage, disk } = memoryDisk();
    const { posted, started, comesUp, command } = start({ storage });
    for (const instance of ['order-1', 'gateway-1', 'customers-1']) await comesUp(instance);
    await started;
    disk.refuses = Object.assign(new Error('full'), { name: 'QuotaExceededError' });
    await command({ type: 'run.pause' });
    await until(() => posted.some((one) => one.type === 'notice'));
    const notice = posted.find((one) => one.type === 'notice');
    expect(notice?.type === 'notice' && notice.notice.text).toBe(
      "The disk space that the browser gives this page is full, so the run's log is not stored any more. The run goes on, but after a reload its log will lack what happens from now on.",
    );
  });
});
