import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleInMemory } from './bundle-in-memory.mjs';
import { projectRoot } from './project-root.mjs';

/**
 * Bundles TypeScript to one module that Node 20 runs, as the page is bundled: a development server's transformed
 * modules would be slower than the real thing, and unevenly so. Packages stay in node_modules.
 *
 * Callers at the same time do not disturb each other: the file is named by what it holds and appears whole.
 *
 * @param {string} entry path of the module, from the project's root or absolute
 * @param {{ name: string, plugins?: import('vite').PluginOption[] }} options `name`: a folder of its own for each
 *   use, in node_modules/.cache/bundles; `plugins`: Vite's, for replacing source text
 * @returns {Promise<string>} path of the bundle (.mjs)
 */
export async function bundleForNode(entry, { name, plugins = [] }) {
  const chunk = await bundleInMemory(entry, {
    config: { plugins },
    build: { ssr: path.resolve(projectRoot, entry), target: 'node20' },
  });

  const folder = path.join(projectRoot, 'node_modules', '.cache', 'bundles', name);
  const hash = createHash('sha256').update(chunk.code).digest('hex').slice(0, 16);
  const file = path.join(folder, `${hash}.mjs`);
  mkdirSync(folder, { recursive: true });
  const unfinished = path.join(folder, `${hash}.${process.pid}.${performance.now()}.part`);
  writeFileSync(unfinished, chunk.code);
  renameSync(unfinished, file);
  removeOlderThanADay(folder);
  return file;
}

/** @param {string} folder */
function removeOlderThanADay(folder) {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modified > 24 * 3_600_000) rmSync(file, { force: true });
  }
}
