import type { InstanceId } from '../../../kernel/index.ts';
import type { HubToInstance, InstanceBoot, InstanceToHub } from '../messages.ts';

/** A worker that a test plays itself, in the part of one life of an instance. */
export class FakeWorker {
  onmessage: (() => void) | null = null;
  onerror: ((event: { readonly message: string; preventDefault(): void }) => void) | null = null;
  boot: InstanceBoot | null = null;
  readonly received: HubToInstance[] = [];
  terminated = false;
  #port: MessagePort | null = null;

  /** Its script is loaded. */
  hello(): void {
    this.onmessage?.();
  }

  say(message: InstanceToHub): void {
    this.#port?.postMessage(message);
  }

  postMessage(boot: InstanceBoot, [port]: [MessagePort]): void {
    this.boot = boot;
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<HubToInstance>) => this.received.push(data);
  }

  terminate(): void {
    this.terminated = true;
  }
}

/** The workers that a hub has made, in order. */
export class FakeWorkers {
  readonly all: { readonly instance: InstanceId; readonly worker: FakeWorker }[] = [];

  readonly spawn = (instance: InstanceId): Worker => {
    const worker = new FakeWorker();
    this.all.push({ instance, worker });
    return worker as unknown as Worker;
  };

  /** The latest life's. */
  of(instance: string): FakeWorker {
    const found = this.all.findLast((one) => one.instance === instance);
    if (found === undefined) throw new Error(`${instance} was never started`);
    return found.worker;
  }

  lives(instance: string): number {
    return this.all.filter((one) => one.instance === instance).length;
  }
}
