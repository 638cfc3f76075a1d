import { folders } from '../lint/boundaries.mjs';
import { runOxlint } from '../lint/fixture.mjs';
import { boundariesConfiguration, tryOnFixture } from '../lint/rules.mjs';
import { projectRoot } from './project-root.mjs';

/**
 * A table without a way round allows no cycle between folders either.
 *
 * @returns {string[] | undefined} the way round
 */
function findCycle() {
  /**
   * @param {string} folder
   * @param {string[]} trail
   * @returns {string[] | undefined}
   */
  const follow = (folder, trail) => {
    if (trail.includes(folder)) return [...trail.slice(trail.indexOf(folder)), folder];
    const { may = [], types = [], index = [], contracts = false } = folders[folder] ?? {};
    const targets = [...may, ...types, ...index, ...(contracts && folder !== 'services' ? ['services'] : [])];
    for (const target of targets) {
      const cycle = follow(target, [...trail, folder]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  for (const folder of Object.keys(folders)) {
    const cycle = follow(folder, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** @type {string[]} */
const problems = [];

const cycle = findCycle();
if (cycle !== undefined) problems.push(`lint/boundaries.mjs allows a cycle: ${cycle.join(' → ')}`);

const fixture = tryOnFixture('boundaries');
problems.push(...fixture.problems);

const { files, findings } = runOxlint(projectRoot, boundariesConfiguration);
if (files === 0) problems.push('src: no file was read');
problems.push(...findings.map(({ file, line, message }) => `${file}:${line}  ${message}`));

if (problems.length === 0) {
  console.log(
    `Every import in ${files} files keeps to lint/boundaries.mjs; ${fixture.marked} violations made on purpose were all reported.`,
  );
} else {
  console.error(problems.join('\n'));
  console.error(`\n${problems.length} problems; who may import whom is said in lint/boundaries.mjs.`);
  process.exitCode = 1;
}
