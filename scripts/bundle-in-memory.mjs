import path from 'node:path';
import { projectRoot } from './project-root.mjs';

/**
 * Bundles a module and all that it imports to one chunk, as the page is bundled, and writes nothing.
 *
 * @param {string} entry path of the module, from the project's root or absolute
 * @param {{ config?: import('vite').InlineConfig, build: import('vite').BuildOptions }} how
 *   Vite's options for where it is to run
 */
export async function bundleInMemory(entry, { config = {}, build: options }) {
  const { build } = await import('vite');
  const result = await build({
    ...config,
    configFile: false,
    root: projectRoot,
    logLevel: 'error',
    publicDir: false,
    build: { ...options, write: false, rolldownOptions: { output: { codeSplitting: false } } },
  });
  const output = [result].flat().flatMap((built) => ('output' in built ? built.output : []));
  const chunk = output.find((part) => part.type === 'chunk');
  if (chunk === undefined || output.filter((part) => part.type === 'chunk').length > 1) {
    const names = output.map((part) => part.fileName).join(', ');
    throw new Error(`The bundle of ${path.relative(projectRoot, entry)} is not one file: ${names}.`);
  }
  return chunk;
}
