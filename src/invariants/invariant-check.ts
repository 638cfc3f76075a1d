import type { RunEvent, RunSettings } from '../kernel/index.ts';
import type { FinalTables, Invariant, RunView, Violation } from './invariant.ts';
import { LoggedRows } from './rows.ts';

export interface InvariantCheckOptions {
  readonly invariants: readonly Invariant[];
  /** The log has the order in which things happened, as the virtual host's has. Default false: causes come first, no more. */
  readonly inTrueOrder?: boolean;
  /** The run's settings, for a log that does not tell them. */
  readonly settings?: RunSettings;
}

/** A broken run breaks an invariant at each event: so many of each are told. */
const MOST_OF_EACH = 100;

type Handler = (event: RunEvent) => void;

/** Follows a run event by event with all invariants at once. */
export class InvariantCheck {
  readonly #violations: Violation[] = [];
  readonly #view: RunView & { settings: RunSettings | null };
  readonly #inTrueOrder: boolean;
  readonly #handlers = new Map<string, Handler[]>();
  readonly #everyEvent: Handler[] = [];
  readonly #committed: NonNullable<ReturnType<Invariant['follow']>['committed']>[] = [];
  readonly #ends: NonNullable<ReturnType<Invariant['follow']>['end']>[] = [];
  #later: (() => void)[] = [];

  constructor({ invariants, inTrueOrder = false, settings }: InvariantCheckOptions) {
    this.#inTrueOrder = inTrueOrder;
    this.#view = {
      rows: new LoggedRows(),
      settings: settings ?? null,
      later: (check) => {
        this.#later.push(check);
      },
    };
    for (const invariant of invariants) this.#begin(invariant);
  }

  /** Those found so far, in the order in which they were found. */
  get violations(): readonly Violation[] {
    return this.#violations;
  }

  add(event: RunEvent): void {
    if (event.type === 'store.committed') {
      this.#view.rows.apply(event);
      for (const committed of this.#committed) committed(event);
    } else if (event.type === 'run.settings.changed') {
      this.#view.settings = event.settings as unknown as RunSettings;
    }
    const handlers = this.#handlers.get(event.type);
    if (handlers !== undefined) for (const handle of handlers) handle(event);
    for (const handle of this.#everyEvent) handle(event);
    if (this.#inTrueOrder && this.#later.length > 0) this.#lookAtLater();
  }

  /** After the last event. */
  end(tables?: FinalTables, { healed = false }: { readonly healed?: boolean } = {}): void {
    this.#lookAtLater();
    for (const end of this.#ends) end({ healed, tables });
    this.#lookAtLater();
  }

  #lookAtLater(): void {
    const checks = this.#later;
    if (checks.length === 0) return;
    this.#later = [];
    for (const check of checks) check();
  }

  #begin({ id, follow }: Invariant): void {
    let told = 0;
    const checker = follow(this.#view, (message, ...events) => {
      told += 1;
      if (told > MOST_OF_EACH) return;
      this.#violations.push({ invariant: id, message, events: events.map((event) => event.id) });
    });
    for (const [type, handle] of Object.entries(checker.events ?? {})) {
      const known = this.#handlers.get(type) ?? [];
      known.push(handle as Handler);
      this.#handlers.set(type, known);
    }
    for (const [table, listener] of Object.entries(checker.rows ?? {}))
      this.#view.rows.listen(table, listener);
    if (checker.everyEvent !== undefined) this.#everyEvent.push(checker.everyEvent);
    if (checker.committed !== undefined) this.#committed.push(checker.committed);
    if (checker.end !== undefined) this.#ends.push(checker.end);
  }
}
