import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  isSeen,
  type Mark,
  type Packing,
  type RunProjections,
  runProjections,
  type Stop,
} from '../../projections/index.ts';
import type { Scenario } from '../../setups/index.ts';
import { partedUs } from './branches.ts';
import { isCalm, isFresh } from './calm.ts';
import type {
  AgainResult,
  CommandResult,
  JobOptions,
  Notice,
  PageRun,
  StartedRun,
  StartRun,
} from './page-run.ts';
import { Past } from './past.ts';
import { type Parting, Recording } from './recording.ts';

/** A long piece of work that is under way. */
export interface Job {
  readonly title: string;
  /** From 0 to 1. */
  readonly share: number;
  readonly cancel: () => void;
}

/** Of a run that is no fork. */
export const FIRST_TITLE = 'Run';

/** A run that was recorded, as its switch shows it. */
export interface BranchView {
  readonly id: string;
  readonly title: string;
}

/** What the page knows of its run. `projections` may change in place; `tick` says that they may have. */
export interface RunState {
  readonly phase: 'starting' | 'ready' | 'failed';
  readonly progress: string;
  readonly failure: string | null;
  readonly scenario: Scenario | null;
  readonly run: PageRun | null;
  readonly notices: readonly Notice[];
  /** Of the moment that is shown. */
  readonly projections: RunProjections;
  readonly nowUs: number;
  readonly paused: boolean;
  readonly speed: number;
  readonly tick: number;
  /** False: a moment of the past is shown. */
  readonly following: boolean;
  /** How far the recording goes. */
  readonly headUs: number;
  readonly marks: readonly Mark[];
  readonly stopAt: Stop | null;
  readonly job: Job | null;
  /** The run and its forks. */
  readonly branches: readonly BranchView[];
  readonly branch: string;
}

export type RunStore = StoreApi<RunState> & {
  /** Run time of what is shown at this very moment, for what moves every frame. */
  readonly nowUs: () => number;
  /** Begins the setup again: paused and calm, as on a first visit. */
  readonly reset: () => Promise<CommandResult>;
  readonly stop: () => void;
  /** Ends this run and begins another. */
  readonly open: (start: StartRun) => Promise<void>;
  /** Calls back whenever the run that is shown has gone on. */
  readonly onHeard: (listener: () => void) => () => void;
  /** The recording of what is shown. */
  readonly recording: () => Recording | null;
  /** Lets time go on: the run, or in the past its recording. */
  readonly play: () => Promise<void>;
  readonly pause: () => Promise<void>;
  readonly setSpeed: (speed: number) => Promise<CommandResult>;
  /** Shows a moment of the recording; the run is paused. */
  readonly scrub: (timeUs: number) => Promise<void>;
  readonly scrubToSeq: (seq: number) => Promise<void>;
  /** On to the next event that can be seen, or back to the one before. */
  readonly step: (direction: 1 | -1) => Promise<void>;
  /** Back to where the run is. */
  readonly follow: () => void;
  readonly setStop: (stop: Stop | null) => void;
  /** In the Lab: goes on as fast as it can. */
  readonly runTo: (timeUs: number) => Promise<void>;
  /** In the Lab: another run from the moment that is shown; false: cancelled or refused. */
  readonly fork: () => Promise<boolean>;
  readonly again: () => Promise<AgainResult | null>;
  /** Shows another branch. Throws while a peer runs beside the one that is shown. */
  readonly switchTo: (branch: string) => void;
  /** Brings this run and another branch to the same moment and gives them one clock; null: cancelled or refused. */
  readonly beside: (branch: string) => Promise<Beside | null>;
  /** Another run that has the same clock, and is moved through its past along with this one. */
  readonly setPeer: (peer: RunStore | null) => void;
  /** Shows a moment, without pausing anything; the present when nothing is recorded after it. */
  readonly showAt: (timeUs: number) => Promise<void>;
};

/** Two branches of a run that have one clock. */
export interface Beside {
  /** The one that is shown, and the other. */
  readonly both: readonly [Recording, Recording];
  /** Up to here they are the same. */
  readonly partedUs: number;
  /** Gives each a clock of its own again. */
  readonly part: () => void;
}

/** React hears of changes at most this often; tokens read the projections at every frame. */
export const TICK_MS = 200;
/** A shop that does not get calm is shown all the same. */
const CALM_WITHIN_MS = 20_000;
const NOT_STARTED: CommandResult = { ok: false, error: { message: 'The shop has not started yet.' } };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Waits for the shop to be ready, or for it to have failed to start. */
export function whenReady(store: RunStore): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { phase, failure } = store.getState();
      if (phase === 'ready') resolve();
      else if (phase === 'failed') reject(new Error(failure ?? 'the shop did not start'));
      else return false;
      return true;
    };
    if (look()) return;
    const stop = store.subscribe(() => {
      if (look()) stop();
    });
  });
}

export function createRunStore(start: StartRun, packing: Packing): RunStore {
  const store = createStore<RunState>(() => ({
    phase: 'starting',
    progress: 'Starting',
    failure: null,
    scenario: null,
    run: null,
    notices: [],
    projections: runProjections.initial(),
    nowUs: 0,
    paused: true,
    speed: 1,
    tick: 0,
    following: true,
    headUs: 0,
    marks: [],
    stopAt: null,
    job: null,
    branches: [],
    branch: '',
  }));
  let recordings: readonly Recording[] = [];
  /** Of somebody else, who ends them. */
  const lent = new Set<Recording>();
  let shown: Recording | null = null;
  const undo: (() => void)[] = [];
  let peer: RunStore | null = null;
  let stopped = false;
  let changed = false;
  let forks = 0;
  const listeners = new Set<() => void>();
  /** Each run that is begun makes what an earlier one still wants to say of no interest. */
  let generation = 0;

  const pauseRun = async () => {
    if (shown !== null && !shown.run.clock().paused) await shown.run.command({ type: 'run.pause' });
  };

  const past = new Past({
    store,
    shown: () => shown,
    peer: () => peer,
    moved: () => tick(true),
    pauseRun,
  });

  let droppedSaid = 0;
  /** What the run says of its circumstances, and the recording of itself. */
  const sayNotices = () => {
    if (shown === null) return;
    droppedSaid = shown.history.dropped;
    const own: Notice = {
      id: 'recording-full',
      level: 'info',
      text: `The recording has grown past 64 MB: its first ${droppedSaid.toLocaleString('en')} events cannot be looked at any more. The run goes on.`,
    };
    store.setState({ notices: [...shown.run.notices(), ...(droppedSaid > 0 ? [own] : [])] });
  };

  const tick = (force = false) => {
    if (shown === null) return;
    const clock = shown.run.clock();
    const state = store.getState();
    const { cursor } = past;
    const nowUs = cursor?.timeUs ?? clock.nowUs;
    const paused = cursor === null ? clock.paused : !cursor.playing;
    const same =
      nowUs === state.nowUs &&
      paused === state.paused &&
      clock.speed === state.speed &&
      state.marks === shown.marks;
    if (!force && !changed && same) return;
    changed = false;
    if (shown.history.dropped !== droppedSaid) sayNotices();
    const { lab } = shown.run;
    store.setState({
      // In the Lab the run itself has stopped there: the wish is fulfilled.
      stopAt: cursor === null && lab !== null ? lab.stopsAt() : state.stopAt,
      projections: cursor === null ? shown.history.head : state.projections,
      nowUs,
      paused,
      speed: clock.speed,
      following: cursor === null,
      headUs: Math.max(clock.nowUs, shown.history.head.facts.lastUs),
      marks: shown.marks,
      tick: state.tick + 1,
    });
  };

  const heard = (recording: Recording) => {
    if (recording !== shown) return;
    changed = true;
    if (past.cursor === null) {
      if (store.getState().projections !== recording.history.head)
        store.setState({ projections: recording.history.head });
      stopLive(recording);
      for (const listener of listeners) listener();
    }
  };

  /** A live run cannot be asked to stop at an event: it is paused as soon as the page hears of it. */
  let stopFrom = -1;
  const stopLive = (recording: Recording) => {
    const { stopAt, phase } = store.getState();
    if (stopAt === null || recording.run.lab !== null || phase !== 'ready') return;
    if (recording.lastStop[stopAt] <= stopFrom || recording.run.clock().paused) return;
    store.setState({ stopAt: null });
    void recording.run.command({ type: 'run.pause' }).then(() => tick(true));
  };

  const show = (recording: Recording) => {
    shown = recording;
    past.leave();
    store.setState({
      run: recording.run,
      scenario: recording.scenario,
      branch: recording.id,
      projections: recording.history.head,
    });
    recording.run.lab?.stopAt(store.getState().stopAt);
    sayNotices();
    tick(true);
  };

  const record = (run: PageRun, scenario: Scenario, title: string, parted: Parting | null): Recording => {
    forks += 1;
    return new Recording({ id: `run-${forks}`, title, scenario, run, parted }, packing);
  };

  const add = (recording: Recording): Recording => {
    recordings = [...recordings, recording];
    undo.push(
      recording.onHeard(heard),
      recording.run.onNotice(() => {
        if (recording === shown) sayNotices();
      }),
    );
    store.setState({ branches: recordings.map(({ id, title }) => ({ id, title })) });
    return recording;
  };

  /** A fresh run is let run until its services have found each other, and then paused for its first visitor. */
  const settle = async (recording: Recording, own: number) => {
    const { run, history } = recording;
    const calm = () =>
      !isFresh(history.head) ||
      (run.lab === null && run.clock().paused) ||
      isCalm(history.head, run.clock().nowUs);
    const until = performance.now() + CALM_WITHIN_MS;
    if (run.lab !== null) {
      const job = { progress: () => {}, signal: new AbortController().signal };
      // Its shop is open after two seconds of run time.
      for (let atUs = 500_000; !calm() && atUs <= 10_000_000; atUs += 100_000) await run.lab.runTo(atUs, job);
      return;
    }
    while (own === generation && !stopped && !calm() && performance.now() < until) {
      store.setState({ progress: 'The services find each other…' });
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    if (isFresh(history.head) && !run.clock().paused) await run.command({ type: 'run.pause' });
  };

  /** Forgets all runs; gives those that are to be ended. */
  const close = () => {
    for (const action of undo.splice(0)) action();
    const own = recordings.filter((recording) => !lent.has(recording));
    for (const recording of own) recording.close();
    recordings = [];
    lent.clear();
    shown = null;
    past.leave();
    return own;
  };

  const open = async (begin: StartRun) => {
    generation += 1;
    const own = generation;
    const before = close();
    store.setState({
      phase: 'starting',
      progress: 'Starting',
      failure: null,
      run: null,
      job: null,
      stopAt: null,
    });
    try {
      await Promise.all(before.map(({ run }) => run.stop()));
      const {
        run,
        scenario,
        recording: kept,
      }: StartedRun = await begin((progress) => {
        if (own === generation) store.setState({ progress });
      });
      if (stopped || own !== generation) {
        if (kept === undefined) await run.stop();
        return;
      }
      if (kept !== undefined) lent.add(kept);
      const recording = add(kept ?? record(run, scenario, FIRST_TITLE, null));
      const timer = setInterval(() => tick(), TICK_MS);
      undo.push(() => clearInterval(timer));
      store.setState({ scenario, notices: run.notices(), projections: recording.history.head });
      await settle(recording, own);
      if (own !== generation) return;
      show(recording);
      store.setState({ phase: 'ready' });
      tick(true);
    } catch (error) {
      if (own === generation) store.setState({ phase: 'failed', failure: messageOf(error) });
    }
  };
  void open(start);

  const work = async <T>(title: string, act: (job: JobOptions) => Promise<T>): Promise<T> => {
    const controller = new AbortController();
    const cancel = () => controller.abort();
    store.setState({ job: { title, share: 0, cancel } });
    try {
      return await act({
        progress: (share) => store.setState({ job: { title, share, cancel } }),
        signal: controller.signal,
      });
    } finally {
      store.setState({ job: null });
      tick(true);
    }
  };

  const play = async () => {
    if (shown === null) return;
    if (past.cursor !== null) {
      past.play();
      return;
    }
    stopFrom = shown.history.lastSeq;
    shown.run.lab?.stopAt(store.getState().stopAt);
    await shown.run.command({ type: 'run.resume' });
    tick(true);
  };

  const pause = async () => {
    if (past.cursor === null) await pauseRun();
    else past.pause();
    tick(true);
  };

  const resetRuns = async (recording: Recording, own: number): Promise<CommandResult> => {
    const result = await recording.run.command({ type: 'run.reset' });
    if (!result.ok) return result;
    await peer?.getState().run?.command({ type: 'run.reset' });
    await settle(recording, own);
    return result;
  };

  return Object.assign(store, {
    nowUs: () => past.cursor?.timeUs ?? shown?.run.clock().nowUs ?? 0,
    open,
    onHeard: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    recording: () => shown,
    reset: async (): Promise<CommandResult> => {
      if (shown === null) return NOT_STARTED;
      const recording = recordings[0] ?? shown;
      generation += 1;
      const own = generation;
      store.setState({ phase: 'starting', progress: 'Beginning again…', stopAt: null });
      for (const fork of recordings.slice(1)) {
        fork.close();
        void fork.run.stop();
      }
      recordings = [recording];
      store.setState({ branches: [{ id: recording.id, title: recording.title }] });
      show(recording);
      peer?.follow();
      const result = await resetRuns(recording, own).catch(
        (error: unknown): CommandResult => ({ ok: false, error: { message: messageOf(error) } }),
      );
      if (own !== generation) return result;
      store.setState({ phase: 'ready', projections: recording.history.head });
      tick(true);
      return result;
    },
    setPeer: (other: RunStore | null) => {
      peer = other;
    },
    showAt: (timeUs: number) => past.showAt(timeUs),
    stop: () => {
      stopped = true;
      for (const { run } of close()) void run.stop();
    },
    play,
    pause,
    setSpeed: async (speed: number) => {
      const result = shown === null ? NOT_STARTED : await shown.run.command({ type: 'run.speed', speed });
      tick(true);
      return result;
    },
    scrub: (timeUs: number) => past.scrub(timeUs),
    scrubToSeq: (seq: number) => past.scrubToSeq(seq),
    step: async (direction: 1 | -1) => {
      if (shown === null) return;
      await pause();
      const seq = await past.find(direction, isSeen);
      if (seq !== null) await past.scrubToSeq(seq);
      else if (direction === 1) {
        // Nothing more is recorded: the run itself goes on to the next event.
        past.follow();
        store.setState({ stopAt: 'event' });
        await play();
      }
    },
    follow: () => past.follow(),
    setStop: (stopAt: Stop | null) => {
      stopFrom = shown?.history.lastSeq ?? -1;
      store.setState({ stopAt });
      shown?.run.lab?.stopAt(stopAt);
    },
    runTo: async (timeUs: number) => {
      const lab = shown?.run.lab;
      if (lab === undefined || lab === null) return;
      past.follow();
      await work('Running on', (job) => lab.runTo(timeUs, job));
    },
    fork: async (): Promise<boolean> => {
      const from = shown;
      const lab = from?.run.lab;
      // One side of a comparison cannot part from its past alone.
      if (from === null || lab === undefined || lab === null || peer !== null) return false;
      const atUs = Math.round(past.cursor?.timeUs ?? from.run.clock().nowUs);
      const run = await work('Doing the past again', (job) => lab.fork(atUs, job));
      if (run === null) return false;
      if (!recordings.includes(from)) {
        await run.stop();
        return false;
      }
      const moment = `Fork at ${(atUs / 1_000_000).toFixed(1)} s`;
      const same = recordings.filter(({ title }) => title.startsWith(moment)).length;
      const title = same === 0 ? moment : `${moment} (${same + 1})`;
      show(add(record(run, from.scenario, title, { from: from.id, atUs })));
      return true;
    },
    beside: async (branch: string): Promise<Beside | null> => {
      const [one, other] = [shown, recordings.find(({ id }) => id === branch)];
      if (one === null || other === undefined || other === one || peer !== null) return null;
      const [oneLab, otherLab] = [one.run.lab, other.run.lab];
      if (oneLab === null || otherLab === null) return null;
      past.follow();
      await pauseRun();
      const headUs = (recording: Recording) => recording.run.clock().nowUs;
      const untilUs = Math.max(headUs(one), headUs(other));
      const [behind, itsLab] = headUs(one) < headUs(other) ? [one, oneLab] : [other, otherLab];
      if (headUs(behind) < untilUs)
        await work('Bringing both to the same moment', (job) => itsLab.runTo(untilUs, job));
      // Cancelled, or another run was begun meanwhile.
      if (headUs(behind) < untilUs || shown !== one || !recordings.includes(other)) return null;
      const part = oneLab.beside(other.run);
      return { both: [one, other], partedUs: partedUs(recordings, one, other), part };
    },
    again: async () => {
      const lab = shown?.run.lab;
      if (lab === undefined || lab === null) return null;
      return await work('Doing it all again', (job) => lab.again(job));
    },
    switchTo: (branch: string) => {
      const recording = recordings.find(({ id }) => id === branch);
      if (recording === undefined || recording === shown) return;
      // The peer shares its clock with the run that is shown, and with no other.
      if (peer !== null) throw new Error('End the comparison to show another run.');
      if (shown !== null) void shown.run.command({ type: 'run.pause' });
      show(recording);
    },
  });
}
