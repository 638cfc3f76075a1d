import { type ProcessTracker, plusMs, RUN_START, type RunTimeUs, type Undo } from '../../kernel/index.ts';
import { EventQueue } from './event-queue.ts';

/** A macrotask turn: when `next` is called, every promise that could settle has settled. */
export type Turn = (next: () => void) => void;

/**
 * How the clock knows that nobody runs any more.
 * - `counting` (the engine): each port call blocks one process, each resolution wakes one; it moves on
 *   when the count is zero. Fast; right as long as processes are declared.
 * - `exact` (the oracle): a macrotask turn after every event. Slow; right whatever the code does.
 */
export type Pump = 'counting' | 'exact';

export interface VirtualTimeOptions {
  readonly pump: Pump;
  readonly turn: Turn;
}

/** So many events happen between two turns: often enough for a page to draw, or a person to cancel. */
const EVENTS_PER_TURN = 2000;

interface Drive {
  readonly untilUs: number;
  readonly done: () => boolean;
  readonly resolve: (end: DriveEnd) => void;
  readonly reject: (error: Error) => void;
}

/** `idle`: nothing is left to happen; `late`: what comes next is later than asked for. */
export type DriveEnd = 'done' | 'idle' | 'late';

/** Processes of one life that run now; once it is over, they count no more. */
export interface LifeTracker extends ProcessTracker {
  over(): void;
}

/** The clock of a virtual run: what is to happen, when, and who still runs before it may move. */
export class VirtualTime {
  readonly #queue = new EventQueue();
  readonly #turn: Turn;
  readonly #pump: Pump;
  #nowUs: RunTimeUs = RUN_START;
  #advances = 0;
  #running = 0;
  #lastCall = '';
  #external = 0;
  #drive: Drive | null = null;
  /** An advance is under way, waits in a microtask, or waits for its turn. */
  #phase: 'still' | 'moving' | 'microtask' | 'turn' = 'still';
  #watched = false;
  #untilTurn = EVENTS_PER_TURN;

  constructor({ pump, turn }: VirtualTimeOptions) {
    this.#pump = pump;
    this.#turn = turn;
  }

  get nowUs(): RunTimeUs {
    return this.#nowUs;
  }

  /** How often the clock has moved on. */
  get advances(): number {
    return this.#advances;
  }

  /** The moments of all that is to happen, sorted. */
  toCome(): number[] {
    return this.#queue.moments();
  }

  schedule(delayMs: number, run: () => void): Undo {
    const event = this.#queue.schedule(plusMs(this.#nowUs, Math.max(0, delayMs)), run);
    return () => {
      event.run = null;
    };
  }

  /** As `schedule`, at a moment, after everything else that happens then. */
  scheduleLast(moment: RunTimeUs, run: () => void): void {
    this.#queue.schedule(Math.max(moment, this.#nowUs), run, true);
  }

  /** Is somebody letting things happen? */
  get isDriven(): boolean {
    return this.#drive !== null;
  }

  /** Resolves a turn later. */
  turned(): Promise<void> {
    return new Promise((resolve) => this.#turn(resolve));
  }

  /** Holds the clock for something real outside the run (a worker, a file); call what it gives when that is over. */
  holdForExternal(): () => void {
    this.#external += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#external -= 1;
      if (this.#external > 0) return;
      this.#watch();
      this.#nobodyRuns();
    };
  }

  /** Counts the processes of one life. */
  track(): LifeTracker {
    let own = 0;
    let alive = true;
    const woke = () => {
      if (!alive) return;
      own += 1;
      this.#running += 1;
    };
    const rested = () => {
      own -= 1;
      this.#running -= 1;
      if (own < 0 && this.#running !== 0) this.#fail(`a process was counted out twice`);
    };
    return {
      started: woke,
      ended: () => {
        if (!alive) return;
        rested();
        if (this.#running === 0) this.#nobodyRuns();
      },
      blocked: (call) => {
        if (!alive) return;
        this.#lastCall = call;
        rested();
        // It says nothing more: `await` has called us from a microtask of its own.
        if (this.#running === 0 && this.#phase === 'still' && this.#pump === 'counting') this.#advance();
      },
      woken: (call) => {
        if (alive) this.#lastCall = call;
        woke();
      },
      over: () => {
        if (!alive) return;
        alive = false;
        this.#running -= own;
        if (this.#running === 0) this.#nobodyRuns();
      },
    };
  }

  /**
   * Lets things happen, in order, up to and with `untilUs`, or until `done` says so between two events.
   * Rejects when a process waits for something that is no port call, and names the last one there was.
   */
  run(untilUs: number, done: () => boolean = never): Promise<DriveEnd> {
    if (this.#drive !== null) return Promise.reject(new Error('the run is being advanced already'));
    return new Promise<DriveEnd>((resolve, reject) => {
      this.#drive = { untilUs, done, resolve, reject };
      if (this.#pump === 'exact') {
        this.#turn(() => this.#step());
      } else {
        this.#watch();
        this.#nobodyRuns();
      }
    });
  }

  /** Sets the clock forward to a moment before which nothing is left to happen. */
  standAt(moment: RunTimeUs): void {
    if (moment > this.#nowUs) this.#nowUs = moment;
  }

  /** The clock moves in a microtask, so that whoever rested last has said all it had to say. */
  #nobodyRuns(): void {
    if (this.#phase !== 'still' || this.#drive === null || this.#pump === 'exact') return;
    if (this.#running !== 0 || this.#external > 0) return;
    this.#phase = 'microtask';
    // awaited elsewhere: the drive's promise is what is waited for
    void SETTLED.then(this.#advance);
  }

  readonly #advance = (): void => {
    this.#phase = 'moving';
    try {
      while (this.#running === 0 && this.#external === 0) {
        if (this.#ends()) return;
        if (this.#untilTurn === 0) {
          this.#rest();
          return;
        }
        this.#untilTurn -= 1;
        this.#happen();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      if (this.#phase === 'moving') this.#phase = 'still';
    }
  };

  #rest(): void {
    this.#phase = 'turn';
    this.#turn(() => {
      this.#untilTurn = EVENTS_PER_TURN;
      this.#watch();
      this.#advance();
    });
  }

  /** The exact pump: one event, and a turn. */
  #step(): void {
    if (this.#drive === null) return;
    if (this.#external > 0) {
      this.#turn(() => this.#step());
      return;
    }
    if (this.#running !== 0) {
      this.#fail(this.#stall());
      return;
    }
    try {
      if (this.#ends()) return;
      this.#happen();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#turn(() => this.#step());
  }

  #ends(): boolean {
    const drive = this.#drive;
    if (drive === null) return true;
    const next = this.#queue.nextMoment();
    let end: DriveEnd;
    if (drive.done()) end = 'done';
    else if (next === null) end = 'idle';
    else if (next > drive.untilUs) end = 'late';
    else return false;
    this.#drive = null;
    drive.resolve(end);
    return true;
  }

  #happen(): void {
    const moment = this.#queue.nextMoment();
    if (moment === null) return;
    const event = this.#queue.take();
    if (moment > this.#nowUs) this.#advances += 1;
    this.#nowUs = moment as RunTimeUs;
    event.run?.();
  }

  /** By the next turn all microtasks are done: who still counts as running then waits for what nobody counts. */
  #watch(): void {
    if (this.#pump === 'exact' || this.#watched) return;
    this.#watched = true;
    this.#turn(() => {
      this.#watched = false;
      if (this.#drive === null || this.#phase !== 'still' || this.#external > 0) return;
      this.#fail(this.#stall());
    });
  }

  #stall(): string {
    const last = this.#lastCall === '' ? 'none yet' : `'${this.#lastCall}'`;
    return this.#running < 0
      ? `a process was counted out twice (last port call: ${last})`
      : `${this.#running} process(es) wait for something that is no port call, such as a bare promise (last port call: ${last})`;
  }

  #fail(error: unknown): void {
    const drive = this.#drive;
    if (drive === null) return;
    this.#drive = null;
    drive.reject(
      error instanceof Error ? error : new Error(`the virtual clock cannot go on: ${String(error)}`),
    );
  }
}

// awaited elsewhere: nowhere, it is only the way to a microtask
const SETTLED = Promise.resolve();
const never = () => false;
