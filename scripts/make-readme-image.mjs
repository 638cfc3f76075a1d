import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from './build-page.mjs';
import { CHROMIUM_FLAGS } from './chromium-flags.mjs';
import { findBrowser } from './find-browser.mjs';
import { projectRoot } from './project-root.mjs';
import { ensureDependencies, runScript, SetUpProblem } from './set-up.mjs';

// The picture of the README, from the running product: a stream of orders, Shipping slow, Order's
// breaker to Shipping open. `node scripts/make-readme-image.mjs [--theme dark] [--out docs/images/bulkhead.png]`

const { values: options } = parseArgs({
  options: {
    theme: { type: 'string', default: 'light' },
    out: { type: 'string', default: 'docs/images/bulkhead.png' },
  },
});

const READY_MS = 60_000;
const OPEN_MS = 60_000;
const LOOK_MS = 200;

/**
 * @param {import('@playwright/test').Page} page
 * @param {Record<string, unknown>} command
 */
async function run(page, command) {
  const result = await page.evaluate(
    /** @param {Record<string, unknown>} wanted */
    // @ts-expect-error the scripting door of the page: docs/scripting.md
    (wanted) => window.bulkhead.command(wanted),
    command,
  );
  if (!result.ok) throw new SetUpProblem(`${String(command.type)}: ${result.error.message}`);
}

/**
 * Waits for the first event with these fields.
 *
 * @param {import('@playwright/test').Page} page
 * @param {Record<string, unknown>} fields
 */
async function waitForEvent(page, fields) {
  const hasHappened = () =>
    page.evaluate(
      /** @param {Record<string, unknown>} wanted */
      async (wanted) => {
        // @ts-expect-error the scripting door of the page: docs/scripting.md
        const events = await window.bulkhead.events();
        return events.some((/** @type {Record<string, unknown>} */ event) =>
          Object.entries(wanted).every(([name, value]) => event[name] === value),
        );
      },
      fields,
    );
  for (const untilMs = performance.now() + OPEN_MS; !(await hasHappened()); ) {
    if (performance.now() > untilMs) throw new SetUpProblem(`${JSON.stringify(fields)} did not happen.`);
    await page.waitForTimeout(LOOK_MS);
  }
}

await runScript(async () => {
  await ensureDependencies();
  await ensureBuild();
  const { executablePath } = await findBrowser();
  const { preview } = await import('vite');
  const { chromium } = await import('@playwright/test');

  const server = await preview({
    root: projectRoot,
    logLevel: 'warn',
    preview: { port: 41_740, open: false },
  });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new SetUpProblem('The page could not be served.');
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  try {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: options.theme === 'dark' ? 'dark' : 'light',
    });
    const page = await context.newPage();
    await page.goto(`${url}#theme=${options.theme}`);
    // @ts-expect-error the scripting door of the page: docs/scripting.md
    await page.waitForFunction(() => window.bulkhead !== undefined, undefined, { timeout: READY_MS });
    // @ts-expect-error as above
    await page.evaluate(() => window.bulkhead.ready);

    await run(page, { type: 'load.set', running: true, ordersPerSecond: 2, browsesPerSecond: 3 });
    await run(page, { type: 'run.resume' });
    await waitForEvent(page, { type: 'saga.completed' });
    await run(page, {
      type: 'fault.add',
      fault: {
        kind: 'slow',
        target: { kind: 'service', service: 'shipping' },
        addMs: 2000,
        spreadShare: 0.1,
        share: 1,
        lengthMs: null,
      },
    });
    await waitForEvent(page, {
      type: 'breaker.state.changed',
      service: 'order',
      to: 'shipping',
      after: 'OPEN',
    });
    // Long enough for the shield to count down a little and for an order to be undone.
    await page.waitForTimeout(3000);

    const file = path.resolve(projectRoot, options.out);
    mkdirSync(path.dirname(file), { recursive: true });
    await page.screenshot({ path: file });
    console.log(`Written: ${path.relative(projectRoot, file)}`);
  } finally {
    await browser.close();
    await server.close();
  }
});
