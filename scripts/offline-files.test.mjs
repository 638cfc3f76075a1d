import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listOfflineFiles } from './offline-files.mjs';
import { projectRoot } from './project-root.mjs';

/** @type {string} */
let dist;
beforeEach(() => {
  dist = mkdtempSync(path.join(tmpdir(), 'bulkhead-dist-'));
  for (const folder of ['assets', '.vite']) mkdirSync(path.join(dist, folder));
  for (const name of ['index.html', 'assets/a.js', 'assets/a.js.map', 'assets/b.wasm', '.vite/manifest.json'])
    writeFileSync(path.join(dist, name), name);
});
afterEach(() => rmSync(dist, { recursive: true }));

const worker = readFileSync(path.join(projectRoot, 'public', 'service-worker.js'), 'utf8');

/** @returns {{ version: string, files: string[] }} */
function listed() {
  const script = path.join(dist, 'service-worker.js');
  writeFileSync(script, worker);
  listOfflineFiles(dist);
  const line = /const build = (\{.*\});/.exec(readFileSync(script, 'utf8'));
  return JSON.parse(line?.[1] ?? '');
}

it('lists what the page is made of, in the service worker', () => {
  expect(listed().files).toEqual(['assets/a.js']);
});

it('gives another build another version', () => {
  const { version } = listed();
  expect(listed().version).toBe(version);
  writeFileSync(path.join(dist, 'index.html'), 'changed');
  expect(listed().version).not.toBe(version);
});
