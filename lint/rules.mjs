import path from 'node:path';
import { projectRoot } from '../scripts/project-root.mjs';
import { findCallsNotAwaited } from './await-where-called.mjs';
import { compareWithMarks, runOxlint } from './fixture.mjs';

const at = (/** @type {string[]} */ ...parts) => path.join(projectRoot, ...parts);

export const boundariesConfiguration = at('lint', 'boundaries.mjs');

/** Each of our rule sets with the folder of code that breaks it on purpose. */
const fixtures = {
  bans: (/** @type {string} */ folder) => runOxlint(folder, at('.oxlintrc.json')).findings,
  boundaries: (/** @type {string} */ folder) => runOxlint(folder, boundariesConfiguration).findings,
  'await-where-called': (/** @type {string} */ folder) =>
    findCallsNotAwaited(path.join(folder, 'tsconfig.json'), () => true).findings,
};

/** @typedef {keyof typeof fixtures} RuleSet */

export const ruleSets = /** @type {RuleSet[]} */ (Object.keys(fixtures));

/** @param {RuleSet} ruleSet */
export function tryOnFixture(ruleSet) {
  const folder = at('lint', 'fixtures', ruleSet);
  const { marked, problems } = compareWithMarks(folder, fixtures[ruleSet](folder));
  return { marked, problems: problems.map((problem) => `lint/fixtures/${ruleSet}/${problem}`) };
}
