import type {
  AnswerToHost,
  FaultId,
  InboundMessage,
  InstanceId,
  InstanceRuntime,
  Undo,
} from '../kernel/index.ts';
import { type ActiveFault, isOf } from './fault.ts';
import { sitsAt } from './fault-place.ts';
import { injected, type WriteEvent } from './injection.ts';

export interface HangGateOptions {
  readonly instance: InstanceId;
  /** Faults that are on when this life begins: a process that is started while another hangs is not that process. */
  readonly active: readonly ActiveFault[];
  /** The instance's own (`InstanceRuntime.write`). */
  readonly write: WriteEvent;
  /** The host's own, which no hang holds up. */
  schedule(delayMs: number, wake: () => void): Undo;
}

const isHang = isOf('hang');

/**
 * Where one life of an instance stands still while it hangs. All that would wake it passes here: its timers, answers,
 * requests and what its database tells it. What has come meanwhile happens when the hang ends, in the order it came.
 */
export class HangGate {
  readonly #options: HangGateOptions;
  /** Of other lives. */
  readonly #past: ReadonlySet<FaultId>;
  readonly #hanging = new Set<FaultId>();
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(options: HangGateOptions) {
    this.#options = options;
    this.#past = new Set(options.active.filter(isHang).map(({ faultId }) => faultId));
  }

  /** Now, or when it goes on. */
  pass(run: () => void): void {
    if (this.#closed) this.#waiting.push(run);
    else run();
  }

  /** A request to the instance, and the way to cancel it: it hears of neither while it hangs. */
  handle(runtime: InstanceRuntime, message: InboundMessage, respond: (answer: AnswerToHost) => void): Undo {
    let cancel: Undo = () => {};
    this.pass(() => {
      cancel = runtime.handle(message, respond);
    });
    return () => this.pass(() => cancel());
  }

  /** Other faults are on now. */
  changed(active: readonly ActiveFault[]): void {
    if (this.#hanging.size === 0 && active.length === 0) return;
    const { instance, write } = this.#options;
    const here = active.filter(isHang).filter((hang) => {
      return !this.#past.has(hang.faultId) && sitsAt(hang.fault.target, instance);
    });
    const before = this.#hanging.size;
    for (const id of this.#hanging) if (!here.some(({ faultId }) => faultId === id)) this.#hanging.delete(id);
    for (const hang of here) {
      if (this.#hanging.has(hang.faultId)) continue;
      const cause = write(injected(hang, `${instance} hangs`));
      if (this.#hanging.size === 0) write({ type: 'instance.hung' }, { cause });
      this.#hanging.add(hang.faultId);
    }
    if (this.#hanging.size > 0) this.#closed = true;
    // By a timer: the fault may be cleared while the run is paused.
    else if (before > 0) this.#options.schedule(0, () => this.#goOn());
  }

  #goOn(): void {
    if (this.#hanging.size > 0 || !this.#closed) return;
    this.#options.write({ type: 'instance.resumed' });
    this.#closed = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }
}
