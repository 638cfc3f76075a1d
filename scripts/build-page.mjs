import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listOfflineFiles } from './offline-files.mjs';
import { projectRoot } from './project-root.mjs';
import { SetUpProblem } from './set-up.mjs';

export const distFolder = path.join(projectRoot, 'dist');

// Inside dist, so that it goes when dist goes; written last, so that a build cut short leaves none.
const stampFile = path.join(distFolder, '.vite', 'inputs.sha256');

const inputs = [
  'src',
  'public',
  'index.html',
  'vite.config.ts',
  'package-lock.json',
  'scripts/offline-files.mjs',
];

/**
 * @param {string} location
 * @returns {string[]}
 */
function filesUnder(location) {
  if (!existsSync(location)) return [];
  if (!statSync(location).isDirectory()) return [location];
  return readdirSync(location)
    .sort()
    .flatMap((name) => filesUnder(path.join(location, name)));
}

/** By content: a fresh clone or a switched branch has new times on old files. */
function hashOfInputs() {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const file of filesUnder(path.join(projectRoot, input))) {
      if (/\.test\.tsx?$/.test(file)) continue;
      hash.update(path.relative(projectRoot, file)).update('\0').update(readFileSync(file)).update('\0');
    }
  }
  return hash.digest('hex');
}

function isBuildCurrent() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hashOfInputs();
}

/** Builds dist/ from what is in the work tree. */
export async function buildPage() {
  const hash = hashOfInputs();
  const { build } = await import('vite');
  try {
    await build({ root: projectRoot, logLevel: 'warn' });
    listOfflineFiles(distFolder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetUpProblem(`The page could not be built.\n${reason}`);
  }
  writeFileSync(stampFile, hash);
}

/** Builds only if dist/ is missing or was made from something else. */
export async function ensureBuild() {
  if (isBuildCurrent()) return;
  console.error('Building the page …');
  await buildPage();
}
