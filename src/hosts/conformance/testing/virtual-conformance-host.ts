import { instancesOf } from '../../../compositions/index.ts';
import {
  type HttpHeaders,
  type Json,
  nobleCrypto,
  parseJsonBody,
  plusMs,
  type RunTimeUs,
  serviceOf,
} from '../../../kernel/index.ts';
import { applySettingsPatch, type Setup } from '../../../setups/index.ts';
import { type Pump, type Turn, VirtualHost } from '../../virtual/index.ts';
import type { Answer, ConformanceHost } from '../conformance-host.ts';
import { conformanceComposition, loadConformanceService } from '../conformance-services.ts';

const WITHIN_MS = 60_000;
const JSON_TYPE: HttpHeaders = { 'content-type': 'application/json' };

interface Waiter {
  readonly untilUs: RunTimeUs;
  done(): boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** Drives a virtual clock for as long as somebody waits for something. */
class Drive {
  readonly #host: VirtualHost;
  readonly #waiters = new Set<Waiter>();
  #driving = false;

  constructor(host: VirtualHost) {
    this.#host = host;
  }

  until(done: () => boolean, withinMs: number, what: string): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const untilUs = plusMs(this.#host.time.nowUs, withinMs);
      const late = () => reject(new Error(`${what}: not within ${withinMs} ms of run time`));
      this.#waiters.add({
        untilUs,
        done,
        resolve,
        reject: (error) => (error instanceof Late ? late() : reject(error)),
      });
      if (!this.#driving) void this.#drive();
    });
  }

  async #drive(): Promise<void> {
    this.#driving = true;
    const { time } = this.#host;
    try {
      // Whoever waits may not have said all that it wants to happen.
      await time.turned();
      while (this.#waiters.size > 0) {
        const waiting = [...this.#waiters];
        const firstUs = Math.min(...waiting.map(({ untilUs }) => untilUs)) as RunTimeUs;
        const end = await time.run(firstUs, () => waiting.some((waiter) => waiter.done()));
        if (end !== 'done') time.standAt(firstUs);
        for (const waiter of waiting) {
          if (!waiter.done() && (end === 'done' || waiter.untilUs > firstUs)) continue;
          this.#waiters.delete(waiter);
          if (waiter.done()) waiter.resolve();
          else waiter.reject(new Late());
        }
        await time.turned();
      }
    } catch (error) {
      for (const waiter of this.#waiters)
        waiter.reject(error instanceof Error ? error : new Error(String(error)));
      this.#waiters.clear();
    } finally {
      this.#driving = false;
    }
  }
}

class Late extends Error {}

/** The conformance services on a virtual clock. */
export async function openVirtualHost(setup: Setup, turn: Turn, pump: Pump): Promise<ConformanceHost> {
  const { settings, seed } = setup;
  const host = new VirtualHost({ pump, turn, seed, settings, crypto: nobleCrypto });
  const instances = instancesOf(conformanceComposition, settings);
  for (const instance of instances) {
    const number = Number(instance.slice(instance.lastIndexOf('-') + 1));
    host.add(await loadConformanceService(serviceOf(instance)), number);
  }
  const drive = new Drive(host);
  for (const instance of instances) host.start(instance);
  await drive.until(() => instances.every((instance) => host.isReady(instance)), WITHIN_MS, 'the start');

  return {
    name: `virtual, ${pump}`,
    seed,
    virtual: true,
    async send(instance, method, path, body) {
      let answer: Answer | null = null;
      const request = {
        method,
        path: `/at/${instance}${path}`,
        headers: body === undefined ? {} : JSON_TYPE,
        body: body === undefined ? null : JSON.stringify(body),
      };
      const [gateway] = instances.filter((id) => serviceOf(id) === 'gateway');
      if (gateway === undefined) throw new Error('there is no gateway');
      host.ask(gateway, { request, plane: 'data' }, ({ outcome }) => {
        const json = outcome.ok ? parseJsonBody(outcome.value.body) : null;
        answer = {
          status: outcome.ok ? outcome.value.status : null,
          body: json?.ok === true ? (json.value as Json) : null,
        };
      });
      await drive.until(() => answer !== null, WITHIN_MS, `${method} ${path} at ${instance}`);
      if (answer === null) throw new Error('Invariant broken: what was waited for is there');
      return answer;
    },
    async until(look, withinMs = WITHIN_MS) {
      let found = look();
      if (!found) {
        const again = () => {
          found = look();
          return Boolean(found);
        };
        await drive.until(again, withinMs, look.toString());
      }
      if (!found) throw new Error('Invariant broken: what was waited for is there');
      return found;
    },
    async pass(ms) {
      let over = false;
      host.time.schedule(ms, () => {
        over = true;
      });
      await drive.until(() => over, ms + 1, 'time');
    },
    crash: (instance) => Promise.resolve(host.crash(instance, { reason: 'by hand', faultId: null })),
    restart: (instance) => {
      host.stop(instance);
      host.start(instance);
      return Promise.resolve();
    },
    addFault: (fault) => {
      host.addFault(fault);
      return Promise.resolve();
    },
    changeSettings: (patch) => {
      const patched = applySettingsPatch(host.settings, patch);
      if (!patched.ok) return Promise.reject(new Error(patched.error.message));
      host.changeSettings(patched.value);
      return Promise.resolve();
    },
    events: () => host.events,
    tables: (service) => Promise.resolve(host.tables()[service]),
    stop: () => Promise.resolve(),
  };
}
