import { afterEach, expect, it } from 'vitest';
import { checkInvariants } from '../../invariants/index.ts';
import type { RunSettings } from '../../kernel/index.ts';
import { classroom, type Setup } from '../../setups/index.ts';
import { type LiveRun, startLiveRun } from './index.ts';

let run: LiveRun | null = null;

afterEach(async () => {
  await run?.stop();
  run = null;
});

/** The classroom's shop as a monolith, with hops that take no time and no load. */
function monolithSetup(name: string): Setup {
  const { settings } = classroom;
  const changed: Partial<RunSettings> = {
    hop: { meanMs: 0, spread: 0 },
    load: { ...settings.load, running: false },
  };
  return { ...classroom, name, composition: 'monolith', settings: { ...settings, ...changed } };
}

async function until<T>(look: () => Promise<T | null> | T | null, withinMs = 15_000): Promise<T> {
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

const orderOf = async (orderId: unknown) =>
  (await run?.tables('monolith'))?.['orders']?.find(
    (row) => (row as { readonly orderId: string }).orderId === orderId,
  ) as { readonly status: string } | undefined;

const ended = (orderId: unknown) =>
  until(async () => {
    const status = (await orderOf(orderId))?.status;
    return status === undefined || status.endsWith('_PENDING') ? null : status;
  });

it('the live host runs the monolith: one worker, one database, an order through the page', {
  timeout: 60_000,
}, async () => {
  sessionStorage.clear();
  run = await startLiveRun({ setup: monolithSetup('mono-order') });
  const started = run.events().find((event) => event.type === 'run.started');
  expect(started).toMatchObject({ composition: 'monolith', setup: 'mono-order' });
  const { orderId, status } = await commanded({ type: 'order.place' });
  expect(status).toBe(202);
  expect(await ended(orderId)).toBe('CONFIRMED');
  const starts = run.events().filter((event) => event.type === 'instance.started');
  expect(starts.map(({ instance }) => instance).sort()).toEqual([
    'customers-1',
    'monolith-1',
    'payment-provider-1',
  ]);
  const names = (await indexedDB.databases()).map(({ name }) => name);
  expect(names).toContain(`bulkhead/${run.runId}/monolith/monolith`);
  const answer = await fetch(new URL('api/products?limit=1', document.baseURI));
  expect([answer.status, ((await answer.json()) as { items: unknown[] }).items.length]).toEqual([200, 1]);
  const refused = await run.command({
    type: 'fault.add',
    fault: { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null },
  });
  expect(refused).toMatchObject({ ok: false, error: { field: 'fault.target.service' } });
});

it('a monolith that crashes between its transactions resumes from the payment intent', {
  timeout: 60_000,
}, async () => {
  sessionStorage.clear();
  run = await startLiveRun({ setup: monolithSetup('mono-crash') });
  await commanded({
    type: 'fault.add',
    fault: {
      kind: 'crash-at',
      instance: 'monolith-1',
      port: 'store',
      operation: 'store order',
      nth: 1,
      when: 'after',
      restartAfterMs: 200,
    },
  });
  const { orderId } = await commanded({ type: 'order.place' });
  expect(await ended(orderId)).toBe('CONFIRMED');
  const live = run;
  await until(() =>
    live.events().some((event) => event.type === 'store.committed' && event.operation === 'confirm order')
      ? true
      : null,
  );
  expect(live.events().filter((event) => event.type === 'instance.crashed')).toHaveLength(1);
  expect(
    live.events().filter((event) => event.type === 'store.committed' && event.operation === 'capture'),
  ).toHaveLength(1);
  const ids = ['INV-1', 'INV-2', 'INV-6', 'INV-15', 'INV-16'];
  expect(checkInvariants(live.events(), undefined, { ids })).toEqual([]);
});
