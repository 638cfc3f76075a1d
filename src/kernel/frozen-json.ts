/**
 * Checks that a value is JSON and freezes it all the way down, so that it can be handed over without a
 * copy: who receives it cannot change what the other holds. Throws for what JSON cannot carry, naming where.
 */
export function frozenJson<T>(value: T, path = 'row'): T {
  const wrong = freeze(value);
  if (wrong !== null) throw new Error(`${path}${wrong}`);
  return value;
}

/** What is wrong and where, as the end of a sentence; null when nothing is. The way there is told on the way back. */
function freeze(value: unknown): string | null {
  if (typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? null : ` is ${value}, which JSON cannot carry`;
  }
  if (typeof value !== 'object') {
    return ` is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot carry`;
  }
  if (value === null) return null;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const wrong = freeze(value[index]);
      if (wrong !== null) return `[${index}]${wrong}`;
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      return ` is a ${value.constructor.name}, not plain JSON`;
    }
    for (const name in value) {
      const wrong = freeze((value as Record<string, unknown>)[name]);
      if (wrong !== null) return `.${name}${wrong}`;
    }
  }
  Object.freeze(value);
  return null;
}
