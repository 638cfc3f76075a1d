import type { Fault, FaultTarget } from '../faults/index.ts';
import { type InstanceId, type ServiceName, serviceOf } from '../kernel/index.ts';
import type { Refusal } from './schema-message.ts';

/** What a shop has that can be broken. */
export interface FaultPlaces {
  readonly services: readonly ServiceName[];
  readonly instances: readonly InstanceId[];
}

/**
 * Why a fault cannot be where it wants to, or null: its instance, service or edge must be one of this
 * shop's, and an edge has two ends. `path`: where the fault stands in what was asked.
 */
export function misplacedFault(fault: Fault, places: FaultPlaces, path: string): Refusal | null {
  if (fault.kind === 'crash-at') return notOneOf(places.instances, fault.instance, `${path}.instance`);
  if ('instances' in fault) {
    return (
      notAllOf(places.instances, fault.instances, `${path}.instances`) ??
      notAllOf(places.instances, fault.others ?? [], `${path}.others`)
    );
  }
  return misplacedTarget(fault.target, places, path) ?? neverFelt(fault, `${path}.target`);
}

function misplacedTarget(target: FaultTarget, places: FaultPlaces, path: string): Refusal | null {
  switch (target.kind) {
    case 'service':
      return notOneOf(places.services, target.service, `${path}.target.service`);
    case 'instance':
      return notOneOf(places.instances, target.instance, `${path}.target.instance`);
    case 'network':
      return null;
    case 'edge':
      return (
        notOneOf(places.services, target.from, `${path}.target.from`) ??
        notOneOf(places.services, target.to, `${path}.target.to`) ??
        (target.from === target.to
          ? {
              field: `${path}.target.to`,
              message: `${path}.target.to must be another service than from: nobody calls itself.`,
            }
          : null)
      );
  }
}

/** Whose answer needs the time of day: they issue tokens, or check them. */
const READS_TOKENS: readonly ServiceName[] = ['gateway', 'user', 'product', 'order', 'shipping', 'monolith'];
/** Who is told of events. */
const CONSUMERS: readonly ServiceName[] = ['order', 'shipping'];

/** Why a fault would change nothing where it wants to sit, or null: no fault is silent. */
function neverFelt(
  fault: Exclude<Fault, { readonly kind: 'crash-at' | 'partition' | 'flapping' }>,
  path: string,
) {
  const { kind, target } = fault;
  if (kind === 'clock-offset') return onlyAt(READS_TOKENS, target, path);
  if (kind === 'message-poison') return onlyAt(CONSUMERS, target, path);
  if (kind !== 'message-duplicate' || target.kind !== 'edge') return null;
  return (
    notOneOf<ServiceName>(['broker'], target.from, `${path}.from`) ??
    notOneOf(CONSUMERS, target.to, `${path}.to`)
  );
}

const onlyAt = (services: readonly ServiceName[], target: FaultTarget, path: string): Refusal | null => {
  if (target.kind === 'service') return notOneOf(services, target.service, `${path}.service`);
  return target.kind === 'instance'
    ? notOneOf(services, serviceOf(target.instance), `${path}.instance`)
    : null;
};

const notAllOf = <T extends string>(
  known: readonly T[],
  given: readonly T[],
  field: string,
): Refusal | null =>
  given.map((one, index) => notOneOf(known, one, `${field}[${index}]`)).find((refusal) => refusal !== null) ??
  null;

const notOneOf = <T extends string>(known: readonly T[], given: T, field: string): Refusal | null =>
  known.includes(given)
    ? null
    : { field, message: `${field} must be one of ${known.join(', ')}, not ${JSON.stringify(given)}.` };
