import type { InstanceId, Json, SafetyNets, ServiceName } from '../../kernel/index.ts';
import {
  describeFault,
  type FaultView,
  faultWord,
  serviceTitle,
  targetWord,
} from '../../projections/index.ts';
import type { CommandResult } from './live-run.ts';
import type { RunStore } from './run-store.ts';
import type { ViewStore } from './view-store.ts';

/** The parts of the load that the controls set. */
export interface LoadPatch {
  readonly running?: boolean;
  readonly ordersPerSecond?: number;
  readonly browsesPerSecond?: number;
  readonly statusesPerSecond?: number;
}

export type RateName = 'ordersPerSecond' | 'browsesPerSecond' | 'statusesPerSecond';

export const CLASSROOM_LOAD = {
  running: false,
  ordersPerSecond: 1,
  browsesPerSecond: 2,
  statusesPerSecond: 0.5,
} as const;
export const SPIKE = { factor: 8, lengthUs: 10_000_000 } as const;
export const SPEEDS = [0.25, 0.5, 1, 2, 4] as const;
const MOST_PER_SECOND = 50;

/** Everything a person can do to the run. What changes settings or faults can be undone; what happened is history. */
export interface Actions {
  readonly play: () => void;
  readonly pause: () => void;
  readonly toggle: () => void;
  readonly speed: (speed: number) => void;
  readonly order: (card: 'ok' | 'declined') => void;
  readonly browse: () => void;
  readonly load: (patch: LoadPatch) => void;
  readonly spike: () => void;
  readonly addFault: (fault: Json) => void;
  readonly clearFault: (fault: FaultView) => void;
  readonly clearFaults: () => void;
  readonly safetyNets: (preset: Exclude<SafetyNets, 'custom'>) => void;
  readonly crash: (instance: InstanceId) => void;
  readonly restart: (instance: InstanceId) => void;
  readonly reset: () => void;
  /** A command that a notice offers. */
  readonly perform: (command: Json) => void;
}

export function createActions(store: RunStore, view: ViewStore): Actions {
  const send = async (command: unknown): Promise<CommandResult> => {
    const { run } = store.getState();
    if (run === null) return { ok: false, error: { message: 'The shop has not started yet.' } };
    try {
      const result = await run.command(command);
      if (!result.ok) view.toast(result.error.message, { tone: 'fail' });
      return result;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      view.toast(message, { tone: 'fail' });
      return { ok: false, error: { message } };
    }
  };
  const loadNow = () => store.getState().projections.facts.settings?.load ?? CLASSROOM_LOAD;

  const resume = async () => {
    view.setState({ played: true });
    await send({ type: 'run.resume' });
  };

  /** One request from a paused start: the run goes on with this request alone, so that its story can be followed. */
  const alone = async () => {
    if (!store.getState().paused) return;
    if (!view.getState().played) await send({ type: 'load.set', running: false });
    await resume();
  };

  const actions: Actions = {
    play: () => {
      void (async () => {
        if (!view.getState().played && !loadNow().running) await send({ type: 'load.set', running: true });
        await resume();
      })();
    },
    pause: () => void send({ type: 'run.pause' }),
    toggle: () => (store.getState().paused ? actions.play() : actions.pause()),
    speed: (speed) => void send({ type: 'run.speed', speed }),
    order: (card) => {
      void (async () => {
        await alone();
        await send({ type: 'order.place', cardToken: card === 'ok' ? 'tok_ok' : 'tok_declined' });
      })();
    },
    browse: () => {
      void (async () => {
        await alone();
        await send({ type: 'request.send', method: 'GET', path: '/products', as: 'customer' });
      })();
    },
    load: (patch) => void send({ type: 'load.set', ...patch }),
    spike: () => {
      const before = loadNow();
      const endUs = store.nowUs() + SPIKE.lengthUs;
      const back: LoadPatch = {
        running: before.running,
        ordersPerSecond: before.ordersPerSecond,
        browsesPerSecond: before.browsesPerSecond,
      };
      void send({
        type: 'load.set',
        running: true,
        ordersPerSecond: Math.min(MOST_PER_SECOND, before.ordersPerSecond * SPIKE.factor),
        browsesPerSecond: Math.min(MOST_PER_SECOND, before.browsesPerSecond * SPIKE.factor),
      });
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        stop();
        void send({ type: 'load.set', ...back });
      };
      const { projections } = store.getState();
      const stop = store.subscribe((state) => {
        // A reset has restored the load already.
        if (state.projections !== projections) {
          over = true;
          stop();
        } else if (state.nowUs >= endUs) end();
      });
      view.toast(`Spike: ${SPIKE.factor} times as many customers for 10 s`, { undo: end });
    },
    addFault: (fault) => {
      void (async () => {
        const result = await send({ type: 'fault.add', fault });
        if (!result.ok) return;
        const value = result.value;
        const faultId =
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? (value as { readonly [key: string]: Json })['faultId']
            : undefined;
        const described = describeFault(fault);
        view.toast(`${targetWord(described.target)}: ${faultWord(described)}`, {
          ...(typeof faultId === 'string' ? { undo: () => void send({ type: 'fault.clear', faultId }) } : {}),
        });
      })();
    },
    clearFault: (fault) => {
      void (async () => {
        const leftMs =
          fault.endsUs === null ? null : Math.max(1, Math.round((fault.endsUs - store.nowUs()) / 1000));
        const result = await send({ type: 'fault.clear', faultId: fault.faultId });
        if (!result.ok) return;
        view.toast(`${targetWord(fault.description.target)}: ${faultWord(fault.description)} cleared`, {
          undo: () => void send({ type: 'fault.add', fault: withLength(fault.fault, leftMs) }),
        });
      })();
    },
    clearFaults: () => {
      const cleared = [...store.getState().projections.faults.byId.values()].filter(
        (fault) => fault.endedUs === null,
      );
      void (async () => {
        const result = await send({ type: 'fault.clear-all' });
        if (!result.ok) return;
        view.toast('All faults cleared', {
          undo: () => {
            for (const fault of cleared) void send({ type: 'fault.add', fault: fault.fault });
          },
        });
      })();
    },
    safetyNets: (preset) => {
      const before = store.getState().projections.facts.settings?.safetyNets ?? 'classroom';
      if (before === preset) return;
      void (async () => {
        const result = await send({ type: 'safety-nets.set', preset });
        if (!result.ok) return;
        view.toast(preset === 'none' ? 'Safety nets off' : `Safety nets: ${preset}`, {
          ...(before === 'custom'
            ? {}
            : { undo: () => void send({ type: 'safety-nets.set', preset: before }) }),
        });
      })();
    },
    crash: (instance) => void send({ type: 'instance.crash', instance }),
    restart: (instance) => void send({ type: 'instance.restart', instance }),
    reset: () => {
      view.setState({
        played: false,
        selection: null,
        orderId: null,
        dockOpen: false,
        dockTouched: false,
        dockNews: null,
        toasts: [],
      });
      void (async () => {
        const result = await store.reset();
        if (!result.ok) view.toast(result.error.message, { tone: 'fail' });
      })();
    },
    perform: (command) => void send(command),
  };
  return actions;
}

const withLength = (fault: Json, lengthMs: number | null): Json =>
  typeof fault === 'object' && fault !== null && !Array.isArray(fault) ? { ...fault, lengthMs } : fault;

export type FaultWish =
  | { readonly kind: 'slow'; readonly addMs: number; readonly share: number }
  | { readonly kind: 'errors'; readonly share: number }
  | { readonly kind: 'down' };

export type FaultPlace =
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'instance'; readonly instance: InstanceId }
  | { readonly kind: 'edge'; readonly from: ServiceName; readonly to: ServiceName };

/** The fault that the controls ask for. */
export function makeFault(wish: FaultWish, target: FaultPlace, lengthMs: number | null): Json {
  const place: Json = { ...target };
  switch (wish.kind) {
    case 'slow':
      return {
        kind: 'slow',
        target: place,
        addMs: wish.addMs,
        spreadShare: 0.1,
        share: wish.share,
        lengthMs,
      };
    case 'errors':
      return { kind: 'errors', target: place, status: 503, share: wish.share, lengthMs };
    default:
      return { kind: 'down', target: place, lengthMs };
  }
}

export const placeTitle = (place: FaultPlace): string =>
  place.kind === 'edge'
    ? `${serviceTitle(place.from)} → ${serviceTitle(place.to)}`
    : place.kind === 'service'
      ? serviceTitle(place.service)
      : place.instance;
