import type { EventId, RunEvent } from '../kernel/index.ts';

/** One thing that must not have happened, in words, with the events that show it. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly events: readonly EventId[];
}

/** What the databases hold in the end: by service, by table, rows of JSON. */
export type FinalTables = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

/** Something that holds in every run, whatever fails. It reads nothing but what is given. */
export interface Invariant {
  /** `INV-1` … */
  readonly id: string;
  readonly title: string;
  /** The whole log from its first event, in order. Without `tables`, what needs them is not checked. */
  check(log: readonly RunEvent[], tables?: FinalTables): readonly Violation[];
}

/** Makes an invariant of a body that reports. */
export const defineInvariant = (
  id: string,
  title: string,
  body: (
    log: readonly RunEvent[],
    report: (message: string, ...events: readonly RunEvent[]) => void,
    tables: FinalTables | undefined,
  ) => void,
): Invariant => ({
  id,
  title,
  check(log, tables) {
    const violations: Violation[] = [];
    body(
      log,
      (message, ...events) =>
        violations.push({ invariant: id, message, events: events.map((event) => event.id) }),
      tables,
    );
    return violations;
  },
});
