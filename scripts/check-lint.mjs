import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { findCallsNotAwaited } from '../lint/await-where-called.mjs';
import { tryOnFixture } from '../lint/rules.mjs';
import { projectRoot } from './project-root.mjs';
import { runCommand } from './run-command.mjs';

// By name: the fixtures break the rules on purpose, and have to be left out.
const places = [
  ...['src', 'e2e', 'bench', 'scripts'].filter((folder) => existsSync(path.join(projectRoot, folder))),
  ...readdirSync(path.join(projectRoot, 'lint'))
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => `lint/${file}`),
  ...readdirSync(projectRoot).filter((file) => file.endsWith('.ts')),
];
const require = createRequire(import.meta.url);
const oxlint = path.join(path.dirname(require.resolve('oxlint/package.json')), 'bin', 'oxlint');
const { exitCode } = await runCommand(
  process.execPath,
  [oxlint, '--deny-warnings', '--report-unused-disable-directives', ...places],
  { cwd: projectRoot },
);

/** @type {string[]} */
const problems = [];
const { files, findings } = findCallsNotAwaited(path.join(projectRoot, 'tsconfig.pure.json'), (file) =>
  file.startsWith('src/'),
);
if (files === 0) problems.push('src: no file was read');
problems.push(...findings.map(({ file, line, message }) => `${file}:${line}  ${message}`));
for (const ruleSet of /** @type {const} */ (['bans', 'await-where-called'])) {
  problems.push(...tryOnFixture(ruleSet).problems);
}

if (problems.length > 0) console.error(`\n${problems.join('\n')}\n\n${problems.length} problems.`);
else console.log(`Every async call in ${files} pure files is awaited or returned where it stands.`);
if (exitCode !== 0 || problems.length > 0) process.exitCode = 1;
