import {
  type Deliver,
  type HttpRequest,
  type OutboundMessage,
  type Reply,
  serviceOf,
  type Undo,
} from '../../kernel/index.ts';
import type { HubToPage, RelayedHop, RelayOutcome } from './messages.ts';

interface Relayed {
  readonly message: OutboundMessage;
  readonly reply: (reply: Reply) => void;
  readonly hop: RelayedHop;
  /** Set once the request has come back to the hub from the page's edge. */
  delivery: Undo | null;
  outcome: Reply | null;
  /** Requests at the edge that wait for the outcome: more than one when the page had to fetch again. */
  readonly waiting: Set<(reply: Reply) => void>;
  fetches: number;
}

const MOST_FETCHES = 3;

/** A page around this one, or its console, must not answer for a service by counting. */
const unguessableToken = (): string => {
  const parts = new Uint32Array(4);
  if (typeof crypto === 'undefined') for (const index of parts.keys()) parts[index] = Math.random() * 2 ** 32;
  else crypto.getRandomValues(parts);
  return `hop-${[...parts].map((part) => part.toString(16).padStart(8, '0')).join('')}`;
};

/**
 * Path and query as a browser writes them. Resolved as if the callee were a host of its own: in the
 * page's URL, `..` would lead out of the shop.
 */
const addressOf = (path: string): string => {
  const { pathname, search } = new URL(`http://callee${path}`);
  return `${pathname}${search}`;
};

/**
 * Hops that go through the page: hub → page `fetch` → service worker → MSW's handler in the page →
 * hub, so that the browser's developer tools show them. What a fetch cannot carry (who sends it, its
 * cause, its trace) stays here, under a token. A fetch that the browser gives up (a service worker
 * ends requests after some minutes) is made again with the same token, and joins what is under way.
 */
export class PageRelay {
  readonly #deliver: Deliver;
  readonly #post: (message: HubToPage) => void;
  readonly #hops = new Map<string, Relayed>();
  readonly #newToken: () => string;

  constructor(
    deliver: Deliver,
    post: (message: HubToPage) => void,
    newToken: () => string = unguessableToken,
  ) {
    this.#deliver = deliver;
    this.#post = post;
    this.#newToken = newToken;
  }

  send(message: OutboundMessage, reply: (reply: Reply) => void): Undo {
    const token = this.#newToken();
    const prefix = serviceOf(message.from) === 'customers' ? 'api' : `network/${message.from}/${message.to}`;
    const url = `${prefix}${addressOf(message.request.path)}`;
    const relayed: Relayed = {
      message,
      reply,
      hop: { token, url, request: message.request },
      delivery: null,
      outcome: null,
      waiting: new Set(),
      fetches: 0,
    };
    this.#hops.set(token, relayed);
    this.#fetch(relayed);
    return () => {
      if (this.#hops.delete(token)) this.#post({ type: 'relay.cancel', token });
      relayed.delivery?.();
    };
  }

  /** A relayed request has come round; null when nobody waits for it, or it is another than was sent. */
  reached(token: string, request: HttpRequest, answer: (reply: Reply) => void): Undo | null {
    const relayed = this.#hops.get(token);
    if (relayed === undefined) return null;
    const sent = relayed.message.request;
    if (request.method !== sent.method || addressOf(request.path) !== addressOf(sent.path)) return null;
    if (relayed.outcome !== null) {
      answer(relayed.outcome);
      return () => {};
    }
    relayed.waiting.add(answer);
    relayed.delivery ??= this.#deliver({ ...relayed.message, request }, (outcome) => {
      relayed.outcome = outcome;
      for (const each of relayed.waiting) each(outcome);
      relayed.waiting.clear();
    });
    return () => relayed.waiting.delete(answer);
  }

  /** The page's fetch has ended. */
  fetched(token: string, { response }: RelayOutcome): void {
    const relayed = this.#hops.get(token);
    if (relayed === undefined) return;
    const { outcome } = relayed;
    if (outcome !== null) {
      this.#hops.delete(token);
      // The bytes that went through the browser; its failures have one name only, ours say which.
      const asFetched = response !== null && outcome.outcome.ok;
      relayed.reply(asFetched ? { ...outcome, outcome: { ok: true, value: response } } : outcome);
      return;
    }
    if (relayed.fetches < MOST_FETCHES) {
      this.#fetch(relayed);
      return;
    }
    // The browser does not carry it: go without.
    this.#hops.delete(token);
    if (relayed.delivery === null) relayed.delivery = this.#deliver(relayed.message, relayed.reply);
    else relayed.waiting.add(relayed.reply);
  }

  #fetch(relayed: Relayed): void {
    relayed.fetches += 1;
    this.#post({ type: 'relay', hop: relayed.hop });
  }
}
