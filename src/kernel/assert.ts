/** Throws when an invariant of ours is broken. Never for bad input: that is an expected failure, so a value. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}

/** For the `default` of a switch over a union: adding a member without a case no longer compiles. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
