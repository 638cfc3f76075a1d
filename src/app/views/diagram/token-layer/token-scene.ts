import type { Plane } from '../../../../kernel/index.ts';
import type { CallView } from '../../../../projections/index.ts';
import type { TokenColours } from './draw-tokens.ts';

/** Where and how tokens are drawn. Plain data: it goes to a worker. */
export interface TokenScene {
  /** Of the canvas, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
  /** The diagram's pan and zoom within the canvas. */
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly colours: TokenColours;
  /** Tokens of these traces stand out; none: all alike. */
  readonly traces: readonly string[];
  readonly planes: readonly Plane[];
  /** Mean time of one hop. */
  readonly hopMs: number;
}

/** Run time, and how it goes on from a moment of real time. */
export interface TokenClock {
  readonly nowUs: number;
  /** In the time that the page and its workers share: `performance.timeOrigin + performance.now()`. */
  readonly atMs: number;
  /** 0 while it stands still. */
  readonly speed: number;
}

/** Run time at a moment of real time. */
export const runTimeAt = ({ nowUs, atMs, speed }: TokenClock, wallMs: number): number =>
  nowUs + Math.max(0, wallMs - atMs) * 1000 * speed;

/** Less than this nobody sees. */
const CLOSE_US = 5000;

/** Whether the clock says no more than what follows from the one before. */
export const goesOn = (before: TokenClock, clock: TokenClock): boolean =>
  before.speed === clock.speed &&
  Math.abs(runTimeAt(before, clock.atMs) - clock.nowUs) <= CLOSE_US * clock.speed;

/** What has changed of the calls since the last time. */
export interface CallChanges {
  /** Nothing that was known before counts. */
  readonly fresh: boolean;
  readonly changed: readonly CallView[];
  readonly gone: readonly string[];
}

export type ToTokenWorker =
  | { readonly type: 'canvas'; readonly canvas: OffscreenCanvas; readonly gapMs: number }
  | { readonly type: 'scene'; readonly scene: TokenScene }
  | { readonly type: 'calls'; readonly changes: CallChanges }
  | { readonly type: 'clock'; readonly clock: TokenClock };

/** A call as it was told, and at which look it was last there. */
interface Told {
  call: CallView;
  look: number;
}

/** Finds what has changed between two looks at the calls, whose entries are replaced and never changed. */
export class CallDifference {
  // Kept from look to look: there may be a thousand, and many looks a second.
  readonly #told = new Map<string, Told>();
  #looks = 0;
  #of: unknown = null;

  /** Of calls on these planes. `run`: whose calls they are; another one's begin afresh. null: nothing has changed. */
  next(calls: Iterable<CallView>, planes: readonly Plane[], run: unknown): CallChanges | null {
    const fresh = run !== this.#of;
    if (fresh) this.#told.clear();
    this.#of = run;
    this.#looks += 1;
    const look = this.#looks;
    const changed: CallView[] = [];
    let there = 0;
    for (const call of calls) {
      if (!planes.includes(call.plane)) continue;
      there += 1;
      const told = this.#told.get(call.id);
      if (told?.call !== call) changed.push(call);
      if (told === undefined) {
        this.#told.set(call.id, { call, look });
      } else {
        told.call = call;
        told.look = look;
      }
    }
    const gone: string[] = [];
    if (this.#told.size > there) {
      for (const [id, told] of this.#told) if (told.look !== look) gone.push(id);
      for (const id of gone) this.#told.delete(id);
    }
    return fresh || changed.length > 0 || gone.length > 0 ? { fresh, changed, gone } : null;
  }
}
