import { startHost } from './host.mjs';
import { median, openShop } from './shop-page.mjs';

export const name = 'A first visit on a slow device: processor slowed four times, slow 4G';

const VISITS = 5;
const CPU_SLOWDOWN = 4;
/** Lighthouse's slow 4G: 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back. */
const SLOW_4G = { downBytes: 1_600_000 / 8, upBytes: 750_000 / 8, roundTripMs: 150 };

/** @typedef {Awaited<ReturnType<typeof startHost>>} Host */

/** As the developer tools do it: the page's own thread. How far that reaches is measured, too. */
async function slow(/** @type {import('@playwright/test').Page} */ page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
}

/** Marks, in the page itself, when the diagram is seen and when the shop takes commands. */
function watchArrival() {
  const look = () => {
    const node = document.querySelector('.react-flow__node');
    if (node === null || getComputedStyle(node).visibility !== 'visible') requestAnimationFrame(look);
    else requestAnimationFrame(() => performance.mark('diagram'));
  };
  look();
  const lookForDoor = () => {
    const { bulkhead } = /** @type {Window & { bulkhead?: import('./shop-page.mjs').ScriptingDoor }} */ (
      window
    );
    if (bulkhead === undefined) requestAnimationFrame(lookForDoor);
    else void bulkhead.ready.then(() => performance.mark('ready'));
  };
  lookForDoor();
}

/**
 * Opens the page as somebody who has never been there, and sends one order as soon as there is somebody to take it.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {Host} host
 */
async function visit(browser, host) {
  host.forget();
  const shop = await openShop(browser, host.url, async (page) => {
    await page.addInitScript(watchArrival);
    await slow(page);
  });
  const { page, door } = shop;
  try {
    await page.waitForFunction(() => performance.getEntriesByName('ready').length > 0);
    const button = await page.getByRole('button', { name: 'One order' }).elementHandle();
    const order = await door.evaluate(async (bulkhead, toPress) => {
      let sent = 0;
      for (;;) {
        const events = await bulkhead.events();
        const end = events.find(({ type }) => type === 'saga.completed');
        if (end !== undefined) {
          performance.mark('confirmed');
          const start = events.find(
            ({ type, traceId }) => type === 'intent.started' && traceId === end.traceId,
          );
          return { sent, inShopUs: end.timeUs - (start?.timeUs ?? Number.NaN) };
        }
        // A slow device's order may be given up: whoever wants one presses again.
        const lost = events.filter(
          (event) =>
            event.type === 'saga.compensated' || (event.type === 'intent.answered' && event.outcome !== 'ok'),
        );
        if (lost.length === sent) {
          if (sent === 0) performance.mark('pressed');
          sent += 1;
          if (toPress instanceof HTMLElement) toPress.click();
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }, button);
    const marks = await page.evaluate(() => {
      const at = (/** @type {string} */ entry) =>
        performance.getEntriesByName(entry)[0]?.startTime ?? Number.NaN;
      return {
        originMs: performance.timeOrigin,
        firstPaint: at('first-contentful-paint'),
        diagram: at('diagram'),
        ready: at('ready'),
        pressed: at('pressed'),
        confirmed: at('confirmed'),
      };
    });
    const bytesBy = (/** @type {number} */ ms, forCopy = false) =>
      host
        .answers()
        .filter((answer) => answer.forCopy === forCopy && answer.endMs <= marks.originMs + ms)
        .reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      'first paint, s': marks.firstPaint / 1000,
      'diagram, s': marks.diagram / 1000,
      'shop ready, s': marks.ready / 1000,
      'first order confirmed, s': marks.confirmed / 1000,
      'order button to confirmed, s': (marks.confirmed - marks.pressed) / 1000,
      'of that in the shop, s': order.inShopUs / 1_000_000,
      'orders sent until one is confirmed': order.sent,
      'kB until the diagram': bytesBy(marks.diagram) / 1000,
      'kB until the shop is ready': bytesBy(marks.ready) / 1000,
      'kB until the first order is confirmed': bytesBy(marks.confirmed) / 1000,
      'kB more, by then, for the copy without a network': bytesBy(marks.confirmed, true) / 1000,
    };
  } finally {
    await page.context().close();
  }
}

/**
 * How much longer the same work takes under the slowdown: in the page, and in a worker of the page.
 *
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} place
 */
async function slowdowns({ browser, url }) {
  const page = await browser.newPage();
  const measure = async () =>
    await page.evaluate(async () => {
      const script = `onmessage = () => {
        const startMs = performance.now();
        let sum = 0;
        for (let count = 0; count < 1e8; count += 1) sum += count % 7;
        postMessage(sum < 0 ? 0 : performance.now() - startMs);
      };`;
      const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
      const best = { inPage: Number.POSITIVE_INFINITY, inWorker: Number.POSITIVE_INFINITY };
      for (let round = 0; round < 5; round += 1) {
        worker.postMessage(null);
        const inWorker = await new Promise((/** @type {(ms: number) => void} */ resolve) => {
          worker.onmessage = (/** @type {MessageEvent<number>} */ { data }) => resolve(data);
        });
        best.inWorker = Math.min(best.inWorker, inWorker);
        const startMs = performance.now();
        let sum = 0;
        for (let count = 0; count < 1e8; count += 1) sum += count % 7;
        best.inPage = Math.min(best.inPage, sum < 0 ? 0 : performance.now() - startMs);
      }
      worker.terminate();
      return best;
    });
  try {
    await page.goto(new URL('favicon.svg', url).href);
    await measure();
    const full = await measure();
    await slow(page);
    const slowed = await measure();
    return {
      'the same work in the page, times as long': slowed.inPage / full.inPage,
      'the same work in a worker, times as long': slowed.inWorker / full.inWorker,
    };
  } finally {
    await page.close();
  }
}

/**
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} place
 * @returns {Promise<Record<string, number>>}
 */
export async function run(place) {
  const host = await startHost(place.url, { far: SLOW_4G });
  try {
    /** @type {Record<string, number>[]} */
    const visits = [];
    for (let count = 0; count <= VISITS; count += 1) {
      const seen = await visit(place.browser, host);
      // The first of them makes the host compress its files.
      if (count > 0) visits.push(seen);
    }
    /** @type {Record<string, number>} */
    const figures = {};
    for (const figure of Object.keys(visits[0] ?? {}))
      figures[figure] = median(visits.map((each) => each[figure] ?? Number.NaN));
    return { ...figures, ...(await slowdowns(place)) };
  } finally {
    await host.close();
  }
}
