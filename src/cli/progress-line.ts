const REDRAW_MS = 100;
const LINE_EVERY_MS = 5_000;

/** What a command tells on stderr while it works: one line that is redrawn; in a file, a line now and then. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #lastMs: number;
  #drawn = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#lastMs = stream.isTTY ? 0 : performance.now();
  }

  show(text: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < (this.#stream.isTTY ? REDRAW_MS : LINE_EVERY_MS)) return;
    this.#lastMs = nowMs;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\x1b[K${text.slice(0, this.#stream.columns - 1)}`);
      this.#drawn = true;
    } else {
      this.#stream.write(`${text}\n`);
    }
  }

  /** Takes the line away: what follows has the place to itself. */
  clear(): void {
    if (this.#drawn) this.#stream.write('\r\x1b[K');
    this.#drawn = false;
  }
}
