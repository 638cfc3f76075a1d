import { breakerMutants } from './breaker-mutants.ts';
import { callMutants } from './call-mutants.ts';
import { discoveryMutants } from './discovery-mutants.ts';
import { messagingMutants } from './messaging-mutants.ts';
import type { Mutant } from './mutant.ts';
import { sagaMutants } from './saga-mutants.ts';
import { scalingMutants } from './scaling-mutants.ts';

export type { Mutant } from './mutant.ts';
export { mutantPlugin } from './mutant-plugin.ts';

/** Known bugs, each of which storms must find. */
export const mutants: readonly Mutant[] = [
  ...callMutants,
  ...breakerMutants,
  ...sagaMutants,
  ...messagingMutants,
  ...scalingMutants,
  ...discoveryMutants,
];
