import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * A rule that reports nothing may be broken rather than obeyed. So each has a folder of code that breaks it
 * on purpose: every line marked `// forbidden` must be reported, and no other.
 */

/** @typedef {{ file: string, line: number, message: string }} Finding */

/**
 * @param {string} folder
 * @returns {string[]} relative to it
 */
const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.tsx?$/.test(file))
    .sort();

/**
 * @param {string} folder
 * @param {readonly Finding[]} findings their files relative to the folder
 * @returns {{ marked: number, problems: string[] }}
 */
export function compareWithMarks(folder, findings) {
  const reported = new Set(findings.map(({ file, line }) => `${file}:${line}`));
  const marked = new Set(
    filesIn(folder).flatMap((file) =>
      readFileSync(path.join(folder, file), 'utf8')
        .split('\n')
        .flatMap((text, index) => (text.includes('// forbidden') ? [`${file}:${index + 1}`] : [])),
    ),
  );
  const problems = [
    ...[...marked]
      .filter((place) => !reported.has(place))
      .map((place) => `${place} should have been reported`),
    ...[...reported]
      .filter((place) => !marked.has(place))
      .map((place) => `${place} should not have been reported`),
  ];
  if (marked.size === 0) problems.push('no line is marked: there is nothing to compare with');
  return { marked: marked.size, problems };
}

/**
 * oxlint's findings in a folder's src.
 *
 * @param {string} folder
 * @param {string} configuration
 * @returns {{ files: number, findings: Finding[] }}
 */
export function runOxlint(folder, configuration) {
  const require = createRequire(import.meta.url);
  const oxlint = path.join(path.dirname(require.resolve('oxlint/package.json')), 'bin', 'oxlint');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [oxlint, '--config', configuration, '--format', 'json', 'src'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  try {
    /** @type {{ number_of_files: number, diagnostics: { filename: string, message: string, labels: { span: { line: number } }[] }[] }} */
    const { number_of_files: files, diagnostics } = JSON.parse(stdout);
    const findings = diagnostics.map(({ filename, message, labels }) => ({
      file: filename.replaceAll('\\', '/'),
      line: labels[0]?.span.line ?? 1,
      message,
    }));
    return { files, findings };
  } catch {
    throw new Error(`oxlint ended with code ${status}:\n${stdout}${stderr}`);
  }
}
