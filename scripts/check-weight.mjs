import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { distFolder, ensureBuild } from './build-page.mjs';
import { weigh } from './page-weight.mjs';
import { ensureDependencies, runScript } from './set-up.mjs';

/** Interactive within 2 s on slow 4G with a slow processor was reached with 152 kB and missed with 343. */
const LIMIT_BYTES = 200_000;

const kilobytes = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);

await runScript(async () => {
  await ensureDependencies();
  await ensureBuild();
  const manifest = JSON.parse(readFileSync(path.join(distFolder, '.vite', 'manifest.json'), 'utf8'));
  const files = readdirSync(distFolder, { recursive: true, encoding: 'utf8' }).map((file) =>
    file.replaceAll('\\', '/'),
  );
  const parts = weigh(manifest, files);
  const gzipped = (/** @type {string} */ file) => gzipSync(readFileSync(path.join(distFolder, file))).length;

  let total = 0;
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const [title, members] of Object.entries(parts)) {
    console.log(`\n${title} (gzip)`);
    let sum = 0;
    for (const { file, bytes } of members
      .map((file) => ({ file, bytes: gzipped(file) }))
      .sort((one, other) => other.bytes - one.bytes)) {
      console.log(`${kilobytes(bytes)}  ${file}`);
      sum += bytes;
    }
    console.log(`${kilobytes(sum)}  together`);
    sums.set(title, sum);
    total += sum;
  }
  console.log(
    `\n${kilobytes(total)}  all of it: no more than this is fetched before the first order can be sent`,
  );

  const firstLoad = sums.get('First load') ?? 0;
  const verdict = `The first load is ${kilobytes(firstLoad).trim()} of JavaScript and CSS, the limit is ${kilobytes(LIMIT_BYTES).trim()}.`;
  if (firstLoad <= LIMIT_BYTES) {
    console.log(verdict);
  } else {
    console.error(`Too heavy. ${verdict}`);
    process.exitCode = 1;
  }
});
