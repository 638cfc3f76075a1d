import { serveHub } from '../hub-host.ts';
import { toyShop } from './toy-services.ts';

serveHub(globalThis as unknown as Parameters<typeof serveHub>[0], {
  composition: () => toyShop,
  inMemory: (globalThis as unknown as { readonly name: string }).name === 'toy-hub-in-memory',
  spawn: (instance) =>
    new Worker(new URL('./toy-instance.worker.ts', import.meta.url), { type: 'module', name: instance }),
});
