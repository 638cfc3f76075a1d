import { readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { benchInChromium } from './bench-in-chromium.mjs';
import { benchPage } from './bench-page.mjs';
import { bundleForNode } from './bundle-for-node.mjs';
import { projectRoot } from './project-root.mjs';
import { ensureDependencies, runScript, SetUpProblem } from './set-up.mjs';

/**
 * @typedef {object} Benchmark what each `bench/*.bench.ts` exports; for those in `bench/page` see `bench-page.mjs`
 * @property {string} name
 * @property {(turn: (next: () => void) => void) => Promise<Record<string, number | string>>} run figures by name;
 *   ratios within one run say more than times. `turn`: a macrotask of the place where it runs
 * @property {boolean} [inChromium] it runs in a worker of Chromium too
 */

/** @typedef {Record<string, number | string>} Figures */

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {Figures} figures
 * @property {Figures | null} [inChromium] what it gave there as well; null: there is no Chromium
 * @property {string} [chromium] its version
 */

const ending = '.bench.ts';
const pageEnding = '.bench.mjs';

/**
 * @param {string} file
 * @returns {Promise<Benchmark>}
 */
async function load(file) {
  const name = path.basename(file, ending);
  const module = await import(pathToFileURL(await bundleForNode(file, { name: `bench-${name}` })).href);
  if (typeof module.name !== 'string' || typeof module.run !== 'function') {
    throw new SetUpProblem(`bench/${name}${ending} must export "name" (a string) and "run" (a function).`);
  }
  return module;
}

/**
 * @param {string} file
 * @returns {Promise<Result>}
 */
async function runInNode(file) {
  const { name, run, inChromium } = await load(file);
  const figures = await run((next) => setImmediate(next));
  if (!inChromium) return { name, figures };
  const there = await benchInChromium(file);
  return there === null
    ? { name, figures, inChromium: null }
    : { name, figures, inChromium: there.figures, chromium: there.version };
}

/**
 * @param {string} file
 * @returns {Promise<Result>}
 */
async function runOnPage(file) {
  const result = await benchPage(file);
  if (result !== null) return { name: result.name, figures: result.figures, chromium: result.version };
  return { name: path.basename(file, pageEnding), figures: {}, inChromium: null };
}

/**
 * @param {string} folder
 * @param {string} ofEnding
 * @param {readonly string[]} words
 */
const filesIn = (folder, ofEnding, words) =>
  readdirSync(path.join(projectRoot, folder))
    .filter((file) => file.endsWith(ofEnding))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
    .map((file) => `${folder}/${file}`);

/** @param {number | string | undefined} figure */
const readable = (figure) => {
  if (typeof figure !== 'number') return figure ?? '–';
  if (Math.abs(figure) >= 1000) return Math.round(figure).toLocaleString('en');
  return String(Number(figure.toPrecision(4)));
};

/**
 * @param {Figures} figures
 * @param {Figures | null | undefined} chromium
 */
function table(figures, chromium) {
  const rows = Object.entries(figures).map(([key, figure]) => [
    key,
    readable(figure),
    ...(chromium ? [readable(chromium[key])] : []),
  ]);
  if (chromium) rows.unshift(['', 'Node', 'Chromium']);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
  );
}

await runScript(async () => {
  const args = process.argv.slice(2);
  const asJson = args.includes('--json');
  const words = args.filter((arg) => !arg.startsWith('--'));
  const unknown = args.find((arg) => arg.startsWith('--') && arg !== '--json');
  if (unknown !== undefined) {
    throw new SetUpProblem(`There is no option ${unknown}.\nnpm run bench -- [--json] [words of a name]`);
  }
  await ensureDependencies();

  const inNode = filesIn('bench', ending, words);
  const onPage = filesIn('bench/page', pageEnding, words);
  /** @type {{ node: string, processor: string, cores: number, chromium?: string }} */
  const machine = {
    node: process.version,
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
  };
  const results = [];
  if (!asJson) {
    console.log(`Node ${machine.node}, ${machine.cores} × ${machine.processor}`);
    if (inNode.length + onPage.length === 0) console.log(`No benchmark matches ${words.join(' ')}.`);
  }
  for (const file of [...inNode, ...onPage]) {
    const start = performance.now();
    const run = onPage.includes(file) ? runOnPage : runInNode;
    const { name, figures, inChromium, chromium } = await run(path.join(projectRoot, file));
    const seconds = (performance.now() - start) / 1000;
    if (chromium) machine.chromium = chromium;
    const there = inChromium === undefined ? {} : { chromium: inChromium ?? 'no Chromium was found' };
    results.push({ file, name, seconds, figures, ...there });
    if (asJson) continue;
    console.log(`\n${name} (${seconds.toFixed(1)} s)`);
    for (const line of table(figures, inChromium)) console.log(line);
    if (inChromium === null) console.log('  No Chromium was found: nothing was measured in it.');
  }
  if (asJson) console.log(JSON.stringify({ machine, benchmarks: results }, null, 2));
});
