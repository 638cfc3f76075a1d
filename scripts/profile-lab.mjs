import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleInMemory } from './bundle-in-memory.mjs';
import { projectRoot } from './project-root.mjs';
import { ensureDependencies, runScript, SetUpProblem } from './set-up.mjs';

// Where the time of the real services in the Lab goes, by who wrote the code that runs:
// npm run profile -- [minutes of run time, 10]. The profile itself, for a browser's developer tools,
// is left in node_modules/.cache/profile.

/** Rounds before it, for the compiler. */
const WARM_UP_ROUNDS = 3;
const SAMPLE_US = 200;
const SHOWN = 25;

/**
 * @param {string} outDir
 * @returns {Promise<{ file: string, map: SourceMap }>}
 */
async function bundle(outDir) {
  const entry = path.join(projectRoot, 'bench', 'classroom-run.ts');
  const chunk = await bundleInMemory(entry, {
    config: { ssr: { noExternal: true } },
    build: { ssr: entry, sourcemap: true, target: 'node20' },
  });
  if (chunk.map == null) throw new Error('The bundle has no source map.');
  const file = path.join(outDir, 'classroom-run.mjs');
  writeFileSync(file, chunk.code);
  return { file, map: new SourceMap(JSON.parse(chunk.map.toString())) };
}

/**
 * `src/kernel`, `src/hosts/virtual`, a package's name, or what V8 calls it.
 *
 * @param {string} source
 */
function areaOf(source) {
  const own = /src\/(hosts\/virtual|services\/[^/]+|[^/]+)\//.exec(source.replace(/^.*node_modules.*$/, ''));
  if (own !== null) return own[0].replace(/\/$/, '');
  const ofPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source);
  return ofPackage?.[1] ?? source;
}

await runScript(async () => {
  const minutes = Number(process.argv[2] ?? 10);
  if (!(minutes > 0)) throw new SetUpProblem('npm run profile -- [minutes of run time]');
  await ensureDependencies();
  const outDir = path.join(projectRoot, 'node_modules', '.cache', 'profile');
  mkdirSync(outDir, { recursive: true });
  const { file, map } = await bundle(outDir);
  /** @type {typeof import('../bench/classroom-run.ts')} */
  const { measuredRun } = await import(`${pathToFileURL(file).href}?${Date.now()}`);
  /** @param {() => void} next */
  const turn = (next) => void setImmediate(next);
  for (let round = 1; round <= WARM_UP_ROUNDS; round += 1) await measuredRun(round, 60, turn);

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await session.post('Profiler.start');
  const run = await measuredRun(7, minutes * 60, turn);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  writeFileSync(path.join(outDir, 'lab.cpuprofile'), JSON.stringify(profile));

  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byArea = new Map();
  const byFunction = new Map();
  let totalUs = 0;
  (profile.samples ?? []).forEach((id, index) => {
    const frame = frames.get(id);
    const us = profile.timeDeltas?.[index] ?? 0;
    if (frame === undefined) return;
    totalUs += us;
    let area = frame.functionName;
    let place = frame.functionName;
    if (frame.url !== '') {
      const entry = map.findEntry(frame.lineNumber, frame.columnNumber);
      const source = 'originalSource' in entry ? entry.originalSource : frame.url;
      area = areaOf(source);
      place = `${source.split('/').slice(-2).join('/')} ${frame.functionName}`;
    }
    byArea.set(area, (byArea.get(area) ?? 0) + us);
    byFunction.set(place, (byFunction.get(place) ?? 0) + us);
  });
  const perAdvance = (/** @type {number} */ us) => (us / run.clockAdvances).toFixed(2).padStart(7);
  /** @param {Map<string, number>} shares */
  const print = (shares) => {
    const sorted = [...shares].sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
    for (const [name, us] of sorted) {
      console.log(`${((100 * us) / totalUs).toFixed(1).padStart(6)} % ${perAdvance(us)} µs  ${name}`);
    }
  };
  console.log(
    `${run.clockAdvances} clock advances, ${run.events} events, ${run.orders} orders in ${(run.ms / 1000).toFixed(1)} s.`,
  );
  console.log('\nShare and µs per clock advance, by who wrote the code:');
  print(byArea);
  console.log('\nBy function:');
  print(byFunction);
});
