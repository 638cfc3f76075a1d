import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode } from './bundle-for-node.mjs';
import { projectRoot } from './project-root.mjs';
import { ensureDependencies, runScript, SetUpProblem } from './set-up.mjs';

// node scripts/run-cli.mjs <name> [arguments]: bundles src/cli/<name>.ts and runs it in this very process, so
// that its exit code, its signals and its output are its own.
await runScript(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const entry = path.join('src', 'cli', `${name}.ts`);
  if (!existsSync(path.join(projectRoot, entry))) throw new SetUpProblem(`There is no ${entry}.`);
  await ensureDependencies();
  const file = await bundleForNode(entry, { name: `cli-${name}` });
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
});
