import { serveInstance } from '../../live/instance-host.ts';
import { loadConformanceService } from '../conformance-services.ts';

serveInstance(globalThis as unknown as Parameters<typeof serveInstance>[0], ({ service }) =>
  loadConformanceService(service),
);
