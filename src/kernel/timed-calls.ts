import type { Semaphore } from './coordination.ts';
import type { HostPorts, Undo } from './host-ports.ts';
import { PendingCall, type PortCall, type Process, type Settle } from './process.ts';

/** Waits for so much run time. */
export const sleepCall = (
  process: Process,
  host: Pick<HostPorts, 'schedule'>,
  durationMs: number,
): PortCall<void> =>
  new PendingCall<void>(process, 'clock.sleep', (settle) =>
    host.schedule(Math.max(0, durationMs), () => settle.resolve()),
  );

/** Takes one of the CPU slots for so much run time, and waits for one when all are in use. */
export const workCall = (
  process: Process,
  cpu: Semaphore,
  host: Pick<HostPorts, 'work'>,
  durationMs: number,
): PortCall<void> =>
  new PendingCall<void>(process, 'work', (settle) =>
    new Work(cpu, host, Math.max(0, durationMs), settle).begin(),
  );

class Work {
  readonly #cpu: Semaphore;
  readonly #host: Pick<HostPorts, 'work'>;
  readonly #durationMs: number;
  readonly #settle: Settle<void>;
  #undo: Undo | null = null;
  #holds = false;
  #over = false;

  constructor(cpu: Semaphore, host: Pick<HostPorts, 'work'>, durationMs: number, settle: Settle<void>) {
    this.#cpu = cpu;
    this.#host = host;
    this.#durationMs = durationMs;
    this.#settle = settle;
  }

  begin(): Undo {
    const leave = this.#cpu.enter(() => this.#enter());
    return () => {
      leave();
      this.#undo?.();
      this.#end();
    };
  }

  #enter(): void {
    this.#holds = true;
    if (this.#over) return;
    this.#undo = this.#host.work(this.#durationMs, () => {
      this.#end();
      this.#settle.resolve();
    });
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#holds) this.#cpu.release();
  }
}
