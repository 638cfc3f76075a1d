import type { RunSettings, ServiceDefinition, ServiceName } from '../kernel/index.ts';
import { microservices } from './microservices.ts';

/**
 * A service of the microservices, in the implementation that the settings choose (the first, without any). Each is
 * a module of its own, so that an instance's worker loads only what it runs.
 */
export async function loadMicroservice(
  service: ServiceName,
  settings?: Pick<RunSettings, 'implementations'>,
): Promise<ServiceDefinition> {
  switch (service) {
    case 'registry':
      return (await import('../services/registry/index.ts')).registryService;
    case 'payment-provider':
      return (await import('../services/payment-provider/index.ts')).paymentProviderService;
    case 'broker':
      return (await import('../services/broker/index.ts')).brokerService;
    case 'user':
      return (await import('../services/user/index.ts')).userService;
    case 'product':
      return (await import('../services/product/index.ts')).productService;
    case 'shipping':
      if (settings?.implementations.shipping === 'python')
        return await (await import('../services/shipping/python/index.ts')).loadPythonShipping();
      return (await import('../services/shipping/index.ts')).shippingService;
    case 'order':
      return (await import('../services/order/index.ts')).orderService;
    case 'gateway':
      return (await import('../services/gateway/index.ts')).gatewayService;
    case 'customers':
      return (await import('../services/customers/index.ts')).customersOf(microservices.entry);
    default:
      throw new Error(`The composition microservices has no service '${service}'.`);
  }
}
