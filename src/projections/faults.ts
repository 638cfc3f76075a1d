import { type FaultId, type Json, type ServiceName, serviceOf } from '../kernel/index.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';
import { describeFault, type FaultDescription, serviceOfTarget } from './words.ts';

export interface FaultView {
  readonly faultId: FaultId;
  /** As it was given: to add it again when its clearing is undone. */
  readonly fault: Json;
  readonly description: FaultDescription;
  readonly startedUs: number;
  /** null: until it is cleared. */
  readonly endsUs: number | null;
  readonly endedUs: number | null;
  /** Single effects so far. */
  readonly injected: number;
}

/** A fault that is to begin. */
export interface PlannedFault {
  readonly faultId: FaultId;
  readonly fault: Json;
  readonly atUs: number;
  readonly repeat: Json;
}

export interface Faults {
  readonly byId: ChunkedMap<FaultId, FaultView>;
  readonly planned: ChunkedMap<FaultId, PlannedFault>;
  /** All were cleared once: what the setup had still to come never will. */
  allCleared: boolean;
}

/** Faults that are or were at work. */
export const faults: Projection<Faults> = {
  initial: () => ({ byId: new ChunkedMap(), planned: new ChunkedMap(), allCleared: false }),
  apply(state, event) {
    switch (event.type) {
      case 'run.commanded': {
        const { type } = event.command as { readonly type?: Json };
        if (type === 'fault.clear-all') state.allCleared = true;
        break;
      }
      case 'fault.planned': {
        const { faultId, fault, atUs, repeat } = event;
        state.planned.set(faultId, { faultId, fault, atUs, repeat });
        break;
      }
      case 'fault.started': {
        state.planned.delete(event.faultId);
        const description = describeFault(event.fault);
        state.byId.set(event.faultId, {
          faultId: event.faultId,
          fault: event.fault,
          description,
          startedUs: event.timeUs,
          endsUs: description.lengthMs === null ? null : event.timeUs + description.lengthMs * 1000,
          endedUs: null,
          injected: 0,
        });
        break;
      }
      case 'fault.ended': {
        state.planned.delete(event.faultId);
        const view = state.byId.get(event.faultId);
        if (view !== undefined) state.byId.set(event.faultId, { ...view, endedUs: event.timeUs });
        break;
      }
      case 'fault.injected': {
        const view = state.byId.get(event.faultId);
        if (view !== undefined) state.byId.set(event.faultId, { ...view, injected: view.injected + 1 });
        break;
      }
      default:
    }
    return state;
  },
  fork: ({ byId, planned, allCleared }) => ({ byId: byId.fork(), planned: planned.fork(), allCleared }),
};

export const activeFaults = (state: Faults): FaultView[] =>
  [...state.byId.values()].filter((view) => view.endedUs === null);

/** Milliseconds that are left; null: until it is cleared. */
export const faultLeftMs = (view: FaultView, nowUs: number): number | null =>
  view.endsUs === null ? null : Math.max(0, (view.endsUs - nowUs) / 1000);

/** More customers fill everybody's slots, and everybody looks up where the others are. */
const EVERYWHERE: ReadonlySet<string> = new Set(['spike', 'ramp', 'hot-product', 'registry-stale']);

/**
 * The latest fault that was felt at a service (or on an edge into it) at a moment, with a little
 * aftermath; one of the whole network or shop only when there is no nearer one.
 */
export function faultAt(
  state: Faults,
  service: ServiceName,
  from: ServiceName | null,
  timeUs: number,
): FaultView | null {
  let near: FaultView | null = null;
  let wide: FaultView | null = null;
  for (const view of state.byId.values()) {
    const { target } = view.description;
    if (view.startedUs > timeUs) continue;
    if (view.endedUs !== null && view.endedUs + 2_000_000 < timeUs) continue;
    if (EVERYWHERE.has(view.description.kind)) {
      wide = view;
    } else if (target?.kind === 'network') {
      if (from !== 'customers') wide = view;
    } else if (target?.kind === 'sides') {
      if (target.instances.some((instance) => [service, from].includes(serviceOf(instance)))) near = view;
    } else if (serviceOfTarget(target) === service) {
      if (target?.kind !== 'edge' || from === null || target.from === from) near = view;
    }
  }
  return near ?? wide;
}
