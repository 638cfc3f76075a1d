import { afterEach, expect, it, vi } from 'vitest';
import { findBrowser, findChromiumWithoutInstalling, installedBrowserPaths } from './find-browser.mjs';

afterEach(() => vi.unstubAllEnvs());

it('looks through the PATH of a Linux machine, Chromium first', () => {
  const paths = installedBrowserPaths('linux', { PATH: '/opt/bin:relative:/usr/bin' });
  expect(paths[0]).toBe('/opt/bin/chromium');
  expect(paths).toContain('/usr/bin/google-chrome-stable');
  expect(paths).toContain('/snap/bin/chromium');
  expect(paths.every((path) => path.startsWith('/'))).toBe(true);
});

it('knows where macOS and Windows keep theirs', () => {
  expect(installedBrowserPaths('darwin', { HOME: '/Users/a' })).toContain(
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  );
  expect(installedBrowserPaths('win32', { ProgramFiles: 'C:\\Program Files' })).toContain(
    'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
  );
});

it('takes the one that the environment names, and says so if it is not there', async () => {
  vi.stubEnv('BULKHEAD_CHROMIUM', '/nowhere/chromium');
  expect(findChromiumWithoutInstalling()?.source).toBe('BULKHEAD_CHROMIUM');
  await expect(findBrowser()).rejects.toThrow('/nowhere/chromium');
});
