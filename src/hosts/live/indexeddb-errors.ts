import type { StoreErrorKind, StoreOutcome } from '../../kernel/index.ts';

export type StoreFailure = Extract<StoreOutcome<never>, { readonly ok: false }>;

/** What a browser's error means to the service whose operation met it. Null: nobody says what it was. */
export const storeFailure = (operation: string, error: unknown): StoreFailure => ({
  ok: false,
  kind: kindOf(error),
  message: `${operation}: ${error === null ? 'the transaction was aborted' : messageOf(error)}`,
});

function kindOf(error: unknown): StoreErrorKind {
  switch (error instanceof DOMException ? error.name : '') {
    case 'QuotaExceededError':
      return 'quota-exceeded';
    case 'ReadOnlyError':
      return 'read-only';
    case 'InvalidStateError':
    case 'NotFoundError':
    case 'UnknownError':
    case 'InvalidAccessError':
    case 'SecurityError':
      return 'unavailable';
    default:
      return 'aborted';
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error || error instanceof DOMException ? error.message || error.name : String(error);
