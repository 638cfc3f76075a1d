import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleInMemory } from './bundle-in-memory.mjs';
import { projectRoot } from './project-root.mjs';

/** The shop's own code: what both hosts share, without the customers and the payment provider outside of it. */
const COUNTED = /^src\/(services|patterns|compositions)\//;
const OUTSIDE = /^src\/services\/(customers|payment-provider)\//;

/** @typedef {'microservices' | 'monolith'} Composition */

/**
 * Lines of the shop's own source that run while one order passes, from its customer's request to its
 * confirmation, by V8's own coverage. Types and comments never run; a line is counted once, however often it runs.
 *
 * @returns {Promise<Record<Composition, number>>}
 */
export async function orderPathLines() {
  const outDir = path.join(projectRoot, 'node_modules', '.cache', 'order-path');
  mkdirSync(outDir, { recursive: true });
  const entry = path.join(projectRoot, 'bench', 'order-path.ts');
  const chunk = await bundleInMemory(entry, { build: { ssr: entry, sourcemap: true, target: 'node20' } });
  if (chunk.map == null) throw new Error('The bundle has no source map.');
  const file = path.join(outDir, 'order-path.mjs');
  writeFileSync(file, chunk.code);
  const sources = sourceOfEachCharacter(chunk.code, new SourceMap(JSON.parse(chunk.map.toString())));

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  // Before the code is compiled: V8 counts blocks only where it knew in time that they are to be counted.
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const url = `${pathToFileURL(file).href}?${performance.now()}`;
  try {
    /** @type {typeof import('../bench/order-path.ts')} */
    const { passOneOrder } = await import(url);
    /** @param {Composition} composition */
    const count = async (composition) => {
      /** @type {Set<string>} */
      let lines = new Set();
      await passOneOrder(composition, (next) => void setImmediate(next), {
        // What is taken begins anew.
        begun: async () => void (await session.post('Profiler.takePreciseCoverage')),
        ended: async () => {
          const { result } = await session.post('Profiler.takePreciseCoverage');
          lines = linesThatRan(result.find((script) => script.url === url)?.functions ?? [], sources);
        },
      });
      return lines.size;
    };
    return { microservices: await count('microservices'), monolith: await count('monolith') };
  } finally {
    session.disconnect();
  }
}

/**
 * @param {string} code
 * @param {SourceMap} map
 * @returns {(string | null)[]} by offset: `src/services/order/saga.ts:12`, where a word of that line begins
 */
function sourceOfEachCharacter(code, map) {
  /** @type {(string | null)[]} */
  const sources = [];
  let line = 0;
  let column = 0;
  for (let offset = 0; offset < code.length; offset += 1) {
    const isWord = /[\w$]/.test(code[offset] ?? '') && !/[\w$]/.test(code[offset - 1] ?? ' ');
    const found = isWord ? map.findEntry(line, column) : {};
    const source = 'originalSource' in found ? String(found.originalSource).replace(/^.*?(?=src\/)/, '') : '';
    const counted = COUNTED.test(source) && !OUTSIDE.test(source);
    sources.push(counted && 'originalLine' in found ? `${source}:${Number(found.originalLine)}` : null);
    column += 1;
    if (code[offset] === '\n') {
      line += 1;
      column = 0;
    }
  }
  return sources;
}

/**
 * @param {readonly import('node:inspector').Profiler.FunctionCoverage[]} functions
 * @param {readonly (string | null)[]} sources
 * @returns {Set<string>}
 */
function linesThatRan(functions, sources) {
  const counts = new Int32Array(sources.length);
  // The outermost come first: what is inside has its own count.
  const ranges = functions
    .flatMap((each) => each.ranges)
    .sort((one, other) => one.startOffset - other.startOffset || other.endOffset - one.endOffset);
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  return new Set(
    sources.flatMap((source, offset) => (source !== null && (counts[offset] ?? 0) > 0 ? [source] : [])),
  );
}
