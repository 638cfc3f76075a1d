/**
 * How long two frames are apart. The shop's workers share the processor with the picture of them, and their
 * timeouts are real: where there are few cores, tokens move 30 or 20 times a second instead of 60.
 */
export const frameGapMs = (cores: number): number => (cores >= 8 ? 0 : cores >= 4 ? 1000 / 30 : 1000 / 20);

/** A timer fires a little late, and the frame after it later still. */
const TIMER_SLACK_MS = 12;

/** Calls `draw` at a moving picture's pace for as long as it says that it moves, and not once more. */
export class FrameLoop {
  readonly #draw: () => boolean;
  readonly #gapMs: number;
  #frame: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stopped = false;

  constructor(draw: () => boolean, gapMs: number) {
    this.#draw = draw;
    this.#gapMs = gapMs;
  }

  /** Something has changed. */
  wake(): void {
    if (this.#stopped || this.#frame !== null || this.#timer !== null) return;
    this.#frame = requestAnimationFrame(this.#onFrame);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  readonly #onFrame = () => {
    this.#frame = null;
    const moves = this.#draw();
    if (!moves || this.#stopped) return;
    if (this.#gapMs <= TIMER_SLACK_MS) {
      this.#frame = requestAnimationFrame(this.#onFrame);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#stopped) this.#frame = requestAnimationFrame(this.#onFrame);
    }, this.#gapMs - TIMER_SLACK_MS);
  };
}
