import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PLACE = "const build = { version: 'development', files: [] };";
/**
 * The browser keeps the service worker's own scripts; source maps are for those who debug, with a network;
 * WebAssembly (MicroPython, which few choose) is kept when it is first used.
 */
const LEFT_OUT = /^(?:\.vite\/.*|index\.html|service-worker\.js|mockServiceWorker\.js|.*\.map|.*\.wasm)$/;

/**
 * Tells the built service worker which files make up the page, so that it can keep a copy of them.
 * Its text changes with every build: that is how a browser sees that there is a new one.
 *
 * @param {string} dist
 */
export function listOfflineFiles(dist) {
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dist, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !LEFT_OUT.test(file))
    .sort();
  const hash = createHash('sha256');
  for (const file of ['index.html', ...files]) hash.update(file).update(readFileSync(path.join(dist, file)));
  const version = hash.digest('hex').slice(0, 12);
  const script = path.join(dist, 'service-worker.js');
  const text = readFileSync(script, 'utf8');
  if (!text.includes(PLACE)) throw new Error('service-worker.js has no place for the list of files.');
  writeFileSync(script, text.replace(PLACE, `const build = ${JSON.stringify({ version, files })};`));
}
