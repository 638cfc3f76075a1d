import { median, openShop } from './shop-page.mjs';

export const name = 'A frame of the page with 1,000 tokens';

const TOKENS = 1000;
const ROUNDS = 5;
const SPAN_MS = 2000;
/** So that a small machine is not busy with so many customers. */
const GATHERING_SPEED = 0.5;

/** Every way takes ten seconds and nobody gives up or turns anybody away, so that calls gather. */
const LONG_WAYS = (() => {
  const patient = 3_600_000;
  const roomy = { requestSlots: 1000, queueLimit: 1000, cpuSlots: 1000, serviceTimeMs: 0 };
  return {
    hop: { meanMs: 10_000, spread: 0 },
    deadlines: { readMs: patient, orderMs: patient },
    edge: { timeoutMs: patient, retry: null, breaker: null, bulkhead: null },
    rateLimit: { perSecond: 10_000, burst: 10_000 },
    registry: { heartbeatMs: 1000, leaseMs: patient, fetchMs: patient },
    services: { customers: roomy, gateway: roomy, product: roomy },
  };
})();
const MANY_CUSTOMERS = {
  running: true,
  ordersPerSecond: 0,
  statusesPerSecond: 0,
  browsesPerSecond: 50,
};

/** @typedef {Awaited<ReturnType<typeof openShop>>} Shop */

/**
 * Requests and answers on their way, as the diagram shows them: what a service has in hand is none.
 *
 * @param {Shop} shop
 */
const tokensOf = ({ door }) =>
  door.evaluate(async (bulkhead) => {
    const open = new Set();
    const moving = new Set();
    for (const event of await bulkhead.events()) {
      const { type, spanId } = event;
      if (type === 'request.sent' && event.plane === 'data') open.add(spanId);
      if (!open.has(spanId)) continue;
      if (type === 'request.sent' || type === 'response.sent') moving.add(spanId);
      if (type === 'request.received' || type === 'response.received' || type === 'request.failed')
        moving.delete(spanId);
    }
    return moving.size;
  });

/** @param {Shop} shop */
const lastSeqOf = ({ door }) =>
  door.evaluate((bulkhead) => /** @type {{ lastSeq: number }} */ (bulkhead.state()).lastSeq);

/** @param {Shop} shop */
async function frameMeter({ page }) {
  const session = await page.context().newCDPSession(page);
  // The main thread's own processor time: what others do on this machine does not count.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busyMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Number.NaN) * 1000;
  };
  return async () => {
    const before = await busyMs();
    const { frames, ms } = await page.evaluate(
      (spanMs) =>
        new Promise((/** @type {(seen: { frames: number, ms: number }) => void} */ resolve) => {
          const startMs = performance.now();
          let frames = 0;
          const onFrame = () => {
            frames += 1;
            const ms = performance.now() - startMs;
            if (ms < spanMs) requestAnimationFrame(onFrame);
            else resolve({ frames, ms });
          };
          requestAnimationFrame(onFrame);
        }),
      SPAN_MS,
    );
    return { perFrameMs: ((await busyMs()) - before) / frames, perSecond: frames / (ms / 1000) };
  };
}

/**
 * Four states of the page in turn, several rounds of each: paused; open, with no customers; with a thousand tokens
 * that move, at a tenth of the speed so that next to nothing else happens; and with them at full speed, when there
 * is also something to hear of a thousand calls.
 *
 * @param {import('../../scripts/bench-page.mjs').PageUnderTest} page
 * @returns {Promise<Record<string, number>>}
 */
export async function run({ browser, url }) {
  const quiet = await openShop(browser, url);
  const busy = await openShop(browser, url);
  const quietFrames = await frameMeter(quiet);
  const busyFrames = await frameMeter(busy);

  await quiet.command({ type: 'load.set', running: false });
  await busy.command({ type: 'settings.set', patch: LONG_WAYS });
  await busy.command({ type: 'load.set', ...MANY_CUSTOMERS });
  await busy.command({ type: 'run.speed', speed: GATHERING_SPEED });
  await busy.command({ type: 'run.resume' });
  while ((await tokensOf(busy)) < TOKENS) await busy.page.waitForTimeout(250);
  await busy.command({ type: 'load.set', running: false });
  await busy.command({ type: 'run.pause' });

  /** @typedef {Awaited<ReturnType<typeof quietFrames>>} Frames */
  /** @type {Record<'paused' | 'open' | 'slow' | 'tokens', Frames>[]} */
  const rounds = [];
  const counts = [];
  const events = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const paused = await quietFrames();
    await quiet.command({ type: 'run.resume' });
    const open = await quietFrames();
    await quiet.command({ type: 'run.pause' });
    counts.push(await tokensOf(busy));
    await busy.command({ type: 'run.speed', speed: 0.1 });
    await busy.command({ type: 'run.resume' });
    const slow = await busyFrames();
    await busy.command({ type: 'run.speed', speed: 1 });
    const before = await lastSeqOf(busy);
    const tokens = await busyFrames();
    events.push(((await lastSeqOf(busy)) - before) / (SPAN_MS / 1000));
    await busy.command({ type: 'run.pause' });
    counts.push(await tokensOf(busy));
    rounds.push({ paused, open, slow, tokens });
  }

  /** @typedef {'paused' | 'open' | 'slow' | 'tokens'} State */
  const perFrame = (/** @type {State} */ state) => median(rounds.map((round) => round[state].perFrameMs));
  /** @type {(one: State, other: State) => number} */
  const ratio = (one, other) =>
    median(rounds.map((round) => round[one].perFrameMs / round[other].perFrameMs));
  return {
    'tokens, at least': Math.min(...counts),
    'tokens, at most': Math.max(...counts),
    'events a second, with tokens': median(events),
    'paused, ms per frame': perFrame('paused'),
    'open without customers, ms per frame': perFrame('open'),
    'tokens at a tenth of the speed, ms per frame': perFrame('slow'),
    'tokens, ms per frame': perFrame('tokens'),
    'tokens at a tenth of the speed ÷ open without customers': ratio('slow', 'open'),
    'tokens ÷ open without customers': ratio('tokens', 'open'),
    'open without customers ÷ paused': ratio('open', 'paused'),
    'tokens ÷ paused': ratio('tokens', 'paused'),
    'frames a second, paused': median(rounds.map(({ paused }) => paused.perSecond)),
    'frames a second, with tokens': median(rounds.map(({ tokens }) => tokens.perSecond)),
  };
}
