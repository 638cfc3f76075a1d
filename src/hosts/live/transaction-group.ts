import { LOG_OUTBOX } from './run-databases.ts';

/** A transaction of a service, as its group sees it. */
export interface GroupMember {
  /** It has the database's transaction to itself, from now until `TransactionGroup.passOn`. */
  started(group: TransactionGroup): void;
  /** All that the group has written is durable: first the log hears of all of it, */
  tellLog(): void;
  /** then each of its own. */
  durable(): void;
  /** Nothing is. */
  undone(error: DOMException | null): void;
}

export interface TransactionGroupOptions {
  readonly raw: IDBTransaction;
  /** Takes the next one that wants to be a member; undefined: none does, or there is no room. */
  next(): GroupMember | undefined;
  /** It takes no more. */
  full(): void;
  /** It has ended, one way or the other. */
  ended(): void;
}

/**
 * Group commit: several transactions of services in one transaction of IndexedDB, one after the other. All writers of
 * a database wait for each other anyway, and most of what a small transaction costs is its own begin and commit. Each
 * sees what those before it have written; none is durable, and nobody hears of it, before all of them are.
 */
export class TransactionGroup {
  readonly raw: IDBTransaction;
  readonly #options: TransactionGroupOptions;
  readonly #members: GroupMember[] = [];
  #isFull = false;

  constructor(options: TransactionGroupOptions) {
    this.#options = options;
    this.raw = options.raw;
    this.raw.addEventListener('complete', () => {
      this.close();
      for (const member of this.#members) member.tellLog();
      for (const member of this.#members) member.durable();
      this.#options.ended();
    });
    this.raw.addEventListener('abort', () => {
      this.close();
      for (const member of this.#members) member.undone(this.raw.error);
      this.#options.ended();
    });
  }

  /** Starts the next member, or commits when nobody waits. `isActive`: the last one has just asked something of `raw`. */
  passOn(isActive: boolean): void {
    if (this.#isFull) return;
    const member = isActive || this.#isActive() ? this.#options.next() : undefined;
    if (member === undefined) {
      this.close();
      return;
    }
    this.#members.push(member);
    member.started(this);
  }

  /** Takes nobody more, and commits what it has. */
  close(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    try {
      this.raw.commit();
    } catch {
      // It is committed as soon as its last request is answered, or it has ended.
    }
    this.#options.full();
  }

  /** Undoes all that its members have written. */
  abort(): void {
    try {
      this.raw.abort();
    } catch {
      // It has ended by itself: there is nothing left to undo.
    }
  }

  /** As `abort`, and no member hears of it, nor of what is durable already: their instance has ended. */
  silence(): void {
    this.#members.length = 0;
    this.abort();
  }

  /** Whether it can be asked now. It is not while a body that is cancelled awaits something. */
  #isActive(): boolean {
    try {
      this.raw.objectStore(LOG_OUTBOX).get(0);
      return true;
    } catch {
      return false;
    }
  }
}
