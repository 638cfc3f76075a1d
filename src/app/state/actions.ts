import type { InstanceId, Json, SafetyNets, ServiceName } from '../../kernel/index.ts';
import {
  describeFault,
  type FaultView,
  faultWord,
  formatRunTime,
  serviceTitle,
  targetWord,
} from '../../projections/index.ts';
import type { RunWish } from '../start-run.ts';
import type { Comparison } from './comparison.ts';
import type { CommandResult } from './page-run.ts';
import type { RunStore } from './run-store.ts';
import type { ViewStore } from './view-store.ts';

/** The parts of the load that the controls set. */
export interface LoadPatch {
  readonly running?: boolean;
  readonly ordersPerSecond?: number;
  readonly browsesPerSecond?: number;
  readonly statusesPerSecond?: number;
}

/** As `request.send` takes it. */
export interface AnyRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly as: 'anonymous' | 'customer' | 'admin';
}

export type RateName = 'ordersPerSecond' | 'browsesPerSecond' | 'statusesPerSecond';

export const CLASSROOM_LOAD = {
  running: false,
  ordersPerSecond: 1,
  browsesPerSecond: 2,
  statusesPerSecond: 0.5,
} as const;
/** It may be more than a live page sustains: it is over soon, and a shop that is overrun turns most of it away. */
export const SPIKE = { factor: 8, lengthUs: 10_000_000 } as const;
export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 10] as const;
/** The most that a run takes (`setups/run-command.ts`). */
const MOST_PER_SECOND = 50;
/**
 * The most orders a second that a live page keeps up with on two cores (`npm run bench -- sustained`). Above that they
 * wait for the browser, and what is seen is not the shop's own trouble any more.
 */
export const MOST_LIVE_ORDERS_PER_SECOND = 10;

/** Everything a person can do to the run. What changes settings or faults can be undone; what happened is history. */
export interface Actions {
  readonly play: () => void;
  readonly pause: () => void;
  readonly toggle: () => void;
  readonly speed: (speed: number) => void;
  readonly order: (card: 'ok' | 'declined') => void;
  readonly browse: () => void;
  /** Any request to the shop's door. It gives back what a toast would say, too. */
  readonly request: (request: AnyRequest) => Promise<CommandResult>;
  readonly load: (patch: LoadPatch) => void;
  readonly spike: () => Promise<void>;
  readonly addFault: (fault: Json) => void;
  readonly clearFault: (fault: FaultView) => void;
  readonly clearFaults: () => void;
  readonly safetyNets: (preset: Exclude<SafetyNets, 'custom'>) => void;
  readonly crash: (instance: InstanceId) => void;
  readonly restart: (instance: InstanceId) => void;
  readonly reset: () => void;
  /** The run that is shown, with all that was done in it, as a run in the Lab that stands at the same moment. */
  readonly toLab: () => void;
  /** Ends the run and begins another. */
  readonly begin: (wish: RunWish) => void;
  /** In the Lab: does it all again, and says whether it came out the same. */
  readonly again: () => void;
  /** As a presenter's remote asks: plays to the next breaker change or first undo, or goes back to the one before. */
  readonly toNextStop: () => void;
  readonly toStopBefore: () => void;
  /** The same run as services and as a monolith, side by side; a second time ends it. */
  readonly compare: () => void;
  /** In the Lab: the run that is shown beside another branch of it; null: alone again. */
  readonly compareWith: (branch: string | null) => void;
  /**
   * Does a command, on both sides of a comparison; says nothing of it. In the past only the Lab can, by a fork.
   * Whoever resets, a button, a key or a script, does it here: a comparison of two branches ends then.
   */
  readonly ask: (command: unknown) => Promise<CommandResult>;
  /** A command that a notice offers. */
  readonly perform: (command: Json) => void;
}

export function createActions(store: RunStore, view: ViewStore): Actions {
  let comparing = false;
  const comparison = () => view.getState().comparison;
  const endComparison = () => {
    comparison()?.mirror.close();
    view.setState({ comparison: null });
  };
  /** Opens one unless one is being opened; says why when it cannot. */
  const openComparison = async (open: () => Promise<Comparison | null>, opened: string) => {
    if (comparing) return;
    comparing = true;
    try {
      const made = await open();
      if (made === null) return;
      view.setState({ comparison: made });
      view.toast(opened);
    } catch (error) {
      view.toast(error instanceof Error ? error.message : String(error), { tone: 'fail' });
    } finally {
      comparing = false;
    }
  };
  const clearStage = () =>
    view.setState({
      selection: null,
      orderId: null,
      dockOpen: false,
      dockTouched: true,
      controlsOpen: false,
    });
  const ask = async (command: unknown): Promise<CommandResult> => {
    const { run } = store.getState();
    if (run === null) return { ok: false, error: { message: 'The shop has not started yet.' } };
    try {
      if (typeOf(command) === 'run.reset') {
        // What parted begins as one again.
        if (comparison()?.branch != null) endComparison();
        return await store.reset();
      }
      // Where the run stands is of no matter for how it is watched.
      const past = isWatching(command) || store.getState().following ? null : await changePast();
      if (past !== null) return past;
      // A fork is another run.
      const now = store.getState().run ?? run;
      const mirror = comparison()?.mirror;
      return mirror === undefined ? await now.command(command) : await mirror.command(now, command);
    } catch (error) {
      return { ok: false, error: { message: error instanceof Error ? error.message : String(error) } };
    }
  };
  const send = async (command: unknown): Promise<CommandResult> => {
    const { following, run } = store.getState();
    const result = await ask(command);
    if (result.ok) return result;
    const isPast = !following && run?.lab === null && !isWatching(command);
    view.toast(result.error.message, {
      tone: 'fail',
      ...(isPast ? { action: { title: 'Take it to the Lab', act: () => actions.toLab() } } : {}),
    });
    return result;
  };

  /** What happened stays. In the Lab another run parts from it here; null: nothing is in the way of a command. */
  const changePast = async (): Promise<CommandResult | null> => {
    const { following, run, nowUs } = store.getState();
    if (following || run === null) return null;
    const moment = formatRunTime(nowUs);
    if (comparison() !== null)
      return { ok: false, error: { message: `${moment} is the past. End the comparison to change it.` } };
    if (run.lab !== null) {
      if (!(await store.fork())) return { ok: false, error: { message: 'Not forked: nothing was changed.' } };
      view.toast(`Forked at ${moment}: the run before is kept beside it`);
      return null;
    }
    const message = `${moment} is the past, and what happened stays. The Lab can do it again another way.`;
    return { ok: false, error: { message } };
  };

  const loadNow = () => store.getState().projections.facts.settings?.load ?? CLASSROOM_LOAD;

  const resume = async () => {
    view.setState({ played: true });
    await store.play();
  };

  /** One request from a paused start: the run goes on with this request alone, so that its story can be followed. */
  const alone = async () => {
    if (!store.getState().paused) return;
    if (!view.getState().played) await send({ type: 'load.set', running: false });
    await resume();
  };

  const fresh = () =>
    view.setState({
      played: false,
      selection: null,
      orderId: null,
      dockOpen: false,
      dockTouched: false,
      dockNews: null,
      toasts: [],
    });

  const actions: Actions = {
    play: () => {
      void (async () => {
        const { following } = store.getState();
        if (following && !view.getState().played && !loadNow().running)
          await send({ type: 'load.set', running: true });
        await resume();
      })();
    },
    pause: () => void store.pause(),
    toggle: () => (store.getState().paused ? actions.play() : actions.pause()),
    speed: (speed) => void store.setSpeed(speed),
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
    request: async (request) => {
      await alone();
      return await ask({ type: 'request.send', ...request });
    },
    load: (patch) => void send({ type: 'load.set', ...patch }),
    spike: async () => {
      const before = loadNow();
      const back: LoadPatch = {
        running: before.running,
        ordersPerSecond: before.ordersPerSecond,
        browsesPerSecond: before.browsesPerSecond,
      };
      const begun = await send({
        type: 'load.set',
        running: true,
        ordersPerSecond: Math.min(MOST_PER_SECOND, before.ordersPerSecond * SPIKE.factor),
        browsesPerSecond: Math.min(MOST_PER_SECOND, before.browsesPerSecond * SPIKE.factor),
      });
      const recording = store.recording();
      if (!begun.ok || recording === null) return;
      const { history, run } = recording;
      const fromSeq = history.lastSeq;
      const endUs = run.clock().nowUs + SPIKE.lengthUs;
      const end = () => {
        stop();
        void send({ type: 'load.set', ...back });
      };
      const stop = store.subscribe(({ branches, following }) => {
        // A reset has restored the load already; a run that has ended needs none.
        if (history.lastSeq < fromSeq || !branches.some(({ id }) => id === recording.id)) stop();
        else if (store.recording() === recording && following && run.clock().nowUs >= endUs) end();
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
      fresh();
      void send({ type: 'run.reset' });
    },
    ask,
    perform: (command) => void send(command),
    toNextStop: () => {
      if (store.getState().stopAt === null) store.setStop('breaker');
      actions.play();
    },
    toStopBefore: () => {
      const { marks, nowUs, projections } = store.getState();
      const shownSeq = projections.facts.lastSeq;
      const before = marks.findLast(({ seq, timeUs }) => seq < shownSeq && timeUs < nowUs);
      if (before !== undefined) void store.scrubToSeq(before.seq);
    },
    compare: () => {
      const before = comparison();
      if (before !== null) {
        if (comparing) return;
        endComparison();
        view.toast(
          before.branch === null
            ? 'This is the services’ side, in the Lab. Press the run’s title for a live run.'
            : `This is “${before.titles[0]}”. Both runs are kept.`,
        );
        return;
      }
      void openComparison(async () => {
        const { openCompositions } = await import('./comparison.ts');
        clearStage();
        return await openCompositions(store, (note) => view.toast(note));
      }, 'Both sides have done it all again in the Lab, up to here. Press Play to go on.');
    },
    compareWith: (branch) => {
      if (comparing) return;
      endComparison();
      if (branch === null) return;
      void openComparison(async () => {
        const { openBranches } = await import('./comparison.ts');
        clearStage();
        return await openBranches(store, branch, (note) => view.toast(note));
      }, 'Both runs stand at the same moment. What you do now is done to both. Press Play to go on.');
    },
    toLab: () => {
      const { nowUs } = store.getState();
      void (async () => {
        try {
          const recording = store.recording();
          if (recording === null) return;
          const { takeToLab } = await import('./take-to-lab.ts');
          const start = await takeToLab(recording);
          endComparison();
          view.setState({ selection: null, orderId: null });
          await store.open(start);
          await store.runTo(nowUs);
          view.setState({ played: true });
          view.toast('The same setup, faults and arrivals, now in the Lab');
        } catch (error) {
          view.toast(error instanceof Error ? error.message : String(error), { tone: 'fail' });
        }
      })();
    },
    begin: (wish) => {
      fresh();
      endComparison();
      void (async () => {
        const { startWished } = await import('../start-run.ts');
        await store.open(startWished(wish));
      })();
    },
    again: () => {
      void (async () => {
        const result = await store.again();
        if (result === null) return;
        const { same, events, logHash } = result;
        view.toast(
          same
            ? `The same run: ${events.toLocaleString('en')} events, hash ${logHash.slice(0, 8)}, as before`
            : `It came out otherwise (${events.toLocaleString('en')} events): that is a bug, please report it`,
          { tone: same ? 'plain' : 'fail' },
        );
      })();
    },
  };
  return actions;
}

const typeOf = (command: unknown): string =>
  String((command as { readonly type?: unknown } | null | undefined)?.type);

const isWatching = (command: unknown): boolean => typeOf(command).startsWith('run.');

const withLength = (fault: Json, lengthMs: number | null): Json =>
  typeof fault === 'object' && fault !== null && !Array.isArray(fault) ? { ...fault, lengthMs } : fault;

export type FaultWish =
  | { readonly kind: 'slow'; readonly addMs: number; readonly share: number }
  | { readonly kind: 'errors'; readonly share: number }
  | { readonly kind: 'down' };

/** What a key or a button breaks where nobody has chosen a size. */
export const USUAL_WISHES = {
  slow: { kind: 'slow', addMs: 2000, share: 1 },
  errors: { kind: 'errors', share: 0.8 },
  down: { kind: 'down' },
} as const satisfies Record<FaultWish['kind'], FaultWish>;

export type FaultPlace =
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'instance'; readonly instance: InstanceId }
  | { readonly kind: 'edge'; readonly from: ServiceName; readonly to: ServiceName };

/** Customers stand outside: what reaches the shop is their own connection. */
export const isBreakable = (service: ServiceName): boolean => service !== 'customers';

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
