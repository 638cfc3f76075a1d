import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from './project-root.mjs';
import { runCommand } from './run-command.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 */
/** @typedef {{ packages: Record<string, LockedPackage> }} Lockfile */

/** A failure that is told to a person as one sentence, without a stack. */
export class SetUpProblem extends Error {}

/**
 * The same range as `engines.node` in package.json, which npm only warns about.
 *
 * @param {string} version
 */
export function isNodeNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 12;
  return major > 22;
}

/**
 * What is installed counts as up to date when it has each locked package in its locked version. Packages for
 * other platforms are optional and not installed; a package installed by hand on top does no harm.
 *
 * @param {Lockfile} locked package-lock.json
 * @param {Lockfile} installed node_modules/.package-lock.json, which npm writes at the end of an installation
 */
export function isInstallationCurrent(locked, installed) {
  return Object.entries(locked.packages).every(([location, wanted]) => {
    if (location === '') return true;
    const present = installed.packages[location];
    if (present === undefined) return wanted.optional === true;
    return present.version === wanted.version && present.integrity === wanted.integrity;
  });
}

/**
 * @param {string} file
 * @returns {Lockfile | undefined}
 */
function readLockfile(file) {
  try {
    return JSON.parse(readFileSync(path.join(projectRoot, file), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Run by npm, the path of that very npm is at hand, and no shell is needed on Windows to find it.
 *
 * @param {readonly string[]} args
 * @param {number} limitSeconds
 */
export function runNpm(args, limitSeconds) {
  const options = { cwd: projectRoot, limitSeconds };
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js')) return runCommand(process.execPath, [script, ...args], options);
  if (process.platform === 'win32') return runCommand('cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options);
  return runCommand('npm', args, options);
}

/** Installs the dependencies if they are missing or not those of the lockfile. */
export async function ensureDependencies() {
  if (!isNodeNewEnough(process.versions.node)) {
    throw new SetUpProblem(
      `Bulkhead needs Node 20.19 or newer, or 22.12 or newer; this is Node ${process.versions.node}.`,
    );
  }
  const locked = readLockfile('package-lock.json');
  if (locked === undefined) throw new SetUpProblem('package-lock.json is missing or is not JSON.');
  const installed = readLockfile('node_modules/.package-lock.json');
  if (installed !== undefined && isInstallationCurrent(locked, installed)) return;

  console.error(
    installed === undefined
      ? 'Installing the dependencies (once) …'
      : 'The lockfile has changed: installing the dependencies …',
  );
  // Errors only: npm would warn that msw asks for Node 22, which its browser side, the only one used, does not need.
  const { exitCode, problem } = await runNpm(['ci', '--include=dev', '--loglevel=error'], 900);
  if (exitCode !== 0) {
    throw new SetUpProblem(
      `The dependencies could not be installed: npm ci ${problem ?? `ended with code ${exitCode}`}. Its own words are above; is the network up?`,
    );
  }
}

/**
 * Runs a script's body and turns a problem that a person can solve into its sentence and exit code 1.
 *
 * @param {() => Promise<void>} body
 */
export async function runScript(body) {
  try {
    await body();
  } catch (error) {
    if (error instanceof SetUpProblem) console.error(`\n${error.message}`);
    else console.error(error);
    process.exitCode = 1;
  }
}

// Called as a program, it does just that.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await runScript(ensureDependencies);
