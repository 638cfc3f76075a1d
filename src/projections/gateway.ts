import type { InstanceId, Json, RunEvent, RunEventOf, SpanId } from '../kernel/index.ts';
import type { Projection } from './projection.ts';

/** One line of the door's access log. */
export interface AccessView {
  readonly seq: number;
  readonly timeUs: number;
  readonly instance: InstanceId;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** null: nobody signed in. */
  readonly customer: string | null;
  /** The customer's call. */
  readonly spanId: SpanId | null;
}

/** How often each status was answered. */
export type Statuses = Readonly<Record<number, number>>;

/** What customers ask of the shop's door, which is the gateway, or the monolith itself. */
export interface Gateway {
  // Replaced, never changed.
  /** By the operation's name, `GET /products/{sku}`; what is no route goes by its method and path. */
  routes: ReadonlyMap<string, Statuses>;
  /** The latest last. */
  access: readonly AccessView[];
}

const ACCESS_KEPT = 80;
/** There are some thirty routes; whoever tries paths out must not fill the memory. */
const ROUTES_KEPT = 100;

const atTheDoor = ({ service }: RunEvent): boolean => service === 'gateway' || service === 'monolith';

function noteAnswer(state: Gateway, { operation, status }: RunEventOf<'response.sent'>): void {
  const known = state.routes.get(operation);
  if (known === undefined && state.routes.size >= ROUTES_KEPT) return;
  const statuses = { ...known, [status]: (known?.[status] ?? 0) + 1 };
  state.routes = new Map(state.routes).set(operation, statuses);
}

function noteAccess(state: Gateway, event: RunEventOf<'service.logged'>): void {
  const { data, seq, timeUs, instance, spanId } = event;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return;
  const { method, path, status, durationMs, customer } = data as { readonly [key: string]: Json };
  if (typeof method !== 'string' || typeof path !== 'string') return;
  const entry: AccessView = {
    ...{ seq, timeUs, instance, method, path, spanId },
    status: Number(status),
    durationMs: Number(durationMs),
    customer: typeof customer === 'string' ? customer : null,
  };
  state.access = [...state.access.slice(1 - ACCESS_KEPT), entry];
}

/** What the door answered, by route, and its access log. */
export const gateway: Projection<Gateway> = {
  initial: () => ({ routes: new Map(), access: [] }),
  apply(state, event) {
    if (event.type === 'response.sent') {
      if (atTheDoor(event) && event.plane === 'data') noteAnswer(state, event);
    } else if (event.type === 'service.logged' && atTheDoor(event)) noteAccess(state, event);
    return state;
  },
  fork: (state) => ({ ...state }),
};
