import type { Stop } from '../../projections/index.ts';
import type { JobOptions } from '../state/page-run.ts';

/** A run that the player moves. */
export interface Played {
  /** Lets everything up to `toUs` happen; gives where it stands, which is earlier when it stopped there. */
  advance(
    toUs: number,
    stopAt: Stop | null,
    options?: JobOptions,
  ): Promise<{ nowUs: number; stoppedEarly: boolean }>;
}

export interface PlayerPorts {
  /** Real milliseconds. */
  nowMs(): number;
  /** Calls back in a moment: once a frame. */
  soon(next: () => void): void;
}

/** After so long without a frame (a hidden tab, a busy page) the run does not jump: it has stood still. */
const MOST_FRAME_MS = 250;

/**
 * The clock of runs in the Lab, one for all that are watched together: run time follows real time at the
 * speed chosen, in steps that every run has taken before it moves on.
 */
export class LabPlayer {
  readonly #ports: PlayerPorts;
  #runs: readonly Played[] = [];
  /** The step that is being taken. */
  #taking: Promise<unknown> | null = null;
  #headUs = 0;
  #paused = true;
  /** It was playing, and goes on when nobody holds it any more. */
  #held = false;
  #speed = 1;
  #stopAt: Stop | null = null;
  /** Where the step before the latest one ended. */
  #beforeUs = 0;
  /** Real time at which the latest step began, and at which it had been taken. */
  #begunMs = 0;
  #takenMs = 0;
  #looping = false;
  readonly #onError: (error: unknown) => void;

  constructor(ports: PlayerPorts, onError: (error: unknown) => void) {
    this.#ports = ports;
    this.#onError = onError;
  }

  add(run: Played): void {
    this.#runs = [...this.#runs, run];
  }

  remove(run: Played): void {
    this.#runs = this.#runs.filter((other) => other !== run);
  }

  /** Does something while all runs stand at the same moment: between two steps. */
  async between(act: () => void): Promise<void> {
    while (this.#taking !== null) await this.#taking;
    act();
  }

  get paused(): boolean {
    return this.#paused;
  }

  get speed(): number {
    return this.#speed;
  }

  get headUs(): number {
    return this.#headUs;
  }

  /** What is shown while playing: one step behind the head, so that all that happens until then is known. */
  get nowUs(): number {
    if (this.#paused) return this.#headUs;
    const onUs = (this.#ports.nowMs() - this.#takenMs) * 1000 * this.#speed;
    return Math.round(Math.min(this.#headUs, this.#beforeUs + onUs));
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
  }

  get stopsAt(): Stop | null {
    return this.#stopAt;
  }

  stopAt(stop: Stop | null): void {
    this.#stopAt = stop;
  }

  /** Stands still until it is released; false: it does so anyway. */
  hold(): boolean {
    if (this.#paused) return this.#held;
    this.#paused = true;
    this.#held = true;
    return true;
  }

  release(): void {
    if (this.#held) this.play();
  }

  play(): void {
    this.#held = false;
    if (!this.#paused) return;
    this.#paused = false;
    this.standAt(this.#headUs);
    if (this.#looping) return;
    this.#looping = true;
    this.#ports.soon(() => this.#step());
  }

  /** Stands still, once the step under way is taken. */
  async pause(): Promise<void> {
    this.#paused = true;
    this.#held = false;
    // That a step failed is told where it was begun.
    await this.#taking?.catch(() => {});
  }

  /** Moves all runs on, as fast as they go; where they stand when it is cancelled, they stand together. */
  async runTo(timeUs: number, { progress, signal }: JobOptions): Promise<void> {
    await this.pause();
    const shares = this.#runs.map(() => 0);
    const ends = await Promise.all(
      this.#runs.map((run, index) =>
        run.advance(timeUs, null, {
          signal,
          progress: (share) => {
            shares[index] = share;
            progress(Math.min(...shares));
          },
        }),
      ),
    );
    const toUs = Math.max(this.#headUs, ...ends.map(({ nowUs }) => nowUs));
    await Promise.all(this.#runs.map((run) => run.advance(toUs, null)));
    this.standAt(toUs);
  }

  /** The runs have been moved to here. */
  standAt(timeUs: number): void {
    this.#headUs = timeUs;
    this.#beforeUs = timeUs;
    this.#begunMs = this.#ports.nowMs();
    this.#takenMs = this.#begunMs;
  }

  #step(): void {
    if (this.#paused) {
      this.#looping = false;
      return;
    }
    const nowMs = this.#ports.nowMs();
    const frameMs = Math.min(MOST_FRAME_MS, Math.max(1, nowMs - this.#begunMs));
    const toUs = Math.round(this.#headUs + frameMs * 1000 * this.#speed);
    this.#begunMs = nowMs;
    this.#taking = this.#advance(toUs).finally(() => {
      this.#taking = null;
    });
    this.#taking.then(
      () => this.#ports.soon(() => this.#step()),
      (error: unknown) => {
        this.#paused = true;
        this.#looping = false;
        this.#onError(error);
      },
    );
  }

  async #advance(wantedUs: number): Promise<void> {
    const ends = await Promise.all(this.#runs.map((run) => run.advance(wantedUs, this.#stopAt)));
    const stopped = ends.some(({ stoppedEarly }) => stoppedEarly);
    // A run alone stands at the very event; beside another both come to the same moment.
    const toUs = Math.max(...ends.map(({ nowUs }) => nowUs));
    for (const [index, { nowUs }] of ends.entries()) {
      if (nowUs < toUs) await this.#runs[index]?.advance(toUs, null);
    }
    this.#beforeUs = this.#headUs;
    this.#headUs = toUs;
    this.#takenMs = this.#ports.nowMs();
    if (!stopped) return;
    this.#stopAt = null;
    this.#paused = true;
  }
}
