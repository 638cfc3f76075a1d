import type { Json } from '../../../kernel/index.ts';
import type { Setup } from '../../../setups/index.ts';
import { startRun } from '../../live/live-run.ts';
import type { ConformanceHost } from '../conformance-host.ts';
import { conformanceComposition } from '../conformance-services.ts';

const WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 5;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The conformance services in workers of this page, with their rows in IndexedDB or in the hub's memory. */
export async function openLiveHost(setup: Setup, rows: 'indexeddb' | 'memory'): Promise<ConformanceHost> {
  sessionStorage.clear();
  const name = rows === 'memory' ? 'conformance-hub-in-memory' : 'conformance-hub';
  const run = await startRun(
    { setup },
    {
      hub: () =>
        new Worker(new URL('./conformance-hub.worker.ts', import.meta.url), { type: 'module', name }),
      composition: conformanceComposition.name,
    },
  );
  const command = async (wanted: Json): Promise<void> => {
    const result = await run.command(wanted);
    if (!result.ok) throw new Error(`${JSON.stringify(wanted)}: ${result.error.message}`);
  };
  return {
    name: `live, ${rows}`,
    seed: setup.seed,
    virtual: false,
    async send(instance, method, path, body) {
      try {
        const response = await fetch(new URL(`api/at/${instance}${path}`, document.baseURI), {
          method,
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        });
        const text = await response.text();
        return { status: response.status, body: text === '' ? null : (JSON.parse(text) as Json) };
      } catch {
        return { status: null, body: null };
      }
    },
    async until(look, withinMs = WITHIN_MS) {
      for (const startedMs = performance.now(); ; await wait(LOOK_EVERY_MS)) {
        const found = look();
        if (found) return found;
        if (performance.now() - startedMs > withinMs)
          throw new Error(`${String(look)}: not within ${withinMs} ms`);
      }
    },
    async pass(ms) {
      await wait(ms);
    },
    async crash(instance) {
      return (await run.command({ type: 'instance.crash', instance })).ok;
    },
    restart: (instance) => command({ type: 'instance.restart', instance }),
    addFault: (fault) => command({ type: 'fault.add', fault: fault as unknown as Json }),
    changeSettings: (patch) => command({ type: 'settings.set', patch }),
    events: () => run.events(),
    tables: (service) => run.tables(service),
    stop: () => run.stop(),
  };
}
