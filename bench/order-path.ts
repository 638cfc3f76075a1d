import type { CompositionName } from '../src/compositions/index.ts';
import { LabRun, type Turn } from '../src/hosts/virtual/index.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { scenarioNamed } from '../src/setups/index.ts';

/** What is heard of one order, from its request to its confirmation. */
export interface OrderSpan {
  begun(): Promise<void>;
  ended(): Promise<void>;
}

const LIMIT_MS = 60_000;

/**
 * Lets one order pass through the healthy shop, and nothing else from customers. One has passed before it, so
 * that what is done once (keys fetched, services found) is not on its path.
 */
export async function passOneOrder(composition: CompositionName, turn: Turn, span: OrderSpan): Promise<void> {
  const scenario = scenarioNamed('classroom', composition);
  if (scenario === null) throw new Error('there is no setup classroom');
  const { settings } = scenario.setup;
  const setup = { ...scenario.setup, settings: { ...settings, load: { ...settings.load, running: false } } };
  const run = await LabRun.create({ setup, seed: 1, composition, turn });
  await run.advanceTo(4000);
  const order = async () => {
    const confirmed = () => run.events.filter(isConfirmation).length;
    const before = confirmed();
    void run.begin({ type: 'order.place' });
    if (!(await run.advanceUntil(() => confirmed() > before, run.nowMs + LIMIT_MS)))
      throw new Error(`no order was confirmed within ${LIMIT_MS / 1000} s (${composition})`);
  };
  await order();
  await run.advanceTo(run.nowMs + LIMIT_MS);
  await span.begun();
  await order();
  await span.ended();
}

const isConfirmation = (event: RunEvent): boolean =>
  event.type === 'store.committed' &&
  event.rows.some(
    ({ table, after }) =>
      table === 'orders' && (after as { readonly status?: string } | null)?.status === 'CONFIRMED',
  );
