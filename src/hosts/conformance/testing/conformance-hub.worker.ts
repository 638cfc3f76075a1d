import { serveHub } from '../../live/hub-host.ts';
import { conformanceComposition } from '../conformance-services.ts';

serveHub(globalThis as unknown as Parameters<typeof serveHub>[0], {
  composition: () => conformanceComposition,
  inMemory: (globalThis as unknown as { readonly name: string }).name === 'conformance-hub-in-memory',
  spawn: (instance) =>
    new Worker(new URL('./conformance-instance.worker.ts', import.meta.url), {
      type: 'module',
      name: instance,
    }),
});
