import { useState } from 'react';
import { useRun } from '../../state/hooks.ts';
import type { RunState } from '../../state/run-store.ts';

/** Something is or was broken, so that there may be a blast radius; while nothing is, nobody has to look for one. */
function mayBeBroken({ projections, scenario }: RunState): boolean {
  const { facts, faults, topology } = projections;
  if (faults.byId.size > 0) return true;
  for (const { state } of topology.instances.values()) if (state === 'crashed') return true;
  // A slow service is slower code there, and no fault (`setups/slower-code.ts`).
  const before = scenario?.setup.settings.services;
  const now = facts.composition === 'monolith' ? facts.settings?.services : undefined;
  return (
    before !== undefined &&
    now !== undefined &&
    INSIDE.some((service) => now[service].serviceTimeMs > before[service].serviceTimeMs)
  );
}

/** So it is now, or has been. */
export function useMayBeBroken(): boolean {
  const now = useRun(mayBeBroken);
  const [ever, setEver] = useState(now);
  if (now && !ever) setEver(true);
  return ever || now;
}

const INSIDE = ['user', 'product', 'order', 'shipping'] as const;
