import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { benchInChromium } from './bench-in-chromium.mjs';
import { bundleForNode } from './bundle-for-node.mjs';
import { projectRoot } from './project-root.mjs';
import { ensureDependencies, runScript, SetUpProblem } from './set-up.mjs';

/**
 * @typedef {object} Benchmark what each `bench/*.bench.ts` exports
 * @property {string} name
 * @property {(turn: (next: () => void) => void) => Promise<Record<string, number | string>>} run figures by name;
 *   ratios within one run say more than times. `turn`: a macrotask of the place where it runs
 * @property {boolean} [inChromium] it runs in a worker of Chromium too
 */

/** @typedef {Record<string, number | string>} Figures */

const ending = '.bench.ts';

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

  const folder = path.join(projectRoot, 'bench');
  const files = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith(ending))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
  /** @type {{ node: string, processor: string, cores: number, chromium?: string }} */
  const machine = {
    node: process.version,
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
  };
  const results = [];
  if (!asJson) {
    console.log(`Node ${machine.node}, ${machine.cores} × ${machine.processor}`);
    if (files.length === 0) {
      console.log(
        words.length === 0 ? `There is no bench/*${ending} yet.` : `No benchmark matches ${words.join(' ')}.`,
      );
    }
  }
  for (const file of files) {
    const benchmark = await load(path.join(folder, file));
    const start = performance.now();
    const figures = await benchmark.run((next) => setImmediate(next));
    const chromium = benchmark.inChromium ? await benchInChromium(path.join(folder, file)) : undefined;
    const seconds = (performance.now() - start) / 1000;
    if (chromium) machine.chromium = chromium.version;
    const inChromium =
      chromium === undefined ? {} : { chromium: chromium?.figures ?? 'no Chromium was found' };
    results.push({ file: `bench/${file}`, name: benchmark.name, seconds, figures, ...inChromium });
    if (asJson) continue;
    console.log(`\n${benchmark.name} (${seconds.toFixed(1)} s)`);
    for (const line of table(figures, chromium?.figures)) console.log(line);
    if (chromium === null) console.log('  No Chromium was found: Node only.');
  }
  if (asJson) console.log(JSON.stringify({ machine, benchmarks: results }, null, 2));
});
