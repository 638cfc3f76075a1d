import { buildPage, distFolder } from './build-page.mjs';
import { ensureDependencies, runScript } from './set-up.mjs';

await runScript(async () => {
  await ensureDependencies();
  await buildPage();
  console.log(`Built ${distFolder}: static files for any web server, under any path.`);
});
