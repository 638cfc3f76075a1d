import { startHost } from './host.mjs';
import { median, openShop } from './shop-page.mjs';
import { slowRenderers } from './slow-process.mjs';

export const name = 'A first visit on a slow device: processor slowed four times, slow 4G';

const VISITS = 3;
const CPU_SLOWDOWN = 4;
/** Lighthouse's slow 4G: 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back. */
const SLOW_4G = { downBytes: 1_600_000 / 8, upBytes: 750_000 / 8, roundTripMs: 150 };

/** @typedef {Awaited<ReturnType<typeof startHost>>} Host */
/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {(page: Page) => Promise<() => Promise<void>>} Slow slows a page, and gives the way to end that */

/** As the developer tools do: the page's main thread. */
const slowPage = async (/** @type {Page} */ page) => {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
  return async () => await session.detach();
};

/** As a slow device is: its workers too. */
const slowAll = async (/** @type {Page} */ page) => {
  const browser = page.context().browser();
  const end = browser === null ? null : await slowRenderers(browser, CPU_SLOWDOWN);
  return end ?? (() => Promise.resolve());
};

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
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} place
 * @param {Host} host
 * @param {Slow} slow
 */
async function visit({ browser, url }, host, slow) {
  host.forget();
  let end = () => Promise.resolve();
  const shop = await openShop(browser, host.url, async (page) => {
    // So that the page gets its process before that is slowed; nothing of the host is asked for.
    await page.goto(new URL('favicon.svg', url).href);
    await page.addInitScript(watchArrival);
    end = await slow(page);
  });
  const { page, door } = shop;
  try {
    await page.waitForFunction(() => performance.getEntriesByName('ready').length > 0);
    await page.getByRole('button', { name: 'One order' }).evaluate((button) => {
      performance.mark('pressed');
      if (button instanceof HTMLElement) button.click();
    });
    const orderUs = await door.evaluate(async (bulkhead) => {
      for (;;) {
        const events = await bulkhead.events();
        const end = events.find(({ type }) => type === 'saga.completed');
        if (end !== undefined) {
          performance.mark('confirmed');
          const start = events.find(({ type }) => type === 'intent.started');
          return end.timeUs - (start?.timeUs ?? 0);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
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
    if (process.env.VERBOSE) console.log(marks, orderUs / 1000);
    return {
      'first paint, s': marks.firstPaint / 1000,
      'diagram, s': marks.diagram / 1000,
      'shop ready, s': marks.ready / 1000,
      'first order confirmed, s': marks.confirmed / 1000,
      'order button to confirmed, s': (marks.confirmed - marks.pressed) / 1000,
      'of that in the shop, s': orderUs / 1_000_000,
      'kB until the diagram': bytesBy(marks.diagram) / 1000,
      'kB until the shop is ready': bytesBy(marks.ready) / 1000,
      'kB until the first order is confirmed': bytesBy(marks.confirmed) / 1000,
      'kB more, by then, for the copy without a network': bytesBy(marks.confirmed, true) / 1000,
    };
  } finally {
    await end();
    await page.context().close();
  }
}

/**
 * How much longer the same work takes under the slowdown: in the page, and in a worker of the page.
 *
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} place
 * @param {Slow} slow
 */
async function slowdowns({ browser, url }, slow) {
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
    const end = await slow(page);
    try {
      const slowed = await measure();
      return { inPage: slowed.inPage / full.inPage, inWorker: slowed.inWorker / full.inWorker };
    } finally {
      await end();
    }
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
    /** @type {Record<string, number>} */
    const figures = {};
    for (const [what, slow] of /** @type {const} */ ([
      ['page slowed', slowPage],
      ['all slowed', slowAll],
    ])) {
      const { inPage, inWorker } = await slowdowns(place, slow);
      figures[`${what}: the page takes longer, times`] = inPage;
      figures[`${what}: a worker takes longer, times`] = inWorker;
      /** @type {Record<string, number>[]} */
      const visits = [];
      for (let count = 0; count <= VISITS; count += 1) {
        const seen = await visit(place, host, slow);
        // The first of them makes the host compress its files.
        if (count > 0) visits.push(seen);
      }
      for (const figure of Object.keys(visits[0] ?? {}))
        figures[`${what}: ${figure}`] = median(visits.map((each) => each[figure] ?? Number.NaN));
    }
    return figures;
  } finally {
    await host.close();
  }
}
