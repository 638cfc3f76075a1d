/**
 * Checks that a value is JSON and freezes it all the way down, so that it can be handed over without a
 * copy: who receives it cannot change what the other holds. Throws for what JSON cannot carry, naming where.
 */
export function frozenJson<T>(value: T, path = 'row'): T {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error(`${path} is ${value}, which JSON cannot carry`);
    return value;
  }
  if (typeof value !== 'object') {
    throw new Error(
      `${path} is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot carry`,
    );
  }
  // Frozen here before: what comes out of a store and goes back in is not walked again.
  if (known.has(value)) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) frozenJson(value[index], `${path}[${index}]`);
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new Error(`${path} is a ${value.constructor.name}, not plain JSON`);
    }
    for (const name in value) frozenJson((value as Record<string, unknown>)[name], `${path}.${name}`);
  }
  known.add(value);
  return Object.freeze(value);
}

const known = new WeakSet<object>();
