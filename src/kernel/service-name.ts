/**
 * Everything that can send or answer a request in a run. `customers` is the shop's clientele (the
 * load), `run` the run itself: it writes events such as faults and pauses and answers nothing.
 */
export const SERVICE_NAMES = [
  'customers',
  'gateway',
  'registry',
  'broker',
  'user',
  'product',
  'order',
  'shipping',
  'payment-provider',
  'monolith',
  'run',
] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** A caller and a callee; a circuit breaker, a retry budget and most faults belong to one. */
export interface Edge {
  readonly from: ServiceName;
  readonly to: ServiceName;
}

export type EdgeKey = `${ServiceName}->${ServiceName}`;
export const edgeKey = (edge: Edge): EdgeKey => `${edge.from}->${edge.to}`;
