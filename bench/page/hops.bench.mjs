import { startHost } from './host.mjs';
import { median, openShop, quantile } from './shop-page.mjs';

export const name = 'A hop between two services, beside a ping between two workers and a fetch of nothing';

const ROUNDS = 5;
const HOPS = 100;
const PINGS = { backToBack: 2000, nowAndThen: 100 };
const FETCHES = 100;
/** Between two pings, when they come now and then: workers that have rested take a moment to wake, as services do. */
const REST_MS = 20;

/** An isolated page has a clock of 5 µs, others one of 100 µs. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Nothing takes time but what the page itself needs, and nobody is turned away. */
const AT_ONCE = {
  hop: { meanMs: 0, spread: 0 },
  services: { gateway: { serviceTimeMs: 0 }, product: { serviceTimeMs: 0 } },
  rateLimit: { perSecond: 10_000, burst: 10_000 },
};

/** @typedef {Awaited<ReturnType<typeof openShop>>} Shop */

/**
 * One customer asks for the products, again and again: customers → gateway → product. What a hop costs is how long
 * its caller waited, less how long the callee had it: its way there and back, each end by its own clock.
 *
 * @param {Shop} shop
 */
async function hops({ door, command }) {
  const from = await door.evaluate(
    (bulkhead) => /** @type {{ lastSeq: number }} */ (bulkhead.state()).lastSeq + 1,
  );
  for (let count = 0; count < HOPS; count += 1)
    await command({ type: 'request.send', method: 'GET', path: '/products' });
  return await door.evaluate(async (bulkhead, fromSeq) => {
    /** @type {Map<string | null, { to: string, sent: number, received: number, answered: number }>} */
    const calls = new Map();
    /** @type {Record<string, number[]>} */
    const costs = { gateway: [], product: [] };
    for (const event of await bulkhead.events(fromSeq)) {
      const { type, spanId, timeUs } = event;
      if (type === 'request.sent' && event.plane === 'data')
        calls.set(spanId, { to: event.toInstance, sent: timeUs, received: 0, answered: 0 });
      const call = calls.get(spanId);
      if (call === undefined) continue;
      if (type === 'request.received') call.received = timeUs;
      if (type === 'response.sent') call.answered = timeUs;
      if (type === 'response.received')
        costs[call.to.replace(/-\d+$/, '')]?.push(
          (timeUs - call.sent - (call.answered - call.received)) / 1000,
        );
    }
    return { throughHub: costs['product'] ?? [], throughBrowser: costs['gateway'] ?? [] };
  }, from);
}

/**
 * One worker sends a number to another by a port of their own, and it comes back: what a message costs by itself.
 *
 * @param {Shop} shop
 * @param {{ count: number, restMs: number }} how
 */
const pings = ({ page }, how) =>
  page.evaluate(async (given) => {
    const start = (/** @type {string} */ script) =>
      new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
    const echo = start(
      `onmessage = ({ ports: [port] }) => { port.onmessage = ({ data }) => port.postMessage(data); };`,
    );
    const asking = start(`onmessage = ({ data: { count, restMs }, ports: [port] }) => {
      const times = [];
      let sentMs = 0;
      const send = () => { sentMs = performance.now(); port.postMessage(times.length); };
      port.onmessage = () => {
        times.push(performance.now() - sentMs);
        if (times.length === count) postMessage(times);
        else if (restMs === 0) send();
        else setTimeout(send, restMs);
      };
      send();
    };`);
    const { port1, port2 } = new MessageChannel();
    const times = await new Promise((/** @type {(times: number[]) => void} */ resolve) => {
      asking.onmessage = (/** @type {MessageEvent<number[]>} */ { data }) => resolve(data);
      echo.postMessage(null, [port2]);
      asking.postMessage(given, [port1]);
    });
    echo.terminate();
    asking.terminate();
    return times;
  }, how);

/**
 * What the page fetches under `network/` without being told to is refused by MSW's handler, in the page: through
 * the service worker and back, and nothing else.
 *
 * @param {Shop} shop
 */
const fetches = ({ page }) =>
  page.evaluate(async (count) => {
    const times = [];
    for (let done = 0; done < count; done += 1) {
      const startMs = performance.now();
      const response = await fetch('network/nothing');
      await response.text();
      times.push(performance.now() - startMs);
      if (response.status !== 403) throw new Error(`the shop let a stranger in: ${response.status}`);
    }
    return times;
  }, FETCHES);

/**
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} page
 * @returns {Promise<Record<string, number>>}
 */
export async function run({ browser, url }) {
  const host = await startHost(url, { headers: ISOLATED });
  try {
    const shop = await openShop(browser, host.url);
    if (!(await shop.page.evaluate(() => crossOriginIsolated))) throw new Error('the page is not isolated');
    await shop.command({ type: 'settings.set', patch: AT_ONCE });
    await shop.command({ type: 'load.set', running: false });
    await shop.command({ type: 'run.resume' });
    /** @typedef {'ping' | 'rested' | 'throughHub' | 'throughBrowser' | 'fetched'} What */
    /** @type {Record<What, number[]>[]} */
    const rounds = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const rounded = {
        ping: await pings(shop, { count: PINGS.backToBack, restMs: 0 }),
        rested: await pings(shop, { count: PINGS.nowAndThen, restMs: REST_MS }),
        ...(await hops(shop)),
        fetched: await fetches(shop),
      };
      // The first of them warms up.
      if (round > 0) rounds.push(rounded);
    }
    const all = (/** @type {What} */ what) => rounds.flatMap((round) => round[what]);
    /** @type {(one: What, other: What) => number} */
    const ratio = (one, other) => median(rounds.map((round) => median(round[one]) / median(round[other])));
    return {
      'ping between two workers, back to back, ms': median(all('ping')),
      'ping between two workers, now and then, ms': median(all('rested')),
      'hop through the hub, ms': median(all('throughHub')),
      'hop through the hub, 99 % within, ms': quantile(all('throughHub'), 0.99),
      'fetch of nothing through the service worker, ms': median(all('fetched')),
      'hop through the browser, ms': median(all('throughBrowser')),
      'hop through the hub ÷ ping back to back': ratio('throughHub', 'ping'),
      'hop through the hub ÷ ping now and then': ratio('throughHub', 'rested'),
      'hop through the hub ÷ fetch of nothing': ratio('throughHub', 'fetched'),
      'hop through the browser ÷ fetch of nothing': ratio('throughBrowser', 'fetched'),
    };
  } finally {
    await host.close();
  }
}
