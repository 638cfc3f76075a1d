import { readComposition } from '../../state/hash.ts';
import { useRun } from '../../state/hooks.ts';
import { type Layout, layoutOf } from './geometry.ts';

/** What is drawn of the shop that runs; before it says which it is, of the one that the address asks for. */
export const useLayout = (): Layout =>
  layoutOf(
    useRun(({ projections: { facts } }) =>
      facts.started ? facts.composition : (readComposition(location.hash) ?? facts.composition),
    ),
  );
