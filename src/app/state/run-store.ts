import { createStore, type StoreApi } from 'zustand/vanilla';
import type { RunEvent } from '../../kernel/index.ts';
import { type RunProjections, runProjections } from '../../projections/index.ts';
import { isCalm, isFresh } from './calm.ts';
import type { CommandResult, LiveRun, Notice, StartRun } from './live-run.ts';

/** What the page knows of its run. `projections` change in place; `tick` says that they may have. */
export interface RunState {
  readonly phase: 'starting' | 'ready' | 'failed';
  readonly progress: string;
  readonly failure: string | null;
  readonly setupTitle: string;
  readonly run: LiveRun | null;
  readonly notices: readonly Notice[];
  readonly projections: RunProjections;
  readonly nowUs: number;
  readonly paused: boolean;
  readonly speed: number;
  readonly tick: number;
}

export type RunStore = StoreApi<RunState> & {
  /** Run time at this very moment, for what moves every frame. */
  readonly nowUs: () => number;
  /** Begins the setup again: paused and calm, as on a first visit. */
  readonly reset: () => Promise<CommandResult>;
  readonly stop: () => void;
};

/** React hears of changes at most this often; tokens read the projections at every frame. */
export const TICK_MS = 200;
/** A shop that does not get calm is shown all the same. */
const CALM_WITHIN_MS = 20_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function createRunStore(start: StartRun): RunStore {
  const store = createStore<RunState>(() => ({
    phase: 'starting',
    progress: 'Starting',
    failure: null,
    setupTitle: '',
    run: null,
    notices: [],
    projections: runProjections.initial(),
    nowUs: 0,
    paused: true,
    speed: 1,
    tick: 0,
  }));
  const undo: (() => void)[] = [];
  let stopped = false;

  const fold = (events: readonly RunEvent[]) => {
    let { projections } = store.getState();
    for (const event of events) {
      if (event.seq === 0 && projections.facts.lastSeq >= 0) {
        // A reset: the setup begins again, with nothing of what was.
        projections = runProjections.initial();
      } else if (event.seq <= projections.facts.lastSeq) continue;
      runProjections.apply(projections, event);
    }
    if (projections !== store.getState().projections) store.setState({ projections });
  };

  const tick = (run: LiveRun, changed: boolean) => {
    const clock = run.clock();
    const state = store.getState();
    if (
      !changed &&
      clock.nowUs === state.nowUs &&
      clock.paused === state.paused &&
      clock.speed === state.speed
    )
      return;
    store.setState({ nowUs: clock.nowUs, paused: clock.paused, speed: clock.speed, tick: state.tick + 1 });
  };

  /** A fresh run is let run until its services have found each other, and then paused for its first visitor. */
  const settle = async (run: LiveRun) => {
    const calm = () => {
      const { projections } = store.getState();
      return !isFresh(projections) || run.clock().paused || isCalm(projections, run.clock().nowUs);
    };
    const until = performance.now() + CALM_WITHIN_MS;
    while (!stopped && !calm() && performance.now() < until) {
      store.setState({ progress: 'The services find each other…' });
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    if (isFresh(store.getState().projections) && !run.clock().paused)
      await run.command({ type: 'run.pause' });
  };

  void (async () => {
    try {
      const { run, setupTitle } = await start((progress) => store.setState({ progress }));
      if (stopped) {
        await run.stop();
        return;
      }
      let dirty = true;
      fold(run.events());
      undo.push(
        run.subscribe((events) => {
          fold(events);
          dirty = true;
        }),
        run.onNotice(() => store.setState({ notices: run.notices() })),
      );
      const timer = setInterval(() => {
        tick(run, dirty);
        dirty = false;
      }, TICK_MS);
      undo.push(
        () => clearInterval(timer),
        () => void run.stop(),
      );
      store.setState({ setupTitle, notices: run.notices() });
      await settle(run);
      store.setState({ run, phase: 'ready' });
      tick(run, true);
    } catch (error) {
      store.setState({ phase: 'failed', failure: messageOf(error) });
    }
  })();

  return Object.assign(store, {
    nowUs: () => store.getState().run?.clock().nowUs ?? 0,
    reset: async (): Promise<CommandResult> => {
      const { run } = store.getState();
      if (run === null) return { ok: false, error: { message: 'The shop has not started yet.' } };
      store.setState({ phase: 'starting', progress: 'Beginning again…' });
      const result = await run.command({ type: 'run.reset' });
      if (result.ok) await settle(run);
      store.setState({ phase: 'ready' });
      tick(run, true);
      return result;
    },
    stop: () => {
      stopped = true;
      for (const action of undo.splice(0)) action();
    },
  });
}
