import type { Composition } from '../../compositions/index.ts';
import type { Setup } from '../../setups/index.ts';
import { Hub, type HubOptions } from './hub.ts';
import { provideLocalStorage } from './local-storage-shim.ts';
import { LogStorage } from './log-storage.ts';
import type { HubToPage, PageToHub, Port } from './messages.ts';
import { showAlive } from './run-alive.ts';

interface WorkerPort extends Port<HubToPage> {
  onmessage: ((event: MessageEvent<PageToHub>) => void) | null;
}

export interface HubHostOptions extends Pick<HubOptions, 'spawn'> {
  composition(setup: Setup): Composition;
  /** Uses no database even where there is one. */
  readonly inMemory?: boolean;
}

/** Runs a hub in this worker, for the page that made it. */
export function serveHub(port: WorkerPort, options: HubHostOptions): void {
  let hub: Hub | null = null;
  const early: PageToHub[] = [];
  const post = (message: HubToPage) => port.postMessage(message);

  const boot = async (message: Extract<PageToHub, { readonly type: 'boot' }>) => {
    provideLocalStorage();
    showAlive(message.runId);
    // After the shim, and so not before.
    const { createHubNetwork } = await import('./hub-network.ts');
    await Hub.create(message, {
      spawn: options.spawn,
      composition: options.composition(message.setup),
      post,
      network: createHubNetwork,
      openStorage: async (run) => (options.inMemory === true ? null : await LogStorage.open(run)),
      made: (made) => {
        hub = made;
        for (const each of early.splice(0)) made.received(each);
      },
    });
  };

  port.onmessage = ({ data }) => {
    if (data.type === 'ping') {
      post({ type: 'pong' });
    } else if (data.type === 'boot') {
      boot(data).catch((error: unknown) => {
        post({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
      });
    } else if (hub === null) {
      early.push(data);
    } else {
      hub.received(data);
    }
  };
}
