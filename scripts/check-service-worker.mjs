import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './project-root.mjs';

// Copied by hand when msw is updated: a script of another version refuses to talk to the page's msw.
const [ours, theirs] = ['public/mockServiceWorker.js', 'node_modules/msw/lib/mockServiceWorker.js'].map(
  (file) => readFileSync(path.join(projectRoot, file), 'utf8'),
);
if (ours === theirs) {
  console.log("public/mockServiceWorker.js is the installed msw's own.");
} else {
  console.error(
    'public/mockServiceWorker.js is not the one of the installed msw: copy node_modules/msw/lib/mockServiceWorker.js over it.',
  );
  process.exitCode = 1;
}
