import type { RunSettings, ServiceName } from '../kernel/index.ts';
import type { RunCommand } from './run-command.ts';

/**
 * What a slow service is in the monolith: a service waits at its door, holding a request slot; there is no such
 * door there, so that what its code needs grows by as much, and slots are held alike.
 */
export function slowerCode(
  settings: RunSettings,
  service: ServiceName,
  addMs: number,
): { readonly begin: RunCommand; readonly end: RunCommand } {
  const { serviceTimeMs, serviceTimeSpread } = settings.services[service];
  const slowMs = serviceTimeMs + addMs;
  const set = (patch: {
    readonly serviceTimeMs: number;
    readonly serviceTimeSpread: number;
  }): RunCommand => ({
    type: 'settings.set',
    patch: { services: { [service]: patch } },
  });
  return {
    // As many milliseconds around the mean as before.
    begin: set({ serviceTimeMs: slowMs, serviceTimeSpread: (serviceTimeMs * serviceTimeSpread) / slowMs }),
    end: set({ serviceTimeMs, serviceTimeSpread }),
  };
}
