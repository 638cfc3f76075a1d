import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode } from './bundle-for-node.mjs';
import { projectRoot } from './project-root.mjs';
import { ensureDependencies, runScript, SetUpProblem } from './set-up.mjs';

/**
 * @typedef {object} Benchmark what each `bench/*.bench.ts` exports
 * @property {string} name
 * @property {() => Promise<Record<string, number>>} run figures by name; ratios within one run say more than times
 */

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

/** @param {number} figure */
const readable = (figure) =>
  Math.abs(figure) >= 1000 ? Math.round(figure).toLocaleString('en') : String(Number(figure.toPrecision(4)));

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
    const figures = await benchmark.run();
    const seconds = (performance.now() - start) / 1000;
    results.push({ file: `bench/${file}`, name: benchmark.name, seconds, figures });
    if (asJson) continue;
    console.log(`\n${benchmark.name} (${seconds.toFixed(1)} s)`);
    const width = Math.max(...Object.keys(figures).map((key) => key.length), 0);
    for (const [key, figure] of Object.entries(figures)) {
      console.log(`  ${key.padEnd(width)}  ${readable(figure)}`);
    }
  }
  if (asJson) console.log(JSON.stringify({ machine, benchmarks: results }, null, 2));
});
