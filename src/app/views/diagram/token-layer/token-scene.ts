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

/** Finds what has changed between two looks at the calls, whose entries are replaced and never changed. */
export class CallDifference {
  #sent = new Map<string, CallView>();
  #of: unknown = null;

  /** `run`: whose calls they are; another one's begin afresh. null: nothing has changed. */
  next(calls: Iterable<CallView>, run: unknown): CallChanges | null {
    const fresh = run !== this.#of;
    if (fresh) this.#sent = new Map();
    this.#of = run;
    const changed: CallView[] = [];
    const now = new Map<string, CallView>();
    for (const call of calls) {
      now.set(call.id, call);
      if (this.#sent.get(call.id) !== call) changed.push(call);
    }
    const gone: string[] = [];
    for (const id of this.#sent.keys()) if (!now.has(id)) gone.push(id);
    this.#sent = now;
    return fresh || changed.length > 0 || gone.length > 0 ? { fresh, changed, gone } : null;
  }
}
