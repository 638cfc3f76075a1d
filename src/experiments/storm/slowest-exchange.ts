import type { RunSettings, ServiceName } from '../../kernel/index.ts';

/** A request and its answer, without waiting: two hops, and the slowest service's time with its commits. */
export function slowestExchange({ hop, services }: Pick<RunSettings, 'hop' | 'services'>): number {
  const times = (Object.keys(services) as ServiceName[]).map(
    (name) => services[name].serviceTimeMs * (1 + services[name].serviceTimeSpread),
  );
  return 2 * hop.meanMs * (1 + hop.spread) + 2 * Math.max(...times) + 10;
}
