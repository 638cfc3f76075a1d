import { defineConfig } from '@playwright/test';
import { CHROMIUM_FLAGS } from './scripts/chromium-flags.mjs';
import { findChromiumWithoutInstalling } from './scripts/find-browser.mjs';

const port = Number(process.env['BULKHEAD_E2E_PORT'] ?? 41739);
const executablePath = findChromiumWithoutInstalling()?.executablePath;

export default defineConfig({
  testDir: 'e2e',
  // One page at a time: the tests measure times, and two pages on two cores would disturb each other.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  reporter: 'list',
  use: {
    baseURL: `http://localhost:${port}/`,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
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
