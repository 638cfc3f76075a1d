import type { HostTransaction, StoreOutcome, TransactionMode, Undo } from '../../kernel/index.ts';

/** What an instance's worker keeps its rows in. */
export interface InstanceStore {
  begin(
    operation: string,
    tables: readonly string[],
    mode: TransactionMode,
    opened: (outcome: StoreOutcome<HostTransaction>) => void,
  ): Undo;
  /** The instance ends: whatever is open leaves no trace. */
  abortAll(): void;
}
