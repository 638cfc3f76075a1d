import type { ServiceDefinition, ServiceName } from '../kernel/index.ts';
import { monolith } from './monolith.ts';

/** A service of the monolith. Each is a module of its own, so that an instance's worker loads only what it runs. */
export async function loadMonolith(service: ServiceName): Promise<ServiceDefinition> {
  switch (service) {
    case 'payment-provider':
      return (await import('../services/payment-provider/index.ts')).paymentProviderService;
    case 'monolith':
      return (await import('./monolith/index.ts')).monolithService;
    case 'customers':
      return (await import('../services/customers/index.ts')).customersOf(monolith.entry);
    default:
      throw new Error(`The composition monolith has no service '${service}'.`);
  }
}
