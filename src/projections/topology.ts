import type { InstanceId, InstanceState, ServiceName } from '../kernel/index.ts';
import type { Projection } from './projection.ts';

export interface InstanceView {
  readonly instance: InstanceId;
  readonly service: ServiceName;
  state: InstanceState;
  incarnation: number;
  /** Since when it is in this state. */
  sinceUs: number;
  slotsUsed: number;
  /** 0: not known yet (nothing was asked of it). */
  slots: number;
  queued: number;
  /** Requests turned away because slots and queue were full. */
  shed: number;
  /** Why it ended, when it crashed. */
  reason: string | null;
}

export interface EdgeView {
  readonly from: ServiceName;
  readonly to: ServiceName;
  attempts: number;
  failed: number;
  lastUs: number;
  lastFailureUs: number | null;
}

export interface Topology {
  readonly instances: Map<InstanceId, InstanceView>;
  /** Data-plane edges that were used, by `from->to`. */
  readonly edges: Map<string, EdgeView>;
  /** Requests inside an instance, by span: their callers may give up without an answer being sent. */
  readonly open: Map<string, InstanceId>;
}

function instanceOf(state: Topology, instance: InstanceId, service: ServiceName): InstanceView {
  let view = state.instances.get(instance);
  if (view === undefined) {
    view = {
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
    };
    state.instances.set(instance, view);
  }
  return view;
}

function edgeOf(state: Topology, from: ServiceName, to: ServiceName): EdgeView {
  const key = `${from}->${to}`;
  let view = state.edges.get(key);
  if (view === undefined) {
    view = { from, to, attempts: 0, failed: 0, lastUs: 0, lastFailureUs: null };
    state.edges.set(key, view);
  }
  return view;
}

const CHANGES: Readonly<Record<string, InstanceState>> = {
  'instance.ready': 'ready',
  'instance.draining': 'draining',
  'instance.hung': 'hung',
  'instance.stopped': 'stopped',
};

/** Instances with their state and slots, and the edges seen. */
export const topology: Projection<Topology> = {
  initial: () => ({ instances: new Map(), edges: new Map(), open: new Map() }),
  apply(state, event) {
    switch (event.type) {
      case 'instance.started': {
        const view = instanceOf(state, event.instance, event.service);
        view.state = 'starting';
        view.incarnation = event.incarnation;
        view.sinceUs = event.timeUs;
        view.slotsUsed = 0;
        view.queued = 0;
        view.reason = null;
        break;
      }
      case 'instance.ready':
      case 'instance.draining':
      case 'instance.hung':
      case 'instance.stopped': {
        const view = instanceOf(state, event.instance, event.service);
        view.state = CHANGES[event.type] ?? 'ready';
        view.sinceUs = event.timeUs;
        break;
      }
      case 'instance.crashed': {
        const view = instanceOf(state, event.instance, event.service);
        view.state = 'crashed';
        view.sinceUs = event.timeUs;
        view.slotsUsed = 0;
        view.queued = 0;
        view.reason = event.reason;
        for (const [span, instance] of state.open) if (instance === event.instance) state.open.delete(span);
        break;
      }
      case 'request.received': {
        if (event.plane !== 'data') break;
        const view = instanceOf(state, event.instance, event.service);
        view.slotsUsed = event.slotsUsed;
        view.slots = event.slots;
        view.queued = event.queued;
        if (event.spanId !== null) state.open.set(event.spanId, event.instance);
        break;
      }
      case 'response.sent': {
        if (event.plane !== 'data') break;
        const view = instanceOf(state, event.instance, event.service);
        view.slotsUsed = event.slotsUsed;
        view.queued = event.queued;
        if (event.spanId !== null) state.open.delete(event.spanId);
        break;
      }
      case 'request.shed': {
        const view = instanceOf(state, event.instance, event.service);
        view.slots = event.slots;
        view.slotsUsed = event.slots;
        view.queued = event.queued;
        view.shed += 1;
        break;
      }
      case 'request.sent': {
        if (event.plane !== 'data') break;
        const edge = edgeOf(state, event.service, event.to);
        edge.attempts += 1;
        edge.lastUs = event.timeUs;
        break;
      }
      case 'response.received': {
        if (event.plane !== 'data' || event.status < 500) break;
        const edge = edgeOf(state, event.service, event.to);
        edge.failed += 1;
        edge.lastFailureUs = event.timeUs;
        break;
      }
      case 'request.failed': {
        if (event.plane !== 'data') break;
        if (event.error !== 'cancelled') {
          const edge = edgeOf(state, event.service, event.to);
          edge.failed += 1;
          edge.lastFailureUs = event.timeUs;
        }
        // The callee hears that its caller gave up and frees the slot, without an event of its own.
        const instance = event.spanId === null ? undefined : state.open.get(event.spanId);
        if (instance !== undefined && event.spanId !== null) {
          state.open.delete(event.spanId);
          const view = state.instances.get(instance);
          if (view !== undefined && view.slotsUsed > 0) view.slotsUsed -= 1;
        }
        break;
      }
      default:
    }
    return state;
  },
};

export const instancesOf = (state: Topology, service: ServiceName): InstanceView[] =>
  [...state.instances.values()]
    .filter((view) => view.service === service)
    .sort((a, b) => a.instance.localeCompare(b.instance, undefined, { numeric: true }));

export interface ServiceLoad {
  /** Instances that exist, whatever their state. */
  readonly instances: number;
  readonly ready: number;
  readonly starting: number;
  readonly crashed: number;
  readonly hung: number;
  readonly slotsUsed: number;
  readonly slots: number;
  readonly queued: number;
}

/** One service's instances added up. */
export function serviceLoad(state: Topology, service: ServiceName): ServiceLoad {
  const sum = { instances: 0, ready: 0, starting: 0, crashed: 0, hung: 0, slotsUsed: 0, slots: 0, queued: 0 };
  for (const view of state.instances.values()) {
    if (view.service !== service || view.state === 'stopped') continue;
    sum.instances += 1;
    if (view.state === 'ready' || view.state === 'draining') sum.ready += 1;
    if (view.state === 'starting') sum.starting += 1;
    if (view.state === 'crashed') sum.crashed += 1;
    if (view.state === 'hung') sum.hung += 1;
    sum.slotsUsed += view.slotsUsed;
    sum.slots += view.slots;
    sum.queued += view.queued;
  }
  return sum;
}
