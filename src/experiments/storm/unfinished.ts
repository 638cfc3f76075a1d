import type { RunEvent } from '../../kernel/index.ts';

/** Follows a log as it is written, and tells what has been begun and has not come to its end. */
export class Unfinished {
  /** Sagas that have neither completed nor been compensated, the newest last; by order. */
  readonly #sagas = new Map<string, string>();
  readonly #intents = new Set<string>();
  /** Written to an outbox, and not yet taken by the broker. */
  readonly #published = new Set<string>();
  /** Taken by the broker: `<group>/<message>` that its group has not acknowledged. */
  readonly #undelivered = new Set<string>();
  /** `<group>/<message>` that was given up and not put back: the key of its row, too. */
  readonly #deadLetters = new Set<string>();
  readonly #topics = new Map<string, Set<string>>();
  readonly #groups = new Map<string, Set<string>>();
  /** Parcels that move on by themselves. */
  readonly #parcels = new Set<string>();
  #orders = 0;

  /** Orders that were taken so far. */
  get orders(): number {
    return this.#orders;
  }

  get backlog(): { readonly orders: number; readonly messages: number } {
    const messages = this.#published.size + this.#undelivered.size + this.#deadLetters.size;
    return { orders: this.#sagas.size, messages };
  }

  /** The newest order whose saga is under way. */
  newestOrder(): string | null {
    return [...this.#sagas.keys()].at(-1) ?? null;
  }

  add(event: RunEvent): void {
    switch (event.type) {
      case 'intent.started':
        this.#intents.add(event.intentId);
        return;
      case 'intent.answered':
        this.#intents.delete(event.intentId);
        return;
      case 'saga.started':
        this.#orders += 1;
        this.#sagas.set(event.orderId, event.sagaId);
        return;
      case 'saga.completed':
      case 'saga.compensated':
        this.#sagas.delete(event.orderId);
        return;
      case 'message.published':
        this.#published.add(event.messageId);
        return;
      case 'message.accepted': {
        this.#published.delete(event.messageId);
        const messages = this.#topics.get(event.topic) ?? new Set();
        this.#topics.set(event.topic, messages.add(event.messageId));
        for (const group of this.#groups.get(event.topic) ?? []) {
          this.#undelivered.add(`${group}/${event.messageId}`);
        }
        return;
      }
      case 'message.acknowledged':
        this.#undelivered.delete(`${event.group}/${event.messageId}`);
        return;
      case 'message.dead-lettered':
        this.#undelivered.delete(`${event.group}/${event.messageId}`);
        this.#deadLetters.add(`${event.group}/${event.messageId}`);
        return;
      case 'store.committed':
        for (const row of event.rows) this.#row(event.service, row.table, row.key, row.after);
    }
  }

  /** What is under way, in words; empty when all has come to rest. */
  list(): string[] {
    return [
      counted(this.#intents, 'customer(s) wait'),
      counted(new Set(this.#sagas.keys()), 'order(s) have not ended'),
      counted(this.#published, 'message(s) have not left their outbox'),
      counted(this.#undelivered, 'message(s) are not acknowledged'),
      counted(this.#deadLetters, 'message(s) were given up'),
      counted(this.#parcels, 'parcel(s) are on their way'),
    ].filter((text) => text !== null);
  }

  get isAtRest(): boolean {
    return [
      this.#intents,
      this.#sagas,
      this.#published,
      this.#undelivered,
      this.#deadLetters,
      this.#parcels,
    ].every(({ size }) => size === 0);
  }

  #row(service: string, table: string, key: string, after: unknown): void {
    if (service === 'shipping' && table === 'shipments') {
      const moves = typeof after === 'object' && after !== null && 'nextAtUs' in after;
      if (moves) this.#parcels.add(key);
      else this.#parcels.delete(key);
    }
    // That the broker takes its message is no sign of a redrive: a relay that had no answer sends it again too.
    if (service === 'broker' && table === 'dead-letters' && after === null) this.#deadLetters.delete(key);
    if (service === 'broker' && table === 'subscriptions' && after !== null) {
      const { group, topic } = after as { readonly group: string; readonly topic: string };
      const groups = this.#groups.get(topic) ?? new Set();
      if (groups.has(group)) return;
      this.#groups.set(topic, groups.add(group));
      // A new group begins with the oldest message.
      for (const message of this.#topics.get(topic) ?? []) this.#undelivered.add(`${group}/${message}`);
    }
  }
}

const counted = (names: ReadonlySet<string>, what: string): string | null =>
  names.size === 0
    ? null
    : `${names.size} ${what} (${[...names].slice(0, 3).join(', ')}${names.size > 3 ? ', …' : ''})`;
