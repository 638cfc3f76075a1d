/** What somebody asked for cannot be done: told as one sentence, exit code 2. */
export class UsageError extends Error {}

/** What `body` threw, as a sentence of its own. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
