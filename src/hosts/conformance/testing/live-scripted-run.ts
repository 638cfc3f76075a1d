import type { FaultId, InstanceId, Json, RunEvent, ServiceName } from '../../../kernel/index.ts';
import type { Setup } from '../../../setups/index.ts';
import { type LiveRun, startLiveRun } from '../../live/index.ts';
import type { ScriptedRun } from '../scripted-run.ts';

const SERVICES: Readonly<Record<Setup['composition'], readonly ServiceName[]>> = {
  microservices: ['user', 'product', 'order', 'shipping', 'payment-provider', 'broker', 'registry'],
  monolith: ['monolith', 'payment-provider'],
};
const LOOK_EVERY_MS = 10;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The setup's shop in workers of this page, open, at this speed; in real time while a worker is being
 * loaded that is to come back, which takes as long as it takes.
 */
export async function openLiveRun(setup: Setup, speed: number): Promise<ScriptedRun> {
  sessionStorage.clear();
  const live = await startLiveRun({ setup });
  const command = async (wanted: Json) => await live.command(wanted);
  await command({ type: 'run.speed', speed });
  const restarts = new Restarts();
  live.subscribe((events) => {
    const before = restarts.any;
    for (const event of events) restarts.add(event);
    if (restarts.any !== before) void command({ type: 'run.speed', speed: restarts.any ? 1 : speed });
  });
  return {
    command,
    events: () => live.events(),
    nowMs: () => live.clock().nowUs / 1000,
    async until(look, withinMs) {
      const untilUs = live.clock().nowUs + withinMs * 1000;
      for (;;) {
        const found = look();
        if (found) return found;
        if (live.clock().nowUs > untilUs) throw new Error(`${String(look)}: not within ${withinMs} ms`);
        await wait(LOOK_EVERY_MS);
      }
    },
    async pass(ms) {
      const untilUs = live.clock().nowUs + ms * 1000;
      while (live.clock().nowUs < untilUs) await wait(LOOK_EVERY_MS);
    },
    tables: () => tablesAtRest(live, SERVICES[setup.composition]),
    stop: () => live.stop(),
  };
}

/** Tells from the log which instances are down although nothing keeps them down any more. */
class Restarts {
  readonly #crashed = new Map<InstanceId, FaultId | null>();
  readonly #over = new Set<FaultId>();

  add(event: RunEvent): void {
    if (event.type === 'instance.crashed') this.#crashed.set(event.instance, event.faultId);
    if (event.type === 'instance.ready') this.#crashed.delete(event.instance);
    if (event.type === 'fault.ended') this.#over.add(event.faultId);
  }

  get any(): boolean {
    return [...this.#crashed.values()].some((faultId) => faultId === null || this.#over.has(faultId));
  }
}

/**
 * All tables at one moment: the run stands still. A pause lets a transaction that is under way commit, and
 * its events reach the page in a batch, so all is read until two readings in a row agree.
 */
async function tablesAtRest(
  live: LiveRun,
  services: readonly ServiceName[],
): Promise<Record<string, Record<string, readonly Json[]>>> {
  await live.command({ type: 'run.pause' });
  let before = '';
  for (let reading = 0; reading < 100; reading += 1) {
    const tables: Record<string, Record<string, readonly Json[]>> = {};
    for (const service of services) tables[service] = await live.tables(service);
    const now = `${live.events().length} ${JSON.stringify(tables)}`;
    if (now === before) return tables;
    before = now;
    await wait(30);
  }
  throw new Error('the run is paused, but its databases or its log go on changing');
}
