import type { InstanceId, Json, RenewalFigures, RunEventOf, ServiceName } from '../kernel/index.ts';
import { serviceOf } from '../kernel/index.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

/** A row of the registry's list. */
export interface ListedView {
  readonly instance: InstanceId;
  readonly service: ServiceName;
  readonly registeredUs: number;
  /** When it was last heard of. */
  readonly heardUs: number;
  readonly leaseUntilUs: number;
}

/** One caller's copy of the list, as it has told of it. */
export interface CopyView {
  readonly caller: InstanceId;
  readonly service: ServiceName;
  /** Of the services that it calls. */
  readonly known: Readonly<Record<string, readonly InstanceId[]>>;
  /** null: it has none yet. */
  readonly fetchedUs: number | null;
  /** Refused a connection since. */
  readonly passedOver: readonly InstanceId[];
}

/** What the registry counts, where it preserves itself: in the window that began then, and in the one before. */
export interface RenewalsView {
  readonly sinceUs: number;
  readonly renewals: number;
  readonly lastRenewals: number;
}

export interface KeepingView extends RenewalFigures {
  readonly sinceUs: number;
  readonly kept: readonly InstanceId[];
}

/** Where a refused request came from: what its caller, and the registry, believed then. */
export interface StaleCall {
  readonly instance: InstanceId;
  /** null: the registry did not list it any more. */
  readonly listed: ListedView | null;
  readonly fetchedUs: number | null;
  readonly keeping: KeepingView | null;
}

/** Who is registered, and what callers believe. */
export interface Discovery {
  readonly listed: ChunkedMap<InstanceId, ListedView>;
  readonly copies: ChunkedMap<InstanceId, CopyView>;
  /** Those who crashed or stopped, and are not back. */
  readonly dead: ChunkedMap<InstanceId, true>;
  /** Fetches under way, by call. */
  readonly fetches: ChunkedMap<string, InstanceId>;
  /** By span. */
  readonly staleCalls: ChunkedMap<string, StaleCall>;
  // These are replaced, never changed.
  renewals: RenewalsView | null;
  keeping: KeepingView | null;
}

const FETCHES_KEPT = 64;
const STALE_CALLS_KEPT = 200;
/** As in `patterns/discovery.ts`: nobody looks these up. */
const FIXED: readonly ServiceName[] = ['gateway', 'registry', 'payment-provider'];

type Row = { readonly [key: string]: Json };
const rowOf = (json: Json): Row | null =>
  typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Row) : null;
const numberIn = (row: Row, field: string): number => Number(row[field] ?? 0);

function copyOf(state: Discovery, caller: InstanceId): CopyView {
  const known = state.copies.get(caller);
  return known ?? { caller, service: serviceOf(caller), known: {}, fetchedUs: null, passedOver: [] };
}

function noteRows(state: Discovery, { rows, timeUs }: RunEventOf<'store.committed'>): void {
  for (const { table, key, after } of rows) {
    const row = rowOf(after);
    if (table === 'instances') {
      const instance = key as InstanceId;
      if (row === null) state.listed.delete(instance);
      else
        state.listed.set(instance, {
          instance,
          service: serviceOf(instance),
          registeredUs: numberIn(row, 'registeredAtUs'),
          heardUs: timeUs,
          leaseUntilUs: numberIn(row, 'leaseUntilUs'),
        });
    } else if (table === 'renewals') {
      state.renewals =
        row === null
          ? null
          : {
              sinceUs: numberIn(row, 'sinceUs'),
              renewals: numberIn(row, 'renewals'),
              lastRenewals: numberIn(row, 'lastRenewals'),
            };
    }
  }
}

function noteRefusal(state: Discovery, event: RunEventOf<'request.failed'>): void {
  const { instance: caller, toInstance, spanId } = event;
  if (FIXED.includes(event.to)) return;
  const copy = copyOf(state, caller);
  // One that lives may refuse, too, where the network does.
  if (spanId !== null && state.dead.has(toInstance)) {
    const listed = state.listed.get(toInstance) ?? null;
    const { fetchedUs } = copy;
    state.staleCalls.add(spanId, { instance: toInstance, listed, fetchedUs, keeping: state.keeping });
    state.staleCalls.keepNewest(STALE_CALLS_KEPT);
  }
  if (!copy.passedOver.includes(toInstance))
    state.copies.set(caller, { ...copy, passedOver: [...copy.passedOver, toInstance] });
}

/** The registry's list and its self-preservation, and each caller's copy with its age. */
export const discovery: Projection<Discovery> = {
  initial: () => ({
    listed: new ChunkedMap(),
    copies: new ChunkedMap(),
    dead: new ChunkedMap(),
    fetches: new ChunkedMap(),
    staleCalls: new ChunkedMap(),
    renewals: null,
    keeping: null,
  }),
  apply(state, event) {
    switch (event.type) {
      case 'store.committed':
        if (event.service === 'registry') noteRows(state, event);
        break;
      case 'request.sent':
        if (event.to !== 'registry' || event.method !== 'GET' || event.plane !== 'control') break;
        state.fetches.add(event.callId, event.instance);
        state.fetches.keepNewest(FETCHES_KEPT);
        break;
      case 'response.received':
        if (event.to !== 'registry' || event.status !== 200 || !state.fetches.has(event.callId)) break;
        state.fetches.delete(event.callId);
        state.copies.set(event.instance, {
          ...copyOf(state, event.instance),
          fetchedUs: event.timeUs,
          passedOver: [],
        });
        break;
      case 'discovery.refreshed':
        state.copies.set(event.instance, { ...copyOf(state, event.instance), known: event.known });
        break;
      case 'request.failed':
        if (event.error === 'connection_refused' && event.plane === 'data') noteRefusal(state, event);
        break;
      case 'instance.crashed':
      case 'instance.stopped':
        // A copy lives in its caller's memory.
        if (state.copies.has(event.instance)) state.copies.delete(event.instance);
        state.dead.set(event.instance, true);
        break;
      case 'instance.ready':
        if (state.dead.has(event.instance)) state.dead.delete(event.instance);
        break;
      case 'registry.self-preservation.started': {
        const { renewals, expected, threshold, kept, timeUs } = event;
        state.keeping = { renewals, expected, threshold, kept, sinceUs: timeUs };
        break;
      }
      case 'registry.self-preservation.ended':
        state.keeping = null;
        break;
      default:
    }
    return state;
  },
  fork: ({ listed, copies, dead, fetches, staleCalls, renewals, keeping }) => ({
    listed: listed.fork(),
    copies: copies.fork(),
    dead: dead.fork(),
    fetches: fetches.fork(),
    staleCalls: staleCalls.fork(),
    renewals,
    keeping,
  }),
};
