import { microservices, monolith } from '../../compositions/index.ts';
import { serveHub } from './hub-host.ts';

// The run's one hub; it starts a worker for each instance.
serveHub(globalThis as unknown as Parameters<typeof serveHub>[0], {
  composition: (setup) => (setup.composition === 'monolith' ? monolith : microservices),
  spawn: (instance) =>
    new Worker(new URL('./instance.worker.ts', import.meta.url), { type: 'module', name: instance }),
});
