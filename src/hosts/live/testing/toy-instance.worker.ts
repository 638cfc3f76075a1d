import { serveInstance } from '../instance-host.ts';
import { loadToy } from './toy-services.ts';

serveInstance(globalThis as unknown as Parameters<typeof serveInstance>[0], ({ service }) =>
  loadToy(service),
);
