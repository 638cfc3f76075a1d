import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bundleForNode } from './bundle-for-node.mjs';

const run = promisify(execFile);

/**
 * `npm run sim` in Node, for tests that run in a browser and compare (a Vitest browser command).
 *
 * @param {unknown} _context
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed
 */
export async function simInNode(_context, args) {
  const bundle = await bundleForNode('src/cli/sim.ts', { name: 'cli-sim' });
  const { stdout } = await run(process.execPath, [bundle, ...args], { maxBuffer: 1 << 28 });
  return stdout;
}
