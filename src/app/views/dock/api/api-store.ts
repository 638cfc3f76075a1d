import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Json } from '../../../../kernel/index.ts';
import type { AppStores } from '../../../state/hooks.ts';
import type { ApiOperation } from './api-documents.ts';
import type { Draft } from './example-input.ts';
import { type ShopRequest, shopRequest } from './shop-request.ts';
import { handRequests } from './try-trace.ts';

/** What came of a request. */
export type Outcome =
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Json;
    }
  /** Nobody answered. */
  | { readonly kind: 'silence'; readonly error: string }
  /** It was not sent. */
  | { readonly kind: 'refused'; readonly message: string };

/** One press of Try it. */
export interface Attempt {
  readonly operation: ApiOperation;
  readonly request: ShopRequest;
  /** The requests by hand that were there before: the next one is this. */
  readonly earlier: ReadonlySet<string>;
  readonly sentUs: number;
  /** Run time from pressing to the end. */
  readonly tookMs: number | null;
  readonly outcome: Outcome;
}

export interface ApiState {
  readonly chosen: string | null;
  /** What was typed, by operation. */
  readonly drafts: Readonly<Record<string, Draft>>;
  readonly attempt: Attempt | null;
}

export type ApiStore = StoreApi<ApiState> & {
  readonly tryIt: (operation: ApiOperation, draft: Draft) => Promise<void>;
};

function outcomeOf(value: Json): Outcome {
  const reply = value as {
    readonly status: number | null;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Json;
    readonly error?: string;
  };
  const { status, headers, body } = reply;
  return status === null
    ? { kind: 'silence', error: reply.error ?? 'no answer' }
    : { kind: 'answer', status, headers, body };
}

function createApiStore({ run, actions }: AppStores): ApiStore {
  const store = createStore<ApiState>(() => ({ chosen: null, drafts: {}, attempt: null }));
  return Object.assign(store, {
    tryIt: async (operation: ApiOperation, draft: Draft) => {
      const request = shopRequest(operation, draft);
      const sent: Attempt = {
        operation,
        request,
        earlier: handRequests(run.getState().projections),
        sentUs: run.nowUs(),
        tookMs: null,
        outcome: { kind: 'waiting' },
      };
      store.setState({ attempt: sent });
      const { body, ...others } = request;
      const result = await actions.request({ ...others, ...(body === null ? {} : { body }) });
      // A later one has taken its place.
      if (store.getState().attempt !== sent) return;
      const outcome: Outcome = result.ok
        ? outcomeOf(result.value)
        : { kind: 'refused', message: result.error.message };
      store.setState({ attempt: { ...sent, tookMs: (run.nowUs() - sent.sentUs) / 1000, outcome } });
    },
  });
}

const stores = new WeakMap<AppStores['run'], ApiStore>();

/** One for each page: what was typed and answered stays while the dock shows something else. */
export function apiStoreOf(app: AppStores): ApiStore {
  const known = stores.get(app.run);
  if (known !== undefined) return known;
  const made = createApiStore(app);
  stores.set(app.run, made);
  return made;
}
