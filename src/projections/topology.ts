import type {
  Implementation,
  InstanceId,
  InstanceState,
  RunEvent,
  RunEventHead,
  RunEventOf,
  ServiceName,
} from '../kernel/index.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

export interface InstanceView {
  readonly instance: InstanceId;
  readonly service: ServiceName;
  readonly state: InstanceState;
  readonly incarnation: number;
  /** Since when it is in this state. */
  readonly sinceUs: number;
  readonly slotsUsed: number;
  /** 0: not known yet (nothing was asked of it). */
  readonly slots: number;
  readonly queued: number;
  /** Requests turned away because slots and queue were full. */
  readonly shed: number;
  /** Why it ended, when it crashed. */
  readonly reason: string | null;
  /** Slots in use over the last second ÷ slots, as it says itself; null: it was not asked (`instance.load`). */
  readonly busy: number | null;
  readonly implementation: Implementation;
}

/** What the autoscaler said last of a service. */
export type ScalingView = Omit<RunEventOf<'autoscaler.decided'>, keyof RunEventHead | 'type' | 'of'> & {
  readonly atUs: number;
};

export interface EdgeView {
  readonly from: ServiceName;
  readonly to: ServiceName;
  readonly attempts: number;
  readonly failed: number;
  readonly lastUs: number;
  readonly lastFailureUs: number | null;
}

export interface Topology {
  readonly instances: ChunkedMap<InstanceId, InstanceView>;
  /** Data-plane edges that were used, by `from->to`. */
  readonly edges: ChunkedMap<string, EdgeView>;
  /** Requests inside an instance, by span: their callers may give up without an answer being sent. */
  readonly open: ChunkedMap<string, InstanceId>;
  readonly scaling: ChunkedMap<ServiceName, ScalingView>;
}

const instanceOf = (state: Topology, { instance, service }: RunEvent): InstanceView =>
  state.instances.get(instance) ?? {
    instance,
    service,
    state: 'ready',
    incarnation: 0,
    sinceUs: 0,
    slotsUsed: 0,
    slots: 0,
    queued: 0,
    shed: 0,
    reason: null,
    busy: null,
    implementation: 'typescript',
  };

const edgeOf = (state: Topology, from: ServiceName, to: ServiceName): EdgeView =>
  state.edges.get(`${from}->${to}`) ?? { from, to, attempts: 0, failed: 0, lastUs: 0, lastFailureUs: null };

function setEdge(state: Topology, edge: EdgeView): void {
  state.edges.set(`${edge.from}->${edge.to}`, edge);
}

function noteFailure(state: Topology, from: ServiceName, to: ServiceName, timeUs: number): void {
  const edge = edgeOf(state, from, to);
  setEdge(state, { ...edge, failed: edge.failed + 1, lastFailureUs: timeUs });
}

const CHANGES: Readonly<Record<string, InstanceState>> = {
  'instance.ready': 'ready',
  'instance.draining': 'draining',
  'instance.hung': 'hung',
  'instance.resumed': 'ready',
};

/** Instances with their state and slots, and the edges seen. */
export const topology: Projection<Topology> = {
  initial: () => ({
    instances: new ChunkedMap(),
    edges: new ChunkedMap(),
    open: new ChunkedMap(),
    scaling: new ChunkedMap(),
  }),
  apply(state, event) {
    switch (event.type) {
      case 'instance.started': {
        state.instances.set(event.instance, {
          ...instanceOf(state, event),
          state: 'starting',
          incarnation: event.incarnation,
          sinceUs: event.timeUs,
          slotsUsed: 0,
          queued: 0,
          reason: null,
          busy: null,
          implementation: event.implementation ?? 'typescript',
        });
        break;
      }
      case 'instance.ready':
      case 'instance.draining':
      case 'instance.hung':
      case 'instance.resumed': {
        state.instances.set(event.instance, {
          ...instanceOf(state, event),
          state: CHANGES[event.type] ?? 'ready',
          sinceUs: event.timeUs,
        });
        break;
      }
      case 'instance.load': {
        const busy = event.busySlots / event.slots;
        state.instances.set(event.instance, { ...instanceOf(state, event), slots: event.slots, busy });
        break;
      }
      case 'autoscaler.decided': {
        const { current, utilisation, target, recommended, desired, reason, timeUs } = event;
        state.scaling.set(event.of, {
          current,
          utilisation,
          target,
          recommended,
          desired,
          reason,
          atUs: timeUs,
        });
        break;
      }
      case 'instance.stopped':
      case 'instance.crashed': {
        const crashed = event.type === 'instance.crashed';
        state.instances.set(event.instance, {
          ...instanceOf(state, event),
          state: crashed ? 'crashed' : 'stopped',
          sinceUs: event.timeUs,
          slotsUsed: 0,
          queued: 0,
          reason: crashed ? event.reason : null,
          busy: null,
        });
        for (const [span, instance] of [...state.open])
          if (instance === event.instance) state.open.delete(span);
        break;
      }
      case 'request.received': {
        if (event.plane !== 'data') break;
        state.instances.set(event.instance, {
          ...instanceOf(state, event),
          slotsUsed: event.slotsUsed,
          slots: event.slots,
          queued: event.queued,
        });
        if (event.spanId !== null) state.open.set(event.spanId, event.instance);
        break;
      }
      case 'response.sent': {
        if (event.plane !== 'data') break;
        state.instances.set(event.instance, {
          ...instanceOf(state, event),
          slotsUsed: event.slotsUsed,
          queued: event.queued,
        });
        if (event.spanId !== null) state.open.delete(event.spanId);
        break;
      }
      case 'request.shed': {
        const view = instanceOf(state, event);
        state.instances.set(event.instance, {
          ...view,
          slots: event.slots,
          slotsUsed: event.slots,
          queued: event.queued,
          shed: view.shed + 1,
        });
        break;
      }
      case 'request.sent': {
        if (event.plane !== 'data') break;
        const edge = edgeOf(state, event.service, event.to);
        setEdge(state, { ...edge, attempts: edge.attempts + 1, lastUs: event.timeUs });
        break;
      }
      case 'response.received': {
        if (event.plane !== 'data' || event.status < 500) break;
        noteFailure(state, event.service, event.to, event.timeUs);
        break;
      }
      case 'request.failed': {
        if (event.plane !== 'data') break;
        if (event.error !== 'cancelled') noteFailure(state, event.service, event.to, event.timeUs);
        // The callee hears that its caller gave up and frees the slot, without an event of its own.
        const instance = event.spanId === null ? undefined : state.open.get(event.spanId);
        if (instance !== undefined && event.spanId !== null) {
          state.open.delete(event.spanId);
          const view = state.instances.get(instance);
          if (view !== undefined && view.slotsUsed > 0)
            state.instances.set(instance, { ...view, slotsUsed: view.slotsUsed - 1 });
        }
        break;
      }
      default:
    }
    return state;
  },
  fork: ({ instances, edges, open, scaling }) => ({
    instances: instances.fork(),
    edges: edges.fork(),
    scaling: scaling.fork(),
    open: open.fork(),
  }),
};

export const instancesOf = (state: Topology, service: ServiceName): InstanceView[] =>
  [...state.instances.values()]
    .filter((view) => view.service === service)
    .sort((a, b) => a.instance.localeCompare(b.instance, undefined, { numeric: true }));

export interface ServiceLoad {
  /** Instances that exist, whatever their state, but for those that drain. */
  readonly instances: number;
  readonly ready: number;
  readonly starting: number;
  readonly draining: number;
  readonly crashed: number;
  readonly hung: number;
  readonly slotsUsed: number;
  readonly slots: number;
  /** How many of those that are ready have not said yet how many slots they have. */
  readonly unheard: number;
  readonly queued: number;
}

/** One service's instances added up; one that drains does not count any more, nor do its slots. */
export function serviceLoad(state: Topology, service: ServiceName): ServiceLoad {
  const sum = {
    instances: 0,
    ready: 0,
    starting: 0,
    draining: 0,
    crashed: 0,
    hung: 0,
    slotsUsed: 0,
    slots: 0,
    unheard: 0,
    queued: 0,
  };
  for (const view of state.instances.values()) {
    if (view.service !== service || view.state === 'stopped') continue;
    if (view.state === 'draining') {
      sum.draining += 1;
      continue;
    }
    sum.instances += 1;
    if (view.state === 'ready') {
      sum.ready += 1;
      if (view.slots === 0) sum.unheard += 1;
    }
    if (view.state === 'starting') sum.starting += 1;
    if (view.state === 'crashed') sum.crashed += 1;
    if (view.state === 'hung') sum.hung += 1;
    sum.slotsUsed += view.slotsUsed;
    sum.slots += view.slots;
    sum.queued += view.queued;
  }
  return sum;
}
