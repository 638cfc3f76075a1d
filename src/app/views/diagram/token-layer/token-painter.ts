import type { Plane } from '../../../../kernel/index.ts';
import type { CallView } from '../../../../projections/index.ts';
import { drawEdgeLoads, type StrokeContext } from './draw-edge-loads.ts';
import { drawTokens, type TokenContext } from './draw-tokens.ts';
import { edgeLoads } from './edge-loads.ts';
import { placeTokens } from './place-tokens.ts';
import { type CallChanges, runTimeAt, type TokenClock, type TokenScene } from './token-scene.ts';

/** From so many on single tokens tell nothing any more. */
const MANY = 200;

/** What is under way, drawn at the moment that it is asked for. Knows nothing of pages and workers. */
export class TokenPainter {
  readonly #calls = new Map<string, CallView>();
  #scene: TokenScene | null = null;
  #clock: TokenClock = { nowUs: 0, atMs: 0, speed: 0 };
  #empty = false;

  setScene(scene: TokenScene): void {
    this.#scene = scene;
    this.#empty = false;
  }

  setClock(clock: TokenClock): void {
    this.#clock = clock;
  }

  change({ fresh, changed, gone }: CallChanges): void {
    if (fresh) this.#calls.clear();
    for (const id of gone) this.#calls.delete(id);
    for (const call of changed) this.#calls.set(call.id, call);
  }

  /** Draws; true while the next moment will look different. */
  draw(context: TokenContext & StrokeContext, wallMs: number): boolean {
    const scene = this.#scene;
    if (scene === null) return false;
    const nowUs = runTimeAt(this.#clock, wallMs);
    const tokens = placeTokens(this.#calls.values(), { nowUs, hopMs: scene.hopMs, planes: scene.planes });
    if (tokens.length > 0 || !this.#empty) {
      const view = { ...scene, traces: new Set(scene.traces) };
      const many = tokens.length > MANY;
      drawTokens(context, many ? tokens.filter(({ shape }) => TROUBLE.includes(shape)) : tokens, view);
      if (many) drawEdgeLoads(context, edgeLoads(this.#calls.values(), nowUs, scene.planes), view);
    }
    this.#empty = tokens.length === 0;
    return this.#clock.speed > 0 && (!this.#empty || this.#isAhead(nowUs, scene.planes));
  }

  /** What happens may be heard of a moment before its time has come here. */
  #isAhead(nowUs: number, planes: readonly Plane[]): boolean {
    for (const { plane, sentUs, answeredUs, endedUs } of this.#calls.values())
      if (Math.max(sentUs, answeredUs ?? 0, endedUs ?? 0) > nowUs && planes.includes(plane)) return true;
    return false;
  }
}

/** Seen one by one however many there are. */
const TROUBLE: readonly string[] = ['failure', 'timeout', 'lost', 'rejected'];
