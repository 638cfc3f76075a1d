import { test as base, type ConsoleMessage, expect, type Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { checkInvariants, type Violation } from '../src/invariants/index.ts';
import type { Json, RunEvent, RunEventOf, RunEventType, ServiceName } from '../src/kernel/index.ts';

/** The page's `window.bulkhead`, for what runs in the page. */
declare const bulkhead: ScriptingDoor;

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/** Chromium's own line for a page fetch that failed; it cannot be silenced, so it is matched with the log. */
const FAILED_RESOURCE = /^Failed to load resource: (?:the server responded with a status of (\d+)|net::)/;

/** Drives the shop in a page through the scripting door. */
export class Shop {
  readonly page: Page;
  readonly #console: { type: string; text: string }[] = [];
  readonly #pageErrors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message: ConsoleMessage) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.#console.push({ type: message.type(), text: message.text() });
      }
    });
    page.on('pageerror', (error) => this.#pageErrors.push(String(error)));
  }

  async open(hash = ''): Promise<void> {
    await this.page.goto(`./${hash}`);
    await this.page.waitForFunction(() => 'bulkhead' in window);
    await this.page.evaluate(() => bulkhead.ready);
  }

  /** Runs a command that must succeed. */
  async command(command: Record<string, unknown>): Promise<unknown> {
    const result = await this.page.evaluate((wanted) => bulkhead.command(wanted), command);
    if (!result.ok) throw new Error(`${String(command['type'])}: ${result.error.message}`);
    return result.value;
  }

  async refusedCommand(command: unknown): Promise<{ message: string; field?: string }> {
    const result = await this.page.evaluate((wanted) => bulkhead.command(wanted), command);
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
    return (await this.page.evaluate(
      (wanted) => bulkhead.events().filter((event) => wanted.includes(event.type)),
      types as string[],
    )) as RunEventOf<Type>[];
  }

  async allEvents(fromSeq = 0): Promise<RunEvent[]> {
    return (await this.page.evaluate((from) => [...bulkhead.events(from)], fromSeq)) as RunEvent[];
  }

  async tables(service: ServiceName): Promise<Record<string, readonly Record<string, unknown>[]>> {
    return (await this.page.evaluate((name) => bulkhead.tables(name), service)) as Record<
      string,
      readonly Record<string, unknown>[]
    >;
  }

  /** Every service's tables at one moment: the run stands still meanwhile. */
  async allTables(): Promise<Record<string, Record<string, readonly Json[]>>> {
    await this.command({ type: 'run.pause' });
    const tables: Record<string, Record<string, readonly Json[]>> = {};
    for (const service of ['user', 'product', 'order', 'shipping', 'payment-provider', 'broker'] as const) {
      tables[service] = (await this.tables(service)) as Record<string, readonly Json[]>;
    }
    return tables;
  }

  /** Checks every invariant over the whole log and the databases as they are; leaves the run paused. */
  async violations(): Promise<readonly Violation[]> {
    const tables = await this.allTables();
    return checkInvariants(await this.allEvents(), tables, { healed: true });
  }

  /** Waits until every order that was begun has ended. */
  async settled(timeoutMs = 60_000): Promise<void> {
    await this.page.waitForFunction(
      () => {
        const open = new Set<string>();
        for (const event of bulkhead.events()) {
          if (event.type === 'saga.started') open.add(event.sagaId);
          if (event.type === 'saga.completed' || event.type === 'saga.compensated') open.delete(event.sagaId);
        }
        return open.size === 0;
      },
      undefined,
      { timeout: timeoutMs, polling: 250 },
    );
  }

  /** Waits until an event of this type carries these fields, and gives it. */
  async waitForEvent<Type extends RunEventType>(
    type: Type,
    fields: Record<string, unknown> = {},
    options: { fromSeq?: number; timeoutMs?: number } = {},
  ): Promise<RunEventOf<Type>> {
    const handle = await this.page.waitForFunction(
      ([wantedType, wantedFields, fromSeq]) =>
        bulkhead
          .events(fromSeq)
          .find(
            (event) =>
              event.type === wantedType &&
              Object.entries(wantedFields).every(
                ([name, value]) => (event as unknown as Record<string, unknown>)[name] === value,
              ),
          ),
      [type as string, fields, options.fromSeq ?? 0] as const,
      { timeout: options.timeoutMs ?? 30_000, polling: 100 },
    );
    return (await handle.jsonValue()) as unknown as RunEventOf<Type>;
  }

  async lastSeq(): Promise<number> {
    return await this.page.evaluate(() => bulkhead.events().at(-1)?.seq ?? 0);
  }

  /**
   * The console's errors and warnings that the run log does not explain. Each "Failed to load
   * resource" must belong to one failed answer of a hop that went through the page.
   */
  async unexplainedConsole(): Promise<string[]> {
    const failedAnswers = await this.page.evaluate(
      () =>
        bulkhead
          .events()
          .filter(
            (event) =>
              (event.type === 'response.received' && event.status >= 400 && event.service === 'customers') ||
              (event.type === 'request.failed' && event.service === 'customers'),
          ).length,
    );
    const failedLines = this.#console.filter((line) => FAILED_RESOURCE.test(line.text));
    const others = this.#console.filter((line) => !FAILED_RESOURCE.test(line.text));
    const unexplained = [...this.#pageErrors, ...others.map((line) => `${line.type}: ${line.text}`)];
    if (failedLines.length > failedAnswers) {
      unexplained.push(
        `${failedLines.length} "Failed to load resource" lines, but ${failedAnswers} failed answers in the log`,
      );
    }
    return unexplained;
  }
}

export const test = base.extend<{ shop: Shop }>({
  shop: async ({ page }, use) => {
    const shop = new Shop(page);
    await use(shop);
    expect(await shop.unexplainedConsole()).toEqual([]);
  },
});

export { expect };
