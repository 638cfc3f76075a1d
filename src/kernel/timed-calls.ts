import type { Semaphore } from './coordination.ts';
import type { HostPorts } from './host-ports.ts';
import { PendingCall, type PortCall, type Process } from './process.ts';

// Most of what a service waits for: each call is one object, so there are few to make and to collect.

/** Waits for so much run time. */
export const sleepCall = (
  process: Process,
  host: Pick<HostPorts, 'schedule'>,
  durationMs: number,
): PortCall<void> => new Sleep(process, host, Math.max(0, durationMs));

/** Takes one of the CPU slots for so much run time, and waits for one when all are in use. */
export const workCall = (
  process: Process,
  cpu: Semaphore,
  host: Pick<HostPorts, 'work'>,
  durationMs: number,
): PortCall<void> => new Work(process, cpu, host, Math.max(0, durationMs));

// Closures are made outside of the constructors: there each would keep all of the constructor's parameters.

class Sleep extends PendingCall<void> {
  constructor(process: Process, host: Pick<HostPorts, 'schedule'>, durationMs: number) {
    super(process, 'clock.sleep', null);
    if (this.isPending) this.begin(host, durationMs);
  }

  private begin(host: Pick<HostPorts, 'schedule'>, durationMs: number): void {
    this.cancelHook = host.schedule(durationMs, () => this.resolve());
  }
}

class Work extends PendingCall<void> {
  declare private readonly cpu: Semaphore;
  declare private holds: boolean;

  constructor(process: Process, cpu: Semaphore, host: Pick<HostPorts, 'work'>, durationMs: number) {
    super(process, 'work', null);
    this.cpu = cpu;
    this.holds = false;
    if (!this.isPending) return;
    if (cpu.tryAcquire()) this.begin(host, durationMs);
    else this.queue(host, durationMs);
  }

  private queue(host: Pick<HostPorts, 'work'>, durationMs: number): void {
    this.cancelHook = this.cpu.enter(() => this.begin(host, durationMs));
  }

  private begin(host: Pick<HostPorts, 'work'>, durationMs: number): void {
    this.holds = true;
    this.cancelHook = host.work(
      durationMs,
      () => {
        this.end();
        this.resolve();
      },
      this.process,
    );
  }

  private end(): void {
    if (!this.holds) return;
    this.holds = false;
    this.cpu.release();
  }

  protected override giveUp(): void {
    super.giveUp();
    this.end();
  }
}
