import { createServer } from 'node:http';
import path from 'node:path';
import { bundleInMemory } from './bundle-in-memory.mjs';
import { CHROMIUM_FLAGS } from './chromium-flags.mjs';
import { findChromiumWithoutInstalling } from './find-browser.mjs';
import { projectRoot } from './project-root.mjs';

/** A turn of a worker's event loop, then the benchmark, then its figures. */
const WORKER = `
import { run } from './benchmark.js';
const channel = new MessageChannel();
let next = null;
channel.port1.onmessage = () => next();
const turn = (then) => { next = then; channel.port2.postMessage(null); };
run(turn).then((figures) => postMessage({ figures }), (error) => postMessage({ error: String(error) }));
`;

/** @param {string} entry */
async function bundleForBrowser(entry) {
  const chunk = await bundleInMemory(entry, {
    config: { define: { 'process.env.NODE_ENV': '"production"' } },
    build: {
      minify: false,
      target: 'chrome130',
      lib: { entry: path.resolve(projectRoot, entry), formats: ['es'], fileName: 'benchmark' },
    },
  });
  return chunk.code;
}

/**
 * Runs a benchmark in a worker of Chromium.
 *
 * @param {string} entry path of the `bench/*.bench.ts`
 * @returns {Promise<{ version: string, figures: Record<string, number> } | null>} null when there is no Chromium
 */
export async function benchInChromium(entry) {
  const found = findChromiumWithoutInstalling();
  if (found === undefined) return null;
  const { chromium } = await import('@playwright/test');
  const files = new Map([
    ['/', ['text/html', '<!doctype html><title>bench</title>']],
    ['/worker.js', ['text/javascript', WORKER]],
    ['/benchmark.js', ['text/javascript', await bundleForBrowser(entry)]],
  ]);
  const server = createServer((request, response) => {
    const [type, text] = files.get(request.url ?? '') ?? ['text/plain', ''];
    response.writeHead(text === '' ? 404 : 200, {
      'content-type': `${type}; charset=utf-8`,
      // An isolated page has a clock of 5 µs, others one of 100 µs.
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
    });
    response.end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The benchmark could not be served.');
  const browser = await chromium.launch({ executablePath: found.executablePath, args: CHROMIUM_FLAGS });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${address.port}/`);
    const answer = await page.evaluate(`new Promise((resolve) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve({ error: message });
    })`);
    const { figures, error } = /** @type {{ figures?: Record<string, number>, error?: string }} */ (answer);
    if (figures === undefined) throw new Error(`${entry} in Chromium: ${error}`);
    return { version: browser.version(), figures };
  } finally {
    await browser.close();
    server.close();
  }
}
