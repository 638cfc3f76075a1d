import type { RunEvent } from '../../kernel/index.ts';
import type { BranchId, FromLab, LabQuestion, LabQuestions, ToLab } from './messages.ts';

/** What a question that takes a while may be given. */
export interface AskOptions {
  readonly progress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly progress: ((share: number) => void) | undefined;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The worker, as far as the page needs it; a test gives another. */
export interface LabPort {
  postMessage(message: ToLab): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<FromLab>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** A worker that has answered before, and then not for so many looks, has died. */
const LOOK_EVERY_MS = 2000;
const MOST_SILENT_LOOKS = 5;

/** The page's side of one worker with runs of the Lab. */
export class LabLink {
  readonly #port: LabPort;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<BranchId, (events: readonly RunEvent[]) => void>();
  readonly #failed: (message: string) => void;
  #ids = 0;
  /** Runs that it is the way to; the worker ends with the last of them. */
  #runs = 1;
  #over: string | null = null;
  /** Looks since it last said something; null: its script may still be on its way. */
  #silentLooks: number | null = null;
  readonly #look: ReturnType<typeof setInterval>;

  constructor(port: LabPort, failed: (message: string) => void) {
    this.#port = port;
    this.#failed = failed;
    port.onmessage = ({ data }) => this.#received(data);
    port.onerror = (event) =>
      this.#fail(`The Lab's worker failed: ${event.message || 'its script could not be loaded'}.`);
    this.#look = setInterval(() => this.#lookAfter(), LOOK_EVERY_MS);
  }

  get over(): boolean {
    return this.#over !== null;
  }

  /** Hears each branch's events from its first on. */
  listen(branch: BranchId, listener: (events: readonly RunEvent[]) => void): void {
    this.#listeners.set(branch, listener);
  }

  async ask<Question extends LabQuestion>(
    question: Question,
    ask: LabQuestions[Question]['ask'],
    { progress, signal }: AskOptions = {},
  ): Promise<LabQuestions[Question]['answer']> {
    if (this.#over !== null) throw new Error(this.#over);
    this.#ids += 1;
    const id = this.#ids;
    const cancel = () => this.#port.postMessage({ type: 'cancel', id });
    signal?.addEventListener('abort', cancel);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { progress, resolve: resolve as (answer: unknown) => void, reject });
        this.#port.postMessage({ type: 'ask', id, question, ask });
        if (signal?.aborted === true) cancel();
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Another run in the same worker. */
  join(): this {
    this.#runs += 1;
    return this;
  }

  /** A run has ended: nothing is kept of it. */
  async leave(branch: BranchId): Promise<void> {
    this.#listeners.delete(branch);
    this.#runs -= 1;
    if (this.#runs === 0) this.#end('The run has ended.');
    // A worker that has died keeps nothing anyway.
    else await this.ask('close', { branch }).catch(() => {});
  }

  #lookAfter(): void {
    if (this.#silentLooks !== null) this.#silentLooks += 1;
    if ((this.#silentLooks ?? 0) > MOST_SILENT_LOOKS)
      this.#fail("The Lab's worker does not answer any more.");
    else this.#port.postMessage({ type: 'ping' });
  }

  #fail(message: string): void {
    this.#end(message);
    this.#failed(message);
  }

  #end(message: string): void {
    if (this.#over !== null) return;
    this.#over = message;
    clearInterval(this.#look);
    this.#port.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error(message));
    this.#waiting.clear();
    this.#listeners.clear();
  }

  #received(message: FromLab): void {
    this.#silentLooks = 0;
    if (message.type === 'pong') return;
    if (message.type === 'events') {
      this.#listeners.get(message.branch)?.(message.events);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (message.type === 'progress') {
      waiting?.progress?.(message.share);
      return;
    }
    this.#waiting.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.answer);
    else waiting?.reject(new Error(message.message));
  }
}
