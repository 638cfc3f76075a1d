import { defineConfig } from '@playwright/test';
import { CHROMIUM_FLAGS } from './scripts/chromium-flags.mjs';
import { findChromiumWithoutInstalling } from './scripts/find-browser.mjs';

/** The files whose tests are about times: breakers that open, customers who are served. */
const TIMED = ['breaker-and-saga', 'compare', 'first-visit', 'time-and-lab'].map((name) => `${name}.spec.ts`);

const port = Number(process.env['BULKHEAD_E2E_PORT'] ?? 41739);
const executablePath = findChromiumWithoutInstalling()?.executablePath;

export default defineConfig({
  testDir: 'e2e',
  // One page at a time: the tests measure times, and two pages on two cores would disturb each other.
  workers: 1,
  // The shop runs by the real clock, and a busy machine is a slow network. A second try is said: "flaky".
  retries: process.env['CI'] === undefined ? 0 : 1,
  projects: [
    // What is told by when it happens has the machine to itself; the others wait for what happens.
    { name: 'timed', testMatch: TIMED },
    { name: 'patient', testIgnore: TIMED },
  ],
  forbidOnly: true,
  timeout: 120_000,
  reporter: 'list',
  use: {
    baseURL: `http://localhost:${port}/`,
    viewport: { width: 1440, height: 900 },
    // A recorder at work costs the page a good part of its time, and times are what many tests are about.
    trace: 'on-first-retry',
    browserName: 'chromium',
    launchOptions: { args: CHROMIUM_FLAGS, ...(executablePath ? { executablePath } : {}) },
  },
  webServer: {
    // The very command that a person types, so that it is tested too.
    command: `node scripts/start.mjs --no-open --port ${port} --strict-port`,
    url: `http://localhost:${port}/`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
    timeout: 180_000,
  },
});
