import type { InstanceId } from '../kernel/index.ts';

export type Balancing =
  /** `turn` counts this caller's picks for this callee. */
  | { readonly kind: 'round-robin'; readonly turn: number }
  | { readonly kind: 'random'; readonly uniform: number }
  /** Of two at random the one with the lower load; the one drawn first when they are equal. */
  | {
      readonly kind: 'two-choices';
      readonly uniforms: readonly [number, number];
      readonly load: (instance: InstanceId) => number;
    };

const at = (instances: readonly InstanceId[], index: number): InstanceId | null => instances[index] ?? null;

/** One of `instances`, or null when there is none. */
export function pickInstance(instances: readonly InstanceId[], balancing: Balancing): InstanceId | null {
  const count = instances.length;
  if (count === 0) return null;
  switch (balancing.kind) {
    case 'round-robin':
      return at(instances, balancing.turn % count);
    case 'random':
      return at(instances, Math.floor(balancing.uniform * count));
    case 'two-choices': {
      const [a, b] = balancing.uniforms;
      const first = Math.floor(a * count);
      // The second is another one, if there is another.
      const second = count === 1 ? first : (first + 1 + Math.floor(b * (count - 1))) % count;
      const one = at(instances, first);
      const other = at(instances, second);
      if (one === null || other === null) return one ?? other;
      return balancing.load(other) < balancing.load(one) ? other : one;
    }
  }
}
