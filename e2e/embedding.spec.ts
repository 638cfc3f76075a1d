import type { Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { test as base, expect, Shop } from './shop.ts';
import { serve } from './static-server.ts';

declare const bulkhead: ScriptingDoor;

interface Heard {
  readonly origin: string;
  readonly fromFrame: boolean;
  readonly data: {
    readonly bulkhead: 1;
    readonly id: string | number;
    readonly ok: boolean;
    readonly value?: unknown;
    readonly error?: string;
  };
}

/** The page that embeds the sandbox. `ask` is what docs/scripting.md tells to do; all that comes back is kept. */
declare const host: { readonly heard: Heard[]; ask(message: unknown): void };

const hostPage = (shop: string): string => `<!doctype html>
<title>A school's page</title>
<link rel="icon" href="data:,">
<iframe name="sandbox" src="${shop}" style="width: 1300px; height: 800px"></iframe>
<script>
  const frame = document.querySelector('iframe').contentWindow;
  const heard = [];
  addEventListener('message', ({ data, origin, source }) => {
    heard.push({ data, origin, fromFrame: source === frame });
  });
  window.host = { heard, ask: (message) => frame.postMessage(message, '*') };
</script>`;

/** Drives the sandbox from outside, by messages only. */
class Embedder {
  readonly page: Page;
  #questions = 0;

  constructor(page: Page) {
    this.page = page;
  }

  /** Goes on when the frame has loaded too: from then on it takes messages. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.call('ready');
    // Short ways, and no attempt is given up because the machine is busy.
    const patch = { hop: { meanMs: 5 }, edge: { timeoutMs: 5000 } };
    await this.command({ type: 'settings.set', patch });
    await this.command({ type: 'run.resume' });
  }

  async post(...messages: unknown[]): Promise<void> {
    await this.page.evaluate((all) => all.forEach((message) => host.ask(message)), messages);
  }

  /** The one answer to a message of this id. */
  async answerTo(id: string | number): Promise<Heard> {
    await this.page.waitForFunction((wanted) => host.heard.some(({ data }) => data.id === wanted), id);
    const answers = await this.page.evaluate(
      (wanted) => host.heard.filter(({ data }) => data.id === wanted),
      id,
    );
    expect(answers).toHaveLength(1);
    return answers[0] as Heard;
  }

  /** From whom the page around has heard, message by message. */
  async heard(): Promise<Pick<Heard, 'origin' | 'fromFrame'>[]> {
    return await this.page.evaluate(() => host.heard.map(({ origin, fromFrame }) => ({ origin, fromFrame })));
  }

  /** Gives the question's id. */
  async ask(question: { readonly method: unknown; readonly args: readonly unknown[] }): Promise<string> {
    this.#questions += 1;
    const id = `question ${this.#questions}`;
    await this.post({ bulkhead: 1, id, ...question });
    return id;
  }

  async call(method: string, ...args: unknown[]): Promise<unknown> {
    const { data } = await this.answerTo(await this.ask({ method, args }));
    if (!data.ok) throw new Error(data.error);
    return data.value;
  }

  async command(command: Record<string, unknown>): Promise<unknown> {
    const result = (await this.call('command', command)) as Awaited<ReturnType<ScriptingDoor['command']>>;
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  }
}

const test = base.extend<{ embedder: Embedder; inside: Shop }>({
  /** The shop in its frame, to see from inside what the messages have done. */
  inside: async ({ page }, use) => {
    const shop = new Shop(page, () => page.frame('sandbox') ?? page);
    await use(shop);
    await shop.expectCleanConsole();
  },
  embedder: async ({ page }, use) => await use(new Embedder(page)),
});

test('a page of the same origin drives the sandbox by messages', async ({
  page,
  embedder,
  inside,
  baseURL,
}) => {
  await page.route('**/school.html', (route) =>
    route.fulfill({ contentType: 'text/html', body: hostPage('./') }),
  );
  await embedder.open(`${baseURL ?? ''}school.html`);
  const placed = (await embedder.command({ type: 'order.place' })) as { status: number; orderId: string };
  expect(placed.status).toBe(202);
  const log = async (...fromSeq: number[]) =>
    (await embedder.call('events', ...fromSeq)) as readonly RunEvent[];
  // A page around follows the log: each time it asks for what is new.
  let next = 0;
  const ended = async () => {
    const news = await log(next);
    next = (news.at(-1)?.seq ?? next - 1) + 1;
    return news.some((event) => event.type === 'saga.completed' && event.orderId === placed.orderId);
  };
  await expect.poll(ended, { timeout: 30_000 }).toBe(true);

  await test.step('it sees what the page itself sees', async () => {
    await embedder.command({ type: 'run.pause' });
    // What was under way comes to its end.
    await inside.allTables();
    const last = await inside.lastSeq();
    expect(await log()).toEqual(await inside.allEvents());
    expect((await log(last)).map(({ seq }) => seq)).toEqual([last]);
    const state = await page.frame('sandbox')?.evaluate(() => bulkhead.state());
    expect(state).toMatchObject({ phase: 'ready', clock: { paused: true } });
    expect(await embedder.call('state')).toEqual(state);
    const tables = (await embedder.call('tables', 'order')) as { orders: readonly unknown[] };
    expect(tables).toEqual(await inside.tables('order'));
    expect(tables.orders).toHaveLength(1);
  });

  await test.step('a wrong message is told what is wrong with it', async () => {
    const ask = async (method: unknown, ...args: unknown[]) => {
      const id = await embedder.ask({ method, args });
      const { data } = await embedder.answerTo(id);
      return data.ok ? data.value : data.error;
    };
    const known = 'Known: ready, state, events, seek, command, tables';
    expect(await ask('orders')).toBe(`unknown method: orders. ${known}`);
    expect(await ask('constructor')).toBe(`unknown method: constructor. ${known}`);
    expect(await ask('events', 'all')).toBe('fromSeq must be an integer');
    expect(await ask('events', 0.5)).toBe('fromSeq must be an integer');
    expect(await ask('tables', 'nobody')).toContain('unknown service: nobody. Known: customers, gateway, ');
    expect(await ask('tables')).toContain('unknown service: undefined');
    expect(await ask('command')).toEqual({
      ok: false,
      error: { field: '', message: 'A command must be an object with a field "type".' },
    });
    expect(await ask('command', { type: 'run.speed', speed: 20 })).toEqual({
      ok: false,
      error: { field: 'speed', message: 'speed must be at most 10, not 20.' },
    });
  });

  await test.step('questions asked at once are answered one by one, each with its id', async () => {
    const ids = ['a', 7, '7', 'b'];
    await embedder.post(...ids.map((id) => ({ bulkhead: 1, id, method: 'events', args: [1e9] })));
    for (const id of ids) expect((await embedder.answerTo(id)).fromFrame).toBe(true);
  });

  await test.step('what is no question is left alone', async () => {
    const before = await embedder.heard();
    const question = { bulkhead: 1, id: 'not heard', method: 'state' };
    await embedder.post(
      'hello',
      null,
      7,
      [question],
      { ...question, bulkhead: 2 },
      { ...question, bulkhead: '1' },
      { ...question, id: undefined },
      { ...question, id: { toString: 'x' } },
      { ...question, method: 7 },
    );
    await embedder.call('ready'); // messages are heard in order
    expect((await embedder.heard()).length).toBe(before.length + 1);
  });

  await test.step('strangers get no answer, and nothing done', async () => {
    const before = await embedder.heard();
    const question = {
      bulkhead: 1,
      id: 'stranger',
      method: 'command',
      args: [{ type: 'run.speed', speed: 5 }],
    };
    // Another frame of the same page, a window that it opens, the frame itself, and a frame inside it.
    await page.evaluate(async (message) => {
      const sandbox = window.frames[0] as Window;
      const ask = `const ask = () => target.postMessage(${JSON.stringify(message)}, '*');
        addEventListener('message', ({ data }) => top.postMessage({ strange: data }, '*'));`;
      const sibling = document.createElement('iframe');
      sibling.srcdoc = `<script>const target = parent.frames[0]; ${ask} ask();</script>`;
      const inner = sandbox.document.createElement('iframe');
      inner.srcdoc = `<script>const target = parent; ${ask} ask();</script>`;
      const loaded = [sibling, inner].map((frame) => new Promise((resolve) => (frame.onload = resolve)));
      document.body.append(sibling);
      sandbox.document.body.append(inner);
      await Promise.all(loaded);
      const own = sandbox.document.createElement('script');
      own.textContent = `postMessage(${JSON.stringify(message)}, '*')`;
      sandbox.document.body.append(own);
    }, question);
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate(() => void window.open('about:blank')),
    ]);
    await popup.evaluate((message) => {
      (window.opener as Window).frames[0]?.postMessage(message, '*');
    }, question);
    await popup.close();
    expect(await embedder.call('state')).toMatchObject({ clock: { speed: 1 } });
    expect((await embedder.heard()).length).toBe(before.length + 1);
  });
});

test('a page of another origin drives the sandbox by messages, and is answered alone', async ({
  embedder,
  inside,
  baseURL,
}) => {
  const school = await serve(async (pathname) =>
    pathname === '/school.html' ? hostPage(baseURL ?? '') : null,
  );
  try {
    // The same machine by another name: another site.
    await embedder.open(`http://127.0.0.1:${school.port}/school.html`);
    const { orderId } = (await embedder.command({ type: 'order.place' })) as { orderId: string };
    await inside.waitForEvent('saga.completed', { orderId });
    const tables = (await embedder.call('tables', 'order')) as { orders: readonly unknown[] };
    expect(tables.orders).toHaveLength(1);
    const heard = await embedder.heard();
    expect([...new Set(heard.map(({ origin, fromFrame }) => `${origin}/ ${fromFrame}`))]).toEqual([
      `${baseURL ?? ''} true`,
    ]);
    expect(await embedder.call('command', { type: 'run.speed' })).toMatchObject({ ok: false });
  } finally {
    await school.stop();
  }
});
