import { openShopIn } from './shop-page.mjs';

export const name = 'Orders that the live page sustains for 60 s, with every safety net on';

/** @typedef {Awaited<ReturnType<typeof openShopIn>>} Shop */
/** @typedef {{ name: string, pid: number, tid: number, tdur?: number, args: { name?: string } }} TraceEvent */

/**
 * The classroom's own slots let four orders a second through: that is its lesson. So that the page is what is
 * measured, its services get four times their slots and its hops a tenth of their length. What protects the shop
 * stays as it is: timeouts, retries, breakers, bulkheads, rate limit, deadlines, sagas.
 */
const ROOMY = {
  hop: { meanMs: 25 },
  services: {
    user: { requestSlots: 16, cpuSlots: 16 },
    product: { requestSlots: 16, cpuSlots: 16 },
    order: { requestSlots: 48, cpuSlots: 48 },
    shipping: { requestSlots: 24, cpuSlots: 24 },
  },
};
const RATES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50];
const FIRST_RATE = 4;
const WARM_UP_S = 5;
const PROBE_S = 15;
const FIRST_HEAP_S = 20;
const SPAN_S = 60;
const TRACE_S = 5;
/** So many of the orders that are sent in a span have to be confirmed in it: the backlog does not grow. */
const SUSTAINED_SHARE = 0.95;
const ENDED_WITHIN_S = 30;

const LEAST_PER_SECOND = 10;
const LONG_TASK_MS = 100;
const MOST_LOG_BYTES = 64 * 1024 * 1024;
const MOST_HEAP_GROWTH = 1.2;

/** @param {number} seconds */
const pass = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * What the page has in memory once all that can go has gone: objects, and the bytes that the log is packed in.
 *
 * @param {import('@playwright/test').CDPSession} session
 */
async function memoryOf(session) {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
  return { heap: usedSize, all: usedSize + backingStorageSize };
}

/**
 * When the page's thread was busy for 50 ms or longer, since it was opened.
 *
 * @param {Shop} shop
 */
const longTasks = ({ page }) =>
  page.evaluate(
    () =>
      new Promise((/** @type {(tasks: { fromMs: number, ms: number }[]) => void} */ resolve) => {
        const observer = new PerformanceObserver((list) => {
          resolve(list.getEntries().map(({ startTime, duration }) => ({ fromMs: startTime, ms: duration })));
        });
        observer.observe({ type: 'longtask', buffered: true });
        // Without any it is never called.
        setTimeout(() => resolve([]), 1000);
      }),
  );

/**
 * How long the longest task of the page's thread kept a processor busy: what others do on this machine does not count.
 *
 * @param {import('@playwright/test').CDPSession} session
 */
async function longestByProcessorMs(session) {
  /** @type {Set<string>} */
  const pages = new Set();
  /** @type {Map<string, number>} */
  const longestUs = new Map();
  session.on('Tracing.dataCollected', ({ value }) => {
    // Thousands a second: they are looked at and let go.
    for (const each of value) {
      const {
        name: event,
        pid,
        tid,
        tdur = 0,
        args,
      } = /** @type {TraceEvent} */ (/** @type {unknown} */ (each));
      const thread = `${pid} ${tid}`;
      if (event === 'thread_name' && args.name === 'CrRendererMain') pages.add(thread);
      if (event.endsWith('RunTask')) longestUs.set(thread, Math.max(tdur, longestUs.get(thread) ?? 0));
    }
  });
  const traceConfig = { includedCategories: ['toplevel', '__metadata'] };
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  await pass(TRACE_S);
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  return Math.max(...[...pages].map((thread) => longestUs.get(thread) ?? 0)) / 1000;
}

/**
 * What the log says of a span, and whether it is all there.
 *
 * @param {Shop} shop
 * @param {number} fromUs
 * @param {number} toUs
 */
const readLog = ({ door }, fromUs, toUs) =>
  door.evaluate(
    async (bulkhead, span) => {
      const events = await bulkhead.events();
      /**
       * By the life of an instance: how many events it has written, and the highest number among them.
       *
       * @type {Map<string, { count: number, highest: number }>}
       */
      const lives = new Map();
      const open = new Set();
      const seen = { sent: 0, confirmed: 0, openings: 0, lost: events[0]?.seq ?? 0 };
      events.forEach((event, index) => {
        if (event.seq !== (events[index - 1]?.seq ?? event.seq - 1) + 1) seen.lost += 1;
        const cut = event.id.lastIndexOf('.');
        const life = lives.get(event.id.slice(0, cut)) ?? { count: 0, highest: 0 };
        life.count += 1;
        life.highest = Math.max(life.highest, Number(event.id.slice(cut + 1)));
        lives.set(event.id.slice(0, cut), life);
        if (event.type === 'saga.started') open.add(event.sagaId);
        if (event.type === 'saga.completed' || event.type === 'saga.compensated') open.delete(event.sagaId);
        if (event.timeUs < span.fromUs || event.timeUs >= span.toUs) return;
        if (event.type === 'intent.started' && event.kind === 'order') seen.sent += 1;
        if (event.type === 'saga.completed') seen.confirmed += 1;
        if (event.type === 'breaker.state.changed' && event.after === 'OPEN') seen.openings += 1;
      });
      for (const { count, highest } of lives.values()) seen.lost += highest - count;
      return { ...seen, events: events.length, open: open.size };
    },
    { fromUs, toUs },
  );

/** @param {Shop} shop */
const moments = ({ door }) =>
  door.evaluate((bulkhead) => {
    const { clock } = /** @type {{ clock: { nowUs: number } }} */ (bulkhead.state());
    return { pageMs: performance.now(), runUs: clock.nowUs };
  });

/**
 * A new page with so many orders a second, for so long after a warm-up.
 *
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} page
 * @param {number} rate
 * @param {number} spanS
 */
async function liveAt({ openProfile, url }, rate, spanS) {
  const profile = await openProfile();
  try {
    const page = profile.pages()[0] ?? (await profile.newPage());
    /** @type {string[]} */
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    const session = await profile.newCDPSession(page);
    const shop = await openShopIn(page, url);
    await shop.command({ type: 'settings.set', patch: ROOMY });
    await shop.command({ type: 'load.set', running: true, ordersPerSecond: rate });
    await shop.command({ type: 'run.resume' });
    await pass(WARM_UP_S);
    const from = await moments(shop);
    await pass(Math.min(FIRST_HEAP_S, spanS / 2));
    const beforeFirst = await moments(shop);
    const first = await memoryOf(session);
    const afterFirst = await moments(shop);
    await pass(spanS - (afterFirst.runUs - from.runUs) / 1_000_000);
    const to = await moments(shop);
    const last = await memoryOf(session);
    const byProcessorMs = spanS < SPAN_S ? Number.NaN : await longestByProcessorMs(session);
    await shop.command({ type: 'load.set', running: false });
    // A collection that is forced is no task of the page's own.
    const isOwn = (/** @type {number} */ ms) =>
      (ms >= from.pageMs && ms < beforeFirst.pageMs) || (ms >= afterFirst.pageMs && ms < to.pageMs);
    const tasksMs = (await longTasks(shop)).filter(({ fromMs }) => isOwn(fromMs)).map(({ ms }) => ms);
    let log = await readLog(shop, from.runUs, to.runUs);
    // An event has its number before its transaction is durable: what is missing may still be under way.
    for (let waitedS = 0; log.open + log.lost > 0 && waitedS < ENDED_WITHIN_S; waitedS += 2) {
      await pass(2);
      log = await readLog(shop, from.runUs, to.runUs);
    }
    // A reset forgets the run: what that gives back is what was kept of it.
    await shop.command({ type: 'run.reset' });
    const empty = await memoryOf(session);
    const seconds = (to.runUs - from.runUs) / 1_000_000;
    return {
      ...log,
      perSecond: log.confirmed / seconds,
      share: log.confirmed / (rate * seconds),
      errors: errors.length,
      overLong: tasksMs.filter((ms) => ms > LONG_TASK_MS).length,
      longestMs: Math.max(0, ...tasksMs),
      byProcessorMs,
      logBytes: last.all - empty.all,
      heapGrowth: last.heap / first.heap,
      heapGrowthWithoutLog: empty.heap / first.heap,
    };
  } finally {
    await profile.close();
  }
}

/**
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} page
 * @returns {Promise<Record<string, number | string>>}
 */
export async function run(page) {
  /** @type {Record<string, number>} */
  const figures = {};
  let at = RATES.indexOf(FIRST_RATE);
  // Upward in short spans, from a rate that any machine should sustain; or downward to one that this one does.
  const probe = async () => {
    const rate = RATES[at];
    if (rate === undefined) return false;
    const { share } = await liveAt(page, rate, PROBE_S);
    figures[`${rate}/s for ${PROBE_S} s: confirmed ÷ sent`] = share;
    return share >= SUSTAINED_SHARE;
  };
  while (await probe()) at += 1;
  at -= 1;
  for (; at >= 0; at -= 1) {
    const rate = RATES[at] ?? 0;
    const live = await liveAt(page, rate, SPAN_S);
    figures[`${rate}/s for ${SPAN_S} s: confirmed ÷ sent`] = live.share;
    if (live.share < SUSTAINED_SHARE) continue;
    return {
      ...figures,
      'sustained, orders per second': rate,
      [`sustained ÷ ${LEAST_PER_SECOND} a second (at least 1)`]: rate / LEAST_PER_SECOND,
      'breakers that opened': live.openings,
      'log events': live.events,
      'log events lost': live.lost,
      'orders that did not end': live.open,
      'errors of the page': live.errors,
      [`tasks of the page over ${LONG_TASK_MS} ms`]: live.overLong,
      [`longest task ÷ ${LONG_TASK_MS} ms (at most 1)`]: live.longestMs / LONG_TASK_MS,
      'the same by its processor time alone': live.byProcessorMs / LONG_TASK_MS,
      'log in memory ÷ 64 MB (at most 1)': live.logBytes / MOST_LOG_BYTES,
      [`heap at ${SPAN_S} s ÷ at ${FIRST_HEAP_S} s`]: live.heapGrowth,
      [`that ÷ ${MOST_HEAP_GROWTH} (at most 1)`]: live.heapGrowth / MOST_HEAP_GROWTH,
      [`heap without the recording ÷ at ${FIRST_HEAP_S} s`]: live.heapGrowthWithoutLog,
    };
  }
  return { ...figures, 'sustained, orders per second': 0 };
}
