import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureBuild } from './build-page.mjs';
import { findBrowser } from './find-browser.mjs';
import { projectRoot } from './project-root.mjs';
import { runCommand } from './run-command.mjs';
import { ensureDependencies, SetUpProblem } from './set-up.mjs';
import { add, closingLine, countPlaywright, countStorms, countVitest, nothing } from './test-counts.mjs';

/** @typedef {import('./test-counts.mjs').Counts} Counts */

const usage = `npm test -- [--unit] [--browser] [--e2e] [--storm] [--equivalence] [words that a test file's path must contain]`;
const partNames = /** @type {const} */ (['unit', 'browser', 'e2e', 'storm', 'equivalence']);
/** Storms take minutes: without a word they are for CI. The equivalence of the hosts takes ten, and is only run when asked for. */
const usualParts = partNames.filter(
  (name) => name !== 'equivalence' && (name !== 'storm' || process.env.CI !== undefined),
);
/** CI's share of storms: the corpus, one seed of the commit, then fresh ones for so long, and 100 at least. */
const STORM_SECONDS = 120;
const LEAST_STORMS = 100;

const reportFolder = mkdtempSync(path.join(tmpdir(), 'bulkhead-tests-'));
process.once('exit', () => rmSync(reportFolder, { recursive: true, force: true }));

/** @param {string} name */
function binary(name) {
  const require = createRequire(import.meta.url);
  const manifestPath = require.resolve(`${name}/package.json`);
  const { bin } = require(manifestPath);
  return path.join(path.dirname(manifestPath), typeof bin === 'string' ? bin : Object.values(bin)[0]);
}

/**
 * @param {string} part
 * @param {{ arguments_: string[], env: Record<string, string>, limitSeconds: number, count: (report: unknown) => Counts }} runner
 * @returns {Promise<Counts>}
 */
async function runPart(part, runner) {
  const reportFile = path.join(reportFolder, `${part}.json`);
  const { exitCode, problem } = await runCommand(
    process.execPath,
    runner.arguments_.map((argument) => argument.replace('REPORT', reportFile)),
    {
      cwd: projectRoot,
      env: { ...runner.env, PLAYWRIGHT_JSON_OUTPUT_FILE: reportFile },
      limitSeconds: runner.limitSeconds,
    },
  );
  /** @type {Counts} */
  let counts;
  try {
    counts = runner.count(JSON.parse(readFileSync(reportFile, 'utf8')));
  } catch {
    counts = nothing;
  }
  // Whatever went wrong outside a test must show in the closing line too.
  const trouble =
    problem ??
    (exitCode !== 0 && counts.failed === 0
      ? `ended with code ${exitCode} though no test failed`
      : counts.passed + counts.failed === 0
        ? 'ran no test'
        : undefined);
  if (trouble === undefined) return counts;
  console.error(`\nThe runner of the ${part} tests: ${trouble}.`);
  return add(counts, { ...nothing, failed: counts.failed === 0 ? 1 : 0 });
}

/**
 * @param {readonly string[]} projects
 * @param {readonly string[]} words
 * @param {number} limitSeconds
 */
const vitest = (projects, words, limitSeconds) => ({
  arguments_: [
    binary('vitest'),
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    '--outputFile.json=REPORT',
    ...words,
  ],
  env: {},
  limitSeconds,
  count: countVitest,
});

/**
 * @param {readonly string[]} words
 * @param {number} limitSeconds
 */
const playwright = (words, limitSeconds) => ({
  arguments_: [binary('@playwright/test'), 'test', '--reporter=list,json', ...words],
  env: {},
  limitSeconds,
  count: countPlaywright,
});

const storms = {
  arguments_: [
    path.join('scripts', 'run-cli.mjs'),
    'storm',
    '--seconds',
    String(STORM_SECONDS),
    '--seeds',
    String(LEAST_STORMS),
    '--json',
    'REPORT',
  ],
  env: {},
  limitSeconds: 900,
  count: countStorms,
};

/**
 * @param {readonly string[]} args
 * @returns {Promise<Counts>}
 */
async function run(args) {
  const flags = args.filter((arg) => arg.startsWith('--'));
  const words = args.filter((arg) => !arg.startsWith('--'));
  const unknown = flags.find((flag) => !partNames.some((name) => flag === `--${name}`));
  if (unknown !== undefined) throw new SetUpProblem(`There is no option ${unknown}.\n${usage}`);
  const chosen = new Set(flags.length === 0 ? usualParts : flags.map((flag) => flag.slice(2)));

  await ensureDependencies();
  let total = nothing;
  if (chosen.has('unit')) total = add(total, await runPart('unit', vitest(['unit', 'dom'], words, 600)));
  if (chosen.has('storm')) total = add(total, await runPart('storm', storms));
  if (!['browser', 'e2e', 'equivalence'].some((part) => chosen.has(part))) return total;

  try {
    const { executablePath, source } = await findBrowser();
    console.log(`\nBrowser: ${executablePath} (${source})`);
    // The runners' own configurations look here first.
    process.env.BULKHEAD_CHROMIUM = executablePath;
    if (chosen.has('browser')) {
      total = add(total, await runPart('browser', vitest(['browser'], words, 500)));
    }
    if (chosen.has('equivalence')) {
      total = add(total, await runPart('equivalence', vitest(['equivalence'], words, 1800)));
    }
    if (chosen.has('e2e')) {
      await ensureBuild();
      total = add(total, await runPart('e2e', playwright(words, 1800)));
    }
  } catch (error) {
    console.error(error instanceof SetUpProblem ? `\n${error.message}` : error);
    total = add(total, { ...nothing, failed: 1 });
  }
  return total;
}

let total = nothing;
try {
  total = await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetUpProblem ? `\n${error.message}` : error);
  total = { ...nothing, failed: 1 };
}
console.log(`\n${closingLine(total)}`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
