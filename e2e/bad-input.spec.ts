import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { base64url, utf8Bytes } from '../src/patterns/index.ts';
import {
  FIRST_KEY,
  faultsOfAnswer,
  orderBody,
  type ProblemAnswer,
  type ShopToAsk,
  signingKeyOf,
  type WrongRequest,
  wrongRequests,
} from '../src/services/gateway/testing/wrong-requests.ts';
import { expect, type Shop, test } from './shop.ts';

declare const bulkhead: ScriptingDoor;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The wrong is to be found, not the busy machine: nothing takes time, gives up, or limits the rate. */
const PATIENT = {
  hop: { meanMs: 0 },
  edge: { timeoutMs: 30_000, breaker: null },
  deadlines: { readMs: 30_000, orderMs: 30_000 },
  rateLimit: { perSecond: 10_000, burst: 10_000 },
  tracking: { pickMs: 0, packMs: 0, transitMs: 0, deliverMs: 0 },
};

async function openPatientShop(shop: Shop): Promise<ShopToAsk> {
  await shop.open();
  await shop.command({ type: 'settings.set', patch: PATIENT });
  await shop.command({ type: 'run.resume' });
  const tokens = await fetchAll(
    shop,
    ['ada', 'ben', 'admin'].map((name) => ({
      method: 'POST',
      path: '/sessions',
      body: { email: `${name}@example.com`, password: 'demo-password-1' },
    })),
  );
  const [ada, ben, admin] = tokens.map(({ body }) => (body as { token: string }).token);
  if (ada === undefined || ben === undefined || admin === undefined) throw new Error('nobody is signed in');
  const order = { method: 'POST', path: '/orders', body: orderBody };
  const headers = { authorization: `Bearer ${ada}`, 'idempotency-key': FIRST_KEY };
  const [placed] = await fetchAll(shop, [{ ...order, headers }]);
  const { orderId: adaOrder } = (placed?.body ?? {}) as { orderId: string };
  // Its parcel has arrived, and the order knows: nothing moves by itself any more.
  await shop.waitForEvent('message.consumed', { messageType: 'shipment.delivered' });
  const key = signingKeyOf((await shop.tables('user'))['signing_keys']?.[0]);
  return { ada, ben, admin, adaOrder, key };
}

/** Each request by the page's own `fetch`, one after the other. */
async function fetchAll(shop: Shop, messages: readonly Asked[]): Promise<ProblemAnswer[]> {
  return await shop.page.evaluate(async (all) => {
    const answers = [];
    for (const { method, path, headers = {}, body } of all) {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(`./api${path}`, {
        method,
        headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(text === undefined ? {} : { body: text }),
      });
      const answer = await response.text();
      answers.push({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: answer === '' ? null : (JSON.parse(answer) as unknown),
      });
    }
    return answers;
  }, messages);
}

/** Each request by `request.send`, one after the other. */
async function sendAll(shop: Shop, messages: readonly Asked[]): Promise<ProblemAnswer[]> {
  return await shop.page.evaluate(async (all) => {
    const answers = [];
    for (const message of all) {
      const result = await bulkhead.command({ type: 'request.send', ...message });
      if (!result.ok) throw new Error(result.error.message);
      answers.push(result.value as unknown as ProblemAnswer);
    }
    return answers;
  }, messages);
}

/** Those answers that are not the problem that they should be, each with what is wrong. */
function faults(
  wrongs: readonly WrongRequest[],
  messages: readonly Asked[],
  answers: readonly ProblemAnswer[],
): Record<string, string[]> {
  const all = wrongs.map((wrong, index) => {
    const answer = answers[index];
    const found = answer && faultsOfAnswer(wrong, messages[index]?.path ?? '', answer);
    return [wrong.what, found ?? ['no answer']] as const;
  });
  return Object.fromEntries(all.filter(([, found]) => found.length > 0));
}

/** Rows that were written meanwhile; the registry's are heartbeats. */
async function rowsWritten(shop: Shop, fromSeq: number): Promise<string[]> {
  return (await shop.allEvents(fromSeq)).flatMap((event) =>
    event.type === 'store.committed' && event.service !== 'registry'
      ? event.rows.map((row) => `${event.service}: ${event.operation}: ${row.table}/${row.key}`)
      : [],
  );
}

test('wrong requests by the page’s own fetch and by request.send: each gets its problem, none changes anything', async ({
  shop,
}) => {
  const asks = await openPatientShop(shop);
  const before = await shop.allTables();
  await shop.command({ type: 'run.resume' });
  const fromSeq = await shop.lastSeq();
  const wrongs = wrongRequests.filter(({ notFromBrowsers }) => notFromBrowsers !== true);
  expect(wrongs.length).toBeGreaterThanOrEqual(30);
  const messages = wrongs.map((wrong) => JSON.parse(JSON.stringify(wrong.request(asks))) as Asked);

  await test.step('by fetch', async () => {
    expect(faults(wrongs, messages, await fetchAll(shop, messages))).toEqual({});
  });

  await test.step('by request.send', async () => {
    expect(faults(wrongs, messages, await sendAll(shop, messages))).toEqual({});
    const price = {
      method: 'PUT',
      path: '/products/games-01/price',
      body: { priceMinor: 1, currency: 'EUR' },
    };
    const [anonymous, customer] = await sendAll(shop, [price, { ...price, as: 'customer' } as Asked]);
    expect([anonymous?.status, customer?.status]).toEqual([401, 403]);
    // A path that climbs stays in the shop: the console would tell of an answer from anywhere else.
    const [climbing] = await sendAll(shop, [{ method: 'GET', path: '/../../x' }]);
    expect(climbing).toMatchObject({ status: 404, body: { instance: '/x' } });
  });

  await test.step('what only a browser can send', async () => {
    const answers = await shop.page.evaluate(async () => {
      const form = new FormData();
      form.append('email', 'ada@example.com');
      const post = { method: 'POST' };
      const json = { 'content-type': 'application/json' };
      const requests: readonly (readonly [string, RequestInit?])[] = [
        ['./api/'],
        ['./api/products/../users/me'],
        ['./api/products/%2e%2e/users/me'],
        ['./api/nothing#part'],
        ['./api/products', { method: 'OPTIONS' }],
        ['./api/products', { method: 'BREW' }],
        ['./api/users', { ...post, body: form }],
        ['./api/users', { ...post, body: new URLSearchParams({ email: 'ada@example.com' }) }],
        ['./api/users', { ...post, body: new Blob(['{}']) }],
        ['./api/users', { ...post, headers: json, body: new Uint8Array([0xff, 0xfe, 0x7b, 0x7d]) }],
        ['./network/gateway-1/order-1/orders'],
        [
          './network/order-1/product-1/reservations/o1',
          { method: 'PUT', headers: json, body: '{"lines":[]}' },
        ],
      ];
      const seen: [string, number, string | null, string][] = [];
      for (const [url, init] of requests) {
        const response = await fetch(url, init);
        const { detail } = (await response.json()) as { detail: string };
        seen.push([url, response.status, response.headers.get('content-type'), detail]);
      }
      return seen;
    });
    const problem = 'application/problem+json';
    const sentence = (text: string): unknown => expect.stringContaining(text);
    expect(answers).toEqual([
      ['./api/', 404, problem, sentence('nothing at /.')],
      // The browser resolves the path first.
      ['./api/products/../users/me', 401, problem, sentence('Sign in first')],
      ['./api/products/%2e%2e/users/me', 401, problem, sentence('Sign in first')],
      ['./api/nothing#part', 404, problem, sentence('nothing at /nothing.')],
      ['./api/products', 405, problem, sentence('does not take OPTIONS')],
      ['./api/products', 405, problem, sentence('does not take BREW')],
      ['./api/users', 415, problem, sentence("as 'multipart/form-data")],
      ['./api/users', 415, problem, sentence("as 'application/x-www-form-urlencoded")],
      ['./api/users', 415, problem, sentence('no content-type')],
      ['./api/users', 400, problem, sentence('not JSON')],
      ['./network/gateway-1/order-1/orders', 403, problem, sentence('Only services')],
      ['./network/order-1/product-1/reservations/o1', 403, problem, sentence('Only services')],
    ]);
  });

  await test.step('a customer who is limited is told so, and for how long', async () => {
    await shop.command({ type: 'settings.set', patch: { rateLimit: { perSecond: 0.1, burst: 1 } } });
    const mine = { method: 'GET', path: '/users/me', headers: { authorization: `Bearer ${asks.ben}` } };
    const limited = (await fetchAll(shop, Array(25).fill(mine))).at(-1);
    expect(limited).toMatchObject({
      status: 429,
      headers: { 'content-type': 'application/problem+json', 'retry-after': expect.stringMatching(/^\d+$/) },
      body: { status: 429, type: expect.stringMatching(/\/too-many-requests$/) },
    });
  });

  await test.step('the databases are as they were', async () => {
    expect(await rowsWritten(shop, fromSeq)).toEqual([]);
    expect(await shop.allTables()).toEqual(before);
  });
});

test('a token is good until its content, its signature or the clock says otherwise', async ({ shop }) => {
  const { ada, ben } = await openPatientShop(shop);
  const me = (token: string): Asked => ({
    method: 'GET',
    path: '/users/me',
    headers: { authorization: `Bearer ${token}` },
  });
  const [header = '', claims = ''] = ada.split('.');
  const [, , bensSignature = ''] = ben.split('.');
  const admin = { ...(JSON.parse(atob(claims)) as object), roles: ['admin'] };
  const promoted = base64url(utf8Bytes(JSON.stringify(admin)));
  const answers = await fetchAll(shop, [
    me(ada),
    me(ada.replace(claims, promoted)),
    me(`${header}.${claims}.${bensSignature}`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 401]);
  expect(answers[0]?.body).toMatchObject({ email: 'ada@example.com' });

  // A sign-in that is refused leaves the page's customer as it was.
  await shop.command({ type: 'customer.sign-in', email: 'ben@example.com', password: 'demo-password-1' });
  const wrong = { type: 'customer.sign-in', email: 'ada@example.com', password: 'wrong password' };
  expect(await shop.command(wrong)).toMatchObject({ status: 401 });
  const still = await shop.send('GET', '/users/me', { as: 'customer' });
  expect(still.body).toMatchObject({ email: 'ben@example.com' });
});

const slow = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 100,
  spreadShare: 0,
  share: 1,
  lengthMs: null,
};
const crashAt = {
  kind: 'crash-at',
  instance: 'order-1',
  port: 'store',
  operation: '*',
  nth: 1,
  when: 'after',
  restartAfterMs: null,
};
const fault = (changed: object) => ({ type: 'fault.add', fault: { ...slow, ...changed } });
const errors = (changed: object) => ({
  type: 'fault.add',
  fault: { kind: 'errors', target: slow.target, status: 503, share: 1, lengthMs: null, ...changed },
});
const crash = (changed: object) => ({ type: 'fault.add', fault: { ...crashAt, ...changed } });
const request = (changed: object) => ({ type: 'request.send', method: 'GET', path: '/products', ...changed });
const order = (changed: object) => ({ type: 'order.place', ...changed });
const line = (changed: object) => order({ lines: [{ sku: 'games-01', quantity: 1, ...changed }] });
const patch = (changed: unknown) => ({ type: 'settings.set', patch: changed });

/** What is wrong with a command, and the field that its refusal names; '' is the command as a whole. */
const WRONG_COMMANDS: readonly (readonly [command: unknown, field: string])[] = [
  [null, ''],
  ['run.pause', ''],
  [[{ type: 'run.pause' }], ''],
  [{}, 'type'],
  [{ type: 7 }, 'type'],
  [{ type: 'run.stop' }, 'type'],
  [{ type: 'constructor' }, 'type'],
  [{ type: 'run.pause', now: true }, 'now'],
  [{ type: 'run.speed' }, 'speed'],
  [{ type: 'run.speed', speed: 0 }, 'speed'],
  [{ type: 'run.speed', speed: '2' }, 'speed'],
  [{ type: 'run.speed', speed: 11 }, 'speed'],
  [{ type: 'run.speed', speed: 2, sped: 2 }, 'sped'],
  [{ type: 'customer.sign-in', email: 'ben@example.com' }, 'password'],
  [{ type: 'customer.sign-in', email: ['ben@example.com'], password: 'x' }, 'email'],
  [order({ lines: [] }), 'lines'],
  [line({ quantity: 0 }), 'lines[0].quantity'],
  [line({ quantity: 1.5 }), 'lines[0].quantity'],
  [line({ unitPriceMinor: 1 }), 'lines[0].unitPriceMinor'],
  [order({ lines: [{ quantity: 1 }] }), 'lines[0].sku'],
  [order({ cardToken: '' }), 'cardToken'],
  [order({ address: { ...orderBody.address, city: undefined } }), 'address.city'],
  [order({ idempotencyKey: 'two\nlines' }), 'idempotencyKey'],
  [request({ method: 'BREW' }), 'method'],
  [request({ path: 'products' }), 'path'],
  [request({ path: '/products and more' }), 'path'],
  [request({ headers: { 'two words': '1' } }), 'headers.two words'],
  [request({ headers: { accept: 'a\r\nb: c' } }), 'headers.accept'],
  [request({ as: 'root' }), 'as'],
  [{ type: 'fault.add' }, 'fault'],
  [fault({ kind: 'fast' }), 'fault.kind'],
  [fault({ addMs: 0 }), 'fault.addMs'],
  [fault({ share: 1.5 }), 'fault.share'],
  [fault({ lengthMs: 50 }), 'fault.lengthMs'],
  [fault({ target: { kind: 'service', service: 'orders' } }), 'fault.target.service'],
  [fault({ target: { kind: 'edge', from: 'order' } }), 'fault.target.to'],
  [fault({ target: { kind: 'instance', instance: 'order' } }), 'fault.target.instance'],
  [errors({ status: 200 }), 'fault.status'],
  [crash({ nth: 0 }), 'fault.nth'],
  [crash({ when: 'during' }), 'fault.when'],
  [crash({ port: 'work', operation: 'reserve' }), 'fault.operation'],
  [{ type: 'fault.clear', faultId: 'fault-99' }, 'faultId'],
  [{ type: 'load.set', ordersPerSecond: 51 }, 'ordersPerSecond'],
  [{ type: 'load.set', running: true, browsesPerSecond: 5, arrivals: 'random' }, 'arrivals'],
  [{ type: 'safety-nets.set', preset: 'all' }, 'preset'],
  [{ type: 'safety-nets.set', preset: 'none', edge: { from: 'order', to: 'nobody' } }, 'edge.to'],
  [patch('none'), 'patch'],
  [patch({ hop: { meanMs: 10 }, saga: { giveUpMs: -1 } }), 'saga.giveUpMs'],
  [patch({ services: { shipping: { instances: 3 }, order: { instances: 99 } } }), 'services.order.instances'],
  [patch({ edges: { 'order->shipping': { timeoutMs: 900 }, 'order->nobody': {} } }), 'edges.order->nobody'],
  [patch({ safetyNets: 'none', colour: 'red' }), 'colour'],
  [{ type: 'instance.crash', instance: 'order-9' }, 'instance'],
  [{ type: 'instance.crash', instance: 'order' }, 'instance'],
  [{ type: 'instance.restart', instance: 'monolith-1' }, 'instance'],
];

test('a wrong command is refused with a sentence that names the field, and is not half done', async ({
  shop,
}) => {
  await shop.open();
  await shop.command({ type: 'run.pause' });
  const fromSeq = await shop.lastSeq();
  const results = await shop.page.evaluate(
    async (commands) => {
      const seen = [];
      for (const command of commands) {
        const before = JSON.stringify(bulkhead.state());
        const result = await bulkhead.command(command);
        seen.push({ result, changed: JSON.stringify(bulkhead.state()) !== before });
      }
      return seen;
    },
    WRONG_COMMANDS.map(([command]) => command),
  );

  const wrong = WRONG_COMMANDS.flatMap(([command, field], index) => {
    const { result, changed } = results[index] ?? { result: null, changed: false };
    const refused = result !== null && !result.ok ? result.error : { message: 'accepted' };
    const named = (field.split('.').at(-1) ?? '').replace(/^.*\]\./, '');
    const sentence = /^\S.*\.$/s.test(refused.message) && refused.message.includes(named);
    return sentence && refused.field === field && !changed ? [] : [{ command, field, refused, changed }];
  });
  expect(wrong).toEqual([]);
  expect(await shop.allEvents(fromSeq + 1)).toEqual([]);

  // What JSON cannot say, and what contains itself.
  const oddities = await shop.page.evaluate(async () => {
    const self: Record<string, unknown> = { type: 'settings.set' };
    self['patch'] = self;
    let deep: unknown = 1;
    for (let level = 0; level < 5000; level += 1) deep = { deep };
    const odd: unknown[] = [
      undefined,
      () => {},
      Symbol('run.pause'),
      { type: 'run.speed', speed: Number.NaN },
      { type: 'run.speed', speed: 2n },
      { type: 'request.send', method: 'GET', path: '/', body: () => {} },
      { type: 'request.send', method: 'GET', path: '/', body: new Date() },
      { type: 'settings.set', patch: { deep } },
      self,
      new Proxy(
        {},
        {
          get: () => 'run.pause',
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
    ];
    const results = [];
    for (const command of odd) results.push(await bulkhead.command(command));
    return results;
  });
  for (const result of oddities) expect(result).toMatchObject({ ok: false, error: { message: /./ } });
  expect(await shop.allEvents(fromSeq + 1)).toEqual([]);
  expect(await shop.page.evaluate(() => (bulkhead.state() as { phase: string }).phase)).toBe('ready');
});
