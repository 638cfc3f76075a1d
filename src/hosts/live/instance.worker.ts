import { loadMicroservice, loadMonolith } from '../../compositions/index.ts';
import { serveInstance } from './instance-host.ts';

// One instance of a service; the hub starts one of these for each.
serveInstance(
  globalThis as unknown as Parameters<typeof serveInstance>[0],
  ({ composition, service, settings }) =>
    composition === 'monolith' ? loadMonolith(service) : loadMicroservice(service, settings),
);
