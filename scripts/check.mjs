import { ensureDependencies, runNpm, runScript } from './set-up.mjs';

/** In the order in which they are quickest to put right. Each runs, whatever the ones before it said. */
const checks = [
  { name: 'format', advice: 'npm run format puts it right' },
  { name: 'lint' },
  { name: 'types' },
  { name: 'boundaries' },
  { name: 'dead-code' },
  { name: 'service-worker' },
  { name: 'weight' },
];

const seconds = (/** @type {number} */ since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

await runScript(async () => {
  await ensureDependencies();
  const start = performance.now();
  /** @type {string[]} */
  const summary = [];
  let failures = 0;
  for (const { name, advice } of checks) {
    console.log(`\n── ${name} ${'─'.repeat(60 - name.length)}`);
    const checkStart = performance.now();
    const { exitCode, problem } = await runNpm(['run', '--silent', `check:${name}`], 300);
    if (exitCode !== 0) failures += 1;
    const verdict = exitCode === 0 ? 'ok    ' : 'FAILED';
    const why = exitCode === 0 ? '' : [problem, advice].filter(Boolean).join('; ');
    summary.push(`  ${verdict}  ${name.padEnd(16)} ${seconds(checkStart).padStart(7)}  ${why}`.trimEnd());
  }
  console.log(`\n── summary ${'─'.repeat(53)}\n${summary.join('\n')}`);
  console.log(
    `\n${failures === 0 ? 'All checks passed' : `${failures} of ${checks.length} checks failed`} in ${seconds(start)}.`,
  );
  if (failures > 0) process.exitCode = 1;
});
