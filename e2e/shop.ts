import { test as base, type ConsoleMessage, expect, type Frame, type Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { checkInvariants, type Violation } from '../src/invariants/index.ts';
import type { Json, RunEvent, RunEventOf, RunEventType, ServiceName } from '../src/kernel/index.ts';
import { type ConsoleLine, loggedEnds, type SeenRequest, unexplainedLines } from './console-lines.ts';

/** The page's `window.bulkhead`, for what runs in the page. */
declare const bulkhead: ScriptingDoor;

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/** What the page says of the moment that it shows. */
interface Moment {
  readonly clock: { readonly nowUs: number; readonly paused: boolean };
  readonly following: boolean;
  readonly headUs: number;
  readonly host: string;
  readonly faults: readonly unknown[];
}

/** Drives the shop in a page through the scripting door. */
export class Shop {
  readonly page: Page;
  /** Where the shop is: the page, or a frame of it. */
  readonly #place: () => Page | Frame;
  readonly #console: ConsoleLine[] = [];
  readonly #requests: SeenRequest[] = [];
  readonly #pageErrors: string[] = [];

  constructor(page: Page, place: () => Page | Frame = () => page) {
    this.page = page;
    this.#place = place;
    page.on('console', (message: ConsoleMessage) => {
      const type = message.type();
      if (type !== 'error' && type !== 'warning') return;
      this.#console.push({ type, text: message.text(), url: message.location().url });
    });
    page.on('request', (request) => {
      const headers = request.headers();
      this.#requests.push({
        method: request.method(),
        url: request.url(),
        spanId: headers['traceparent']?.split('-')[2] ?? null,
        relayed: headers['x-bulkhead-hop'] !== undefined,
      });
    });
    page.on('pageerror', (error) => this.#pageErrors.push(String(error)));
  }

  async open(url = './'): Promise<void> {
    await this.page.goto(url);
    await this.ready();
  }

  /** Waits until the shop takes commands: after a reload, too. */
  async ready(): Promise<void> {
    await this.#place().waitForFunction(() => 'bulkhead' in window);
    await this.#place().evaluate(() => bulkhead.ready);
  }

  /** Runs a command that must succeed. */
  async command(command: Record<string, unknown>): Promise<unknown> {
    const result = await this.#place().evaluate((wanted) => bulkhead.command(wanted), command);
    if (!result.ok) throw new Error(`${String(command['type'])}: ${result.error.message}`);
    return result.value;
  }

  async refusedCommand(command: unknown): Promise<{ message: string; field?: string }> {
    const result = await this.#place().evaluate((wanted) => bulkhead.command(wanted), command);
    if (result.ok) throw new Error(`accepted: ${JSON.stringify(command)}`);
    return result.error;
  }

  async send(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string; as?: string } = {},
  ): Promise<GatewayAnswer> {
    return (await this.command({ type: 'request.send', method, path, ...options })) as GatewayAnswer;
  }

  async events<Type extends RunEventType>(...types: Type[]): Promise<RunEventOf<Type>[]> {
    return (await this.#place().evaluate(
      async (wanted) => (await bulkhead.events()).filter((event) => wanted.includes(event.type)),
      types as string[],
    )) as RunEventOf<Type>[];
  }

  async allEvents(fromSeq = 0): Promise<RunEvent[]> {
    return (await this.#place().evaluate(
      async (from) => [...(await bulkhead.events(from))],
      fromSeq,
    )) as RunEvent[];
  }

  async tables(service: ServiceName): Promise<Record<string, readonly Record<string, unknown>[]>> {
    return (await this.#place().evaluate((name) => bulkhead.tables(name), service)) as Record<
      string,
      readonly Record<string, unknown>[]
    >;
  }

  /**
   * Every service's tables at one moment: the run stands still. A pause lets a transaction that is under way
   * commit, and its events reach the page in a batch, so it is read until two readings in a row agree.
   */
  async allTables(): Promise<Record<string, Record<string, readonly Json[]>>> {
    await this.command({ type: 'run.pause' });
    let seen = '';
    for (let reading = 0; reading < 50; reading += 1) {
      const tables: Record<string, Record<string, readonly Json[]>> = {};
      for (const service of ['user', 'product', 'order', 'shipping', 'payment-provider', 'broker'] as const) {
        tables[service] = (await this.tables(service)) as Record<string, readonly Json[]>;
      }
      const now = `${await this.lastSeq()} ${JSON.stringify(tables)}`;
      if (now === seen) return tables;
      seen = now;
    }
    throw new Error('the run is paused, but its databases or its log go on changing');
  }

  /**
   * Checks every invariant over the whole log and the databases as they are; leaves the run paused. After the
   * last order has ended, its events and its parcel are still on their way: those get some time to come to rest.
   */
  async violations(restWithinMs = 60_000): Promise<readonly Violation[]> {
    const stepMs = 2000;
    for (let waitedMs = 0; ; waitedMs += stepMs) {
      const tables = await this.allTables();
      const events = await this.allEvents();
      const never = checkInvariants(events, tables);
      if (never.length > 0) return never;
      const notYet = checkInvariants(events, tables, { healed: true });
      if (notYet.length === 0 || waitedMs >= restWithinMs) return notYet;
      await this.command({ type: 'run.resume' });
      await this.runTimePasses(stepMs);
    }
  }

  /** The run's id, as its databases have it. */
  async runId(): Promise<string> {
    const claim = await this.#place().evaluate(() => sessionStorage.getItem('bulkhead/run'));
    return (JSON.parse(claim ?? '{}') as { run: string }).run;
  }

  /** The databases of this run that the browser has, without the run's id. */
  async databases(run: string): Promise<string[]> {
    const all = await this.#place().evaluate(async () => await indexedDB.databases());
    const prefix = `bulkhead/${run}/`;
    return all.flatMap(({ name = '' }) => (name.startsWith(prefix) ? name.slice(prefix.length) : [])).sort();
  }

  /** What the page shows. */
  async state(): Promise<unknown> {
    return await this.#place().evaluate(() => bulkhead.state());
  }

  /** The same, as far as tests of time and branches ask. */
  async moment(): Promise<Moment> {
    return (await this.state()) as Moment;
  }

  /** Waits until the run stands at so many seconds, or later. */
  async reaches(seconds: number): Promise<void> {
    await this.page.waitForFunction(
      (until) => (bulkhead.state() as { clock: { nowUs: number } }).clock.nowUs >= until,
      seconds * 1_000_000,
      { timeout: 60_000, polling: 50 },
    );
  }

  /** Waits for so much of the run's own time. */
  async runTimePasses(milliseconds: number): Promise<void> {
    const nowUs = () => (bulkhead.state() as { clock: { nowUs: number } }).clock.nowUs;
    const untilUs = (await this.page.evaluate(nowUs)) + milliseconds * 1000;
    await this.page.waitForFunction(
      (until) => (bulkhead.state() as { clock: { nowUs: number } }).clock.nowUs >= until,
      untilUs,
      { timeout: 60_000, polling: 50 },
    );
  }

  /** Waits until every order that was begun has ended. */
  async settled(timeoutMs = 60_000): Promise<void> {
    await this.eventually(
      () =>
        this.#place().evaluate(async () => {
          const open = new Set<string>();
          for (const event of await bulkhead.events()) {
            if (event.type === 'saga.started') open.add(event.sagaId);
            if (event.type === 'saga.completed' || event.type === 'saga.compensated')
              open.delete(event.sagaId);
          }
          return open.size === 0 ? true : null;
        }),
      'every order that was begun has ended',
      timeoutMs,
    );
  }

  /** Waits until an event of this type carries these fields, and gives it. */
  async waitForEvent<Type extends RunEventType>(
    type: Type,
    fields: Record<string, unknown> = {},
    options: { fromSeq?: number; timeoutMs?: number } = {},
  ): Promise<RunEventOf<Type>> {
    const event = await this.eventually(
      () =>
        this.#place().evaluate(
          async ([wantedType, wantedFields, fromSeq]) =>
            (await bulkhead.events(fromSeq)).find(
              (event) =>
                event.type === wantedType &&
                Object.entries(wantedFields).every(
                  ([name, value]) => (event as unknown as Record<string, unknown>)[name] === value,
                ),
            ) ?? null,
          [type as string, fields, options.fromSeq ?? 0] as const,
        ),
      `an event ${type} with ${JSON.stringify(fields)}`,
      options.timeoutMs,
    );
    return event as unknown as RunEventOf<Type>;
  }

  /** Asks the page until it has an answer: what `waitForFunction` is for an answer that takes a moment. */
  async eventually<T>(ask: () => Promise<T | null>, wanted: string, timeoutMs = 30_000): Promise<T> {
    let found: T | null = null;
    await expect
      .poll(
        async () => {
          found = await ask();
          return found !== null;
        },
        { timeout: timeoutMs, intervals: [50, 100], message: wanted },
      )
      .toBe(true);
    return found as T;
  }

  async lastSeq(): Promise<number> {
    return await this.#place().evaluate(() => (bulkhead.state() as { lastSeq: number }).lastSeq);
  }

  /** The console's errors and warnings that the run log does not explain, and those that it misses. */
  async unexplainedConsole(): Promise<string[]> {
    const base = await this.#place().evaluate(() => new URL('./', document.baseURI).href);
    const events = await this.#place().evaluateHandle(() => bulkhead.events());
    const ends = await this.#place().evaluate(loggedEnds, events);
    await events.dispose();
    return [...this.#pageErrors, ...unexplainedLines(this.#console, this.#requests, ends, base)];
  }

  /** Fails unless the console is clean; what the log has not said yet may take a moment. */
  async expectCleanConsole(): Promise<void> {
    await expect.poll(async () => await this.unexplainedConsole(), { timeout: 5000 }).toEqual([]);
  }

  /** One line that this test brings about by something else than the shop: it must be there, once. */
  takeConsoleLine(text: string): void {
    const index = this.#console.findIndex((line) => line.text === text);
    expect(this.#console.splice(index, index < 0 ? 0 : 1)).toHaveLength(1);
  }

  /** `run.reset`: the log that explains the console's lines goes, so they are checked first. */
  async reset(): Promise<void> {
    await this.expectCleanConsole();
    this.#console.length = 0;
    this.#requests.length = 0;
    await this.command({ type: 'run.reset' });
  }
}

export const test = base.extend<{ shop: Shop }>({
  shop: async ({ page }, use) => {
    const shop = new Shop(page);
    await use(shop);
    await shop.expectCleanConsole();
  },
});

export { expect };
