import type { Context, Json } from '../../kernel/index.ts';

/**
 * What an instance does for a case, with its own context, and what it saw. The same code runs in a worker
 * of the live host and on the virtual clock.
 */
export type Probe = (context: Context, input: Json) => Promise<Json>;

export type Probes = Readonly<Record<string, Probe>>;

/** The fields of a probe's input; a case and its probe agree on them. */
export const fieldsOf = <Fields>(input: Json): Fields => input as unknown as Fields;

/** What an error says, with its class: `StoreError aborted: …`. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const kind = 'kind' in error && typeof error.kind === 'string' ? ` ${error.kind}` : '';
  return `${error.name}${kind}: ${error.message}`;
}
