import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/**
 * @typedef {object} Answer one request to the host
 * @property {string} path
 * @property {boolean} forCopy the service worker asked for it, to have it without a network
 * @property {number} bytes its body as it was sent
 * @property {number} endMs when the last of it was sent, on the clock of all processes; infinite: not yet
 */

/** A timer rings late: what a line that was wanted has missed by it is caught up. */
const LATE_MS = 30;

/**
 * A line that carries so many bytes a second, of all connections together, in turn.
 *
 * @param {number} bytesPerSecond
 */
function line(bytesPerSecond) {
  let freeMs = 0;
  return async (/** @type {number} */ bytes) => {
    freeMs = Math.max(freeMs, performance.now() - LATE_MS) + (bytes / bytesPerSecond) * 1000;
    await pass(freeMs - performance.now());
  };
}

/** @param {number} ms */
const pass = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

const CHUNK_BYTES = 4096;
/** As static hosts do: GitHub's pages may be kept for ten minutes. */
const KEPT = 'max-age=600';
const COMPRESSED = /javascript|css|html|svg|json/;

/**
 * A static host in front of another one. It compresses, says how long files may be kept, sees every byte that
 * leaves it, and may be far away: for everybody. (What the developer tools' protocol does to a page's network does
 * not hold for its service worker, and from the shop's opening on all requests pass through that.)
 *
 * @param {string} url of the other host
 * @param {object} [options]
 * @param {Record<string, string>} [options.headers] sent with everything
 * @param {{ downBytes: number, upBytes: number, roundTripMs: number } | null} [options.far] a slow way to it;
 *   bytes per second
 */
export async function startHost(url, { headers = {}, far = null } = {}) {
  /** @type {Map<string, Promise<{ status: number, type: string, body: Buffer }>>} */
  const files = new Map();
  const fileOf = (/** @type {string} */ path) => {
    let file = files.get(path);
    if (file === undefined) {
      file = fetch(new URL(path, url)).then(async (response) => {
        const type = response.headers.get('content-type') ?? 'application/octet-stream';
        const raw = Buffer.from(await response.arrayBuffer());
        return { status: response.status, type, body: COMPRESSED.test(type) ? gzipSync(raw) : raw };
      });
      files.set(path, file);
    }
    return file;
  };

  /** @type {Answer[]} */
  let answers = [];
  const down = line(far?.downBytes ?? Number.POSITIVE_INFINITY);
  const up = line(far?.upBytes ?? Number.POSITIVE_INFINITY);
  /** @type {WeakSet<import('node:net').Socket>} */
  const connected = new WeakSet();

  const give = async (
    /** @type {import('node:http').IncomingMessage} */ request,
    /** @type {import('node:http').ServerResponse} */ response,
  ) => {
    const path = `.${request.url ?? '/'}`;
    const answer = {
      path,
      forCopy:
        request.headers.referer?.endsWith('service-worker.js') === true &&
        request.headers['sec-fetch-dest'] === 'empty',
      bytes: 0,
      endMs: Number.POSITIVE_INFINITY,
    };
    answers.push(answer);
    if (far !== null) {
      // One round trip for the request, and one more for a new connection.
      const isNew = !connected.has(request.socket);
      connected.add(request.socket);
      await up(request.rawHeaders.join().length);
      await pass(far.roundTripMs * (isNew ? 2 : 1));
    }
    const { status, type, body } = await fileOf(path);
    response.writeHead(status, {
      'content-type': type,
      'content-length': body.length,
      'cache-control': KEPT,
      ...(COMPRESSED.test(type) ? { 'content-encoding': 'gzip' } : {}),
      ...headers,
    });
    for (let from = 0; from < body.length && !response.destroyed; from += CHUNK_BYTES) {
      const chunk = body.subarray(from, from + CHUNK_BYTES);
      if (far !== null) await down(chunk.length);
      response.write(chunk);
      answer.bytes += chunk.length;
    }
    response.end();
    answer.endMs = performance.timeOrigin + performance.now();
  };
  const server = createServer((request, response) => void give(request, response));
  await new Promise((resolve) => server.listen(0, 'localhost', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The page could not be served.');
  return {
    url: `http://localhost:${address.port}/`,
    /** What has been asked for since the last time that it was forgotten. */
    answers: () => answers,
    forget: () => {
      answers = [];
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
