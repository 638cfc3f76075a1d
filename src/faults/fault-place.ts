import { assertNever, type InstanceId, type ServiceName, serviceOf } from '../kernel/index.ts';
import type { FaultTarget, Sides } from './fault.ts';

/** Does the fault sit on this instance, or on its service? */
export const sitsAt = (target: FaultTarget, instance: InstanceId): boolean =>
  target.kind === 'instance'
    ? target.instance === instance
    : target.kind === 'service' && target.service === serviceOf(instance);

/** Does the fault sit on the way between a caller and a callee? */
export function sitsBetween(target: FaultTarget, from: ServiceName, to: ServiceName): boolean {
  switch (target.kind) {
    case 'edge':
      return target.from === from && target.to === to;
    case 'network':
      return from !== 'customers';
    case 'service':
    case 'instance':
      return false;
    default:
      return assertNever(target);
  }
}

/** Does the partition lose what one instance sends to another? */
export function separates(fault: Sides, sender: InstanceId, receiver: InstanceId): boolean {
  const { instances, others, way } = fault;
  const isOther = (instance: InstanceId): boolean =>
    others === null
      ? !instances.includes(instance) && serviceOf(instance) !== 'customers'
      : others.includes(instance);
  if (way !== 'in' && instances.includes(sender) && isOther(receiver)) return true;
  return way !== 'out' && isOther(sender) && instances.includes(receiver);
}
