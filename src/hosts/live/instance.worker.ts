import { loadMicroservice, loadMonolith, loadVersioner } from '../../compositions/index.ts';
import { FIRST_VERSION, versionOf } from '../../kernel/index.ts';
import { serveInstance } from './instance-host.ts';

// One instance of a service; the hub starts one of these for each.
serveInstance(
  globalThis as unknown as Parameters<typeof serveInstance>[0],
  async ({ composition, service, instance, settings }) => {
    const first =
      composition === 'monolith' ? await loadMonolith(service) : await loadMicroservice(service, settings);
    const version = versionOf(settings.deployments, service, instance);
    return version === FIRST_VERSION ? first : (await loadVersioner())(first, version);
  },
);
