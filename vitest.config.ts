import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_FLAGS } from './scripts/chromium-flags.mjs';
import { findChromiumWithoutInstalling } from './scripts/find-browser.mjs';
import { simInNode } from './scripts/sim-in-node.mjs';

// A forgotten `.only` must not pass for a green suite, and not on CI alone.
const allowOnly = false;
// Generous: what a test waits for should decide, not how busy the machine is.
const testTimeout = 20_000;
const browserTests = 'src/**/*.browser.test.ts';
// Both hosts side by side, in real time: they take minutes, and want a machine to themselves.
const equivalenceTests = 'src/**/equivalence*.browser.test.ts';
const executablePath = findChromiumWithoutInstalling()?.executablePath;

export default defineConfig({
  test: {
    projects: [
      {
        extends: './vite.config.ts',
        test: {
          allowOnly,
          testTimeout,
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.mjs', 'lint/*.test.mjs'],
          exclude: [browserTests],
        },
      },
      {
        extends: './vite.config.ts',
        test: {
          allowOnly,
          testTimeout,
          name: 'dom',
          environment: 'jsdom',
          include: ['src/**/*.test.tsx'],
          setupFiles: ['./vitest.setup-dom.ts'],
        },
      },
      inChromium('browser', { include: [browserTests], exclude: [equivalenceTests] }),
      inChromium('equivalence', { include: [equivalenceTests] }),
    ],
  },
});

function inChromium(name: string, files: { readonly include: string[]; readonly exclude?: string[] }) {
  return {
    extends: './vite.config.ts' as const,
    // Found before the first test: a dependency met later makes Vite reload the page under a running one.
    optimizeDeps: { entries: [browserTests, 'src/**/*.worker.ts'] },
    test: {
      allowOnly,
      testTimeout,
      name,
      ...files,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: { args: CHROMIUM_FLAGS, ...(executablePath ? { executablePath } : {}) },
        }),
        instances: [{ browser: 'chromium' as const }],
        commands: { simInNode },
      },
    },
  };
}
