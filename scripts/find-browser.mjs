import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from './project-root.mjs';
import { runCommand } from './run-command.mjs';
import { SetUpProblem } from './set-up.mjs';

/** @typedef {{ executablePath: string, source: string }} FoundBrowser */

const require = createRequire(import.meta.url);

/**
 * Where Chromium and its kin live when somebody has installed one.
 *
 * @param {NodeJS.Platform} platform
 * @param {Record<string, string | undefined>} env
 * @returns {string[]}
 */
export function installedBrowserPaths(platform, env) {
  if (platform === 'darwin') {
    const bundles = ['Chromium', 'Google Chrome', 'Microsoft Edge', 'Brave Browser'];
    const folders = ['/Applications', ...(env.HOME ? [`${env.HOME}/Applications`] : [])];
    return bundles.flatMap((name) => folders.map((folder) => `${folder}/${name}.app/Contents/MacOS/${name}`));
  }
  if (platform === 'win32') {
    const folders = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA].filter(
      (folder) => folder !== undefined,
    );
    return [
      'Chromium\\Application\\chrome.exe',
      'Google\\Chrome\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
    ].flatMap((file) => folders.map((folder) => `${folder}\\${file}`));
  }
  const names = [
    'chromium',
    'chromium-browser',
    'google-chrome-stable',
    'google-chrome',
    'microsoft-edge-stable',
    'microsoft-edge',
  ];
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return names.flatMap((name) =>
    [...new Set([...folders, '/usr/bin', '/snap/bin'])].map((folder) => `${folder}/${name}`),
  );
}

/**
 * A file of the right name may be an empty promise: Ubuntu's chromium-browser only says that it wants a snap,
 * and a downloaded Chromium may lack its libraries. On Windows `--version` would open a window.
 *
 * @param {string} executablePath
 */
function works(executablePath) {
  if (!existsSync(executablePath)) return false;
  if (process.platform === 'win32') return true;
  const { status, stdout } = spawnSync(executablePath, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  return status === 0 && /\d+\.\d+/.test(stdout);
}

/** @returns {string | undefined} */
function playwrightsOwnPath() {
  try {
    return require('playwright-core').chromium.executablePath();
  } catch {
    return undefined;
  }
}

/**
 * What is there already, without downloading anything.
 *
 * @returns {FoundBrowser | undefined}
 */
export function findChromiumWithoutInstalling() {
  const chosen = process.env.BULKHEAD_CHROMIUM;
  if (chosen) return { executablePath: chosen, source: 'BULKHEAD_CHROMIUM' };
  const installed = installedBrowserPaths(process.platform, process.env).find(works);
  if (installed !== undefined) return { executablePath: installed, source: 'installed' };
  const own = playwrightsOwnPath();
  if (own !== undefined && works(own)) return { executablePath: own, source: "Playwright's" };
  return undefined;
}

function isDebianRoot() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/**
 * A Chromium to test with: one that is installed, else Playwright's, else Debian's package.
 *
 * @returns {Promise<FoundBrowser>}
 */
export async function findBrowser() {
  const present = findChromiumWithoutInstalling();
  if (present !== undefined) {
    if (!existsSync(present.executablePath)) {
      throw new SetUpProblem(`BULKHEAD_CHROMIUM names ${present.executablePath}, and there is no such file.`);
    }
    return present;
  }

  console.log('No Chromium is installed: trying to download the one of Playwright …');
  const playwrightCli = path.join(path.dirname(require.resolve('playwright-core/package.json')), 'cli.js');
  // Behind a firewall this download can hang for ever.
  await runCommand(process.execPath, [playwrightCli, 'install', 'chromium'], {
    cwd: projectRoot,
    limitSeconds: 300,
    stallSeconds: 60,
  });
  const downloaded = playwrightsOwnPath();
  if (downloaded !== undefined && works(downloaded)) {
    return { executablePath: downloaded, source: "Playwright's" };
  }

  if (isDebianRoot()) {
    console.log("That did not work: trying the system's package …");
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const update = await runCommand('apt-get', ['update', '-q'], { env, limitSeconds: 180 });
    if (update.exitCode === 0) {
      const install = ['install', '-q', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation'];
      await runCommand('apt-get', install, { env, limitSeconds: 480 });
    }
    const installed = installedBrowserPaths(process.platform, process.env).find(works);
    if (installed !== undefined) return { executablePath: installed, source: "the system's package" };
  }

  throw new SetUpProblem(
    'No Chromium was found and none could be installed: install Chromium, Chrome or Edge (or set BULKHEAD_CHROMIUM to the path of one), then try again.',
  );
}
