import type { RunSettings } from '../../../kernel/index.ts';
import { classroom, type Setup } from '../../../setups/index.ts';
import { type LiveRun, startRun } from '../live-run.ts';

/** The toy shop's setup: as fast as the host can. */
export function toySetup(name: string, change: Partial<RunSettings> = {}, orderInstances = 1): Setup {
  const { settings } = classroom;
  const services = Object.fromEntries(
    Object.entries(settings.services).map(([service, capacity]) => [
      service,
      { ...capacity, instances: service === 'order' ? orderInstances : 1, requestSlots: 64, queueLimit: 64 },
    ]),
  ) as unknown as RunSettings['services'];
  return {
    ...classroom,
    name,
    settings: { ...settings, services, hop: { meanMs: 0, spread: 0 }, ...change },
  };
}

export const startToyRun = (
  setup: Setup,
  name: 'toy-hub' | 'toy-hub-in-memory' = 'toy-hub',
): Promise<LiveRun> =>
  startRun(
    { setup },
    {
      hub: () => new Worker(new URL('./toy-hub.worker.ts', import.meta.url), { type: 'module', name }),
      composition: 'toy',
    },
  );
