import type { Composition, CompositionName, LoadService } from './composition.ts';
import { loadMicroservice } from './load-microservice.ts';
import { loadMonolith } from './load-monolith.ts';
import { microservices } from './microservices.ts';
import { monolith } from './monolith.ts';

/** What makes up the shop, and where its code is. */
export interface ComposedShop {
  readonly composition: Composition;
  readonly load: LoadService;
}

export const compositions: Readonly<Record<CompositionName, ComposedShop>> = {
  microservices: { composition: microservices, load: loadMicroservice },
  monolith: { composition: monolith, load: loadMonolith },
};
