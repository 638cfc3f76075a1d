import { afterEach, expect, it } from 'vitest';
import { checkInvariants } from '../../invariants/index.ts';
import type { Implementation, RunEventOf, RunSettings } from '../../kernel/index.ts';
import { classroom, type Setup } from '../../setups/index.ts';
import { type LiveRun, startLiveRun } from './index.ts';

let run: LiveRun | null = null;

afterEach(async () => {
  await run?.stop();
  run = null;
});

/** The classroom's shop, with hops that take no time, a quick way for parcels, and no load. */
function setupWith(name: string, shipping: Implementation): Setup {
  const { settings } = classroom;
  const changed: Partial<RunSettings> = {
    hop: { meanMs: 0, spread: 0 },
    load: { ...settings.load, running: false },
    tracking: { pickMs: 100, packMs: 100, transitMs: 100, deliverMs: 100, failureShare: 0 },
    implementations: { shipping },
  };
  return { ...classroom, name, settings: { ...settings, ...changed } };
}

async function until<T>(look: () => Promise<T | null> | T | null, withinMs = 20_000): Promise<T> {
  for (const startedMs = performance.now(); ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() - startedMs > withinMs) throw new Error('it did not come about in time');
  }
}

const commanded = async (command: unknown): Promise<Readonly<Record<string, unknown>>> => {
  const result = await run?.command(command);
  if (result?.ok !== true) throw new Error(JSON.stringify(result));
  return result.value as Readonly<Record<string, unknown>>;
};

const rowOf = async (service: 'order' | 'shipping', table: string, orderId: unknown) =>
  (await run?.tables(service))?.[table]?.find(
    (row) => (row as { readonly orderId: string }).orderId === orderId,
  ) as { readonly status: string } | undefined;

const reaches = (service: 'order' | 'shipping', table: string, orderId: unknown, status: string) =>
  until(async () => ((await rowOf(service, table, orderId))?.status === status ? true : null));

const startsOfShipping = (): RunEventOf<'instance.started'>[] =>
  (run?.events() ?? []).filter(
    (event): event is RunEventOf<'instance.started'> =>
      event.type === 'instance.started' && event.service === 'shipping',
  );

it('the live host runs Shipping in Python: an order and its parcel go through', {
  timeout: 60_000,
}, async () => {
  sessionStorage.clear();
  run = await startLiveRun({ setup: setupWith('python-order', 'python') });
  expect(startsOfShipping()).toMatchObject([{ implementation: 'python', incarnation: 1 }]);
  const { orderId, status } = await commanded({ type: 'order.place' });
  expect(status).toBe(202);
  await reaches('order', 'orders', orderId, 'CONFIRMED');
  await reaches('shipping', 'shipments', orderId, 'delivered');
  expect(run.events().filter((event) => event.type === 'process.failed')).toEqual([]);
  expect(checkInvariants(run.events())).toEqual([]);
});

it('Python Shipping is swapped in while orders go through: it alone restarts, and takes over the rows it finds', {
  timeout: 60_000,
}, async () => {
  sessionStorage.clear();
  run = await startLiveRun({ setup: setupWith('python-swap', 'typescript') });
  const first = await commanded({ type: 'order.place' });
  await commanded({ type: 'settings.set', patch: { implementations: { shipping: 'python' } } });
  // Placed before, under way or not, when its Shipping goes.
  await commanded({ type: 'instance.restart', instance: 'shipping-1' });
  const second = await commanded({ type: 'order.place' });
  await reaches('shipping', 'shipments', first['orderId'], 'delivered');
  await reaches('order', 'orders', second['orderId'], 'CONFIRMED');
  await reaches('shipping', 'shipments', second['orderId'], 'delivered');
  const [typescript, python] = startsOfShipping();
  expect(typescript).not.toHaveProperty('implementation');
  expect(python).toMatchObject({ implementation: 'python', incarnation: 2 });
  const again = run.events().filter((event) => event.type === 'instance.started' && event.incarnation > 1);
  expect(again.map(({ instance }) => instance)).toEqual(['shipping-1']);
  expect(checkInvariants(run.events())).toEqual([]);
});
