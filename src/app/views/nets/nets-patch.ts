import type { EdgeKey, EdgePolicy, Json, RunSettings } from '../../../kernel/index.ts';
import { edgePolicy, SAFETY_NET_PRESETS } from '../../../setups/index.ts';

/** As `settings.set` takes it. */
export interface NetsCommand {
  readonly type: 'settings.set';
  readonly patch: { readonly [name: string]: Json };
}

const patched = (patch: { readonly [name: string]: unknown }): NetsCommand => ({
  type: 'settings.set',
  patch: patch as { readonly [name: string]: Json },
});

const same = (one: EdgePolicy, other: EdgePolicy): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The edge has these nets from now on. */
export const ownNets = (key: EdgeKey, policy: Readonly<Record<string, unknown>>): NetsCommand =>
  patched({ edges: { [key]: policy } });

/** The edge has no nets of its own; where that makes all edges a preset's again, its name comes back too. */
export function netsOfAll(now: RunSettings, key: EdgeKey): NetsCommand {
  const preset = SAFETY_NET_PRESETS.find((name) => same(edgePolicy(name), now.edge));
  const isAlone = Object.keys(now.edges).every((other) => other === key);
  return preset !== undefined && isAlone
    ? patched({ safetyNets: preset })
    : patched({ edges: { [key]: null } });
}

/** The edge’s nets as they were, in the settings of now. */
export function netsBefore(now: RunSettings, before: RunSettings, key: EdgeKey): NetsCommand {
  const own = before.edges[key];
  return own === undefined ? netsOfAll(now, key) : ownNets(key, { ...own });
}
