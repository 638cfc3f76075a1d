import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuild } from './build-page.mjs';
import { CHROMIUM_FLAGS } from './chromium-flags.mjs';
import { findChromiumWithoutInstalling } from './find-browser.mjs';
import { projectRoot } from './project-root.mjs';
import { SetUpProblem } from './set-up.mjs';

/**
 * @typedef {object} PageUnderTest
 * @property {import('@playwright/test').Browser} browser a fresh one for each benchmark. Its pages are private: what
 *   they store stays in memory
 * @property {() => Promise<import('@playwright/test').BrowserContext>} openProfile a browser with one page and a new
 *   profile on disk, as a visitor has it
 * @property {string} url where the built page is served: it ends with a slash
 */

/**
 * @typedef {object} PageBenchmark what each `bench/page/*.bench.mjs` exports
 * @property {string} name
 * @property {(page: PageUnderTest) => Promise<Record<string, number | string>>} run figures by name
 */

/** What is measured must not be slowed for being out of sight. */
const MEASURING_FLAGS = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** The page as `npm start` serves it, built from what is in the work tree, on any free port. */
async function servePage() {
  await ensureBuild();
  const { preview } = await import('vite');
  const server = await preview({
    root: projectRoot,
    logLevel: 'warn',
    preview: { port: 0, host: 'localhost', open: false },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The page could not be served.');
  return { url: `http://localhost:${address.port}/`, close: () => server.close() };
}

/**
 * @param {string} file
 * @returns {Promise<PageBenchmark>}
 */
async function load(file) {
  const module = await import(pathToFileURL(file).href);
  if (typeof module.name !== 'string' || typeof module.run !== 'function') {
    throw new SetUpProblem(`${file} must export "name" (a string) and "run" (a function).`);
  }
  return module;
}

/**
 * Runs a benchmark on the built page in Chromium.
 *
 * @param {string} file path of the `bench/page/*.bench.mjs`
 * @returns {Promise<{ name: string, version: string, figures: Record<string, number | string> } | null>} null when
 *   there is no Chromium
 */
export async function benchPage(file) {
  const found = findChromiumWithoutInstalling();
  if (found === undefined) return null;
  const { name, run } = await load(file);
  const { chromium } = await import('@playwright/test');
  const served = await servePage();
  const options = {
    executablePath: found.executablePath,
    args: [...CHROMIUM_FLAGS, ...MEASURING_FLAGS],
  };
  const browser = await chromium.launch(options);
  /** @type {import('@playwright/test').BrowserContext[]} */
  const profiles = [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bulkhead-bench-'));
  const openProfile = async () => {
    const profile = await chromium.launchPersistentContext(path.join(folder, String(profiles.length)), {
      ...options,
      viewport: { width: 1440, height: 900 },
    });
    profiles.push(profile);
    return profile;
  };
  try {
    const figures = await run({ browser, url: served.url, openProfile });
    return { name, version: browser.version(), figures };
  } finally {
    for (const profile of profiles) await profile.close();
    await browser.close();
    await served.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
