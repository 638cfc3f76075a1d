import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { bundleForNode } from './bundle-for-node.mjs';

const entry = 'src/kernel/random.ts';

test('callers at the same time get the same whole file', async () => {
  const files = await Promise.all([1, 2, 3].map(() => bundleForNode(entry, { name: 'test-bundle' })));
  expect(new Set(files).size).toBe(1);
  const module = await import(pathToFileURL(files[0] ?? '').href);
  expect(Object.keys(module).length).toBeGreaterThan(0);
});

test('a plugin that changes the text makes a bundle of its own', async () => {
  const plain = await bundleForNode(entry, { name: 'test-bundle' });
  const changed = await bundleForNode(entry, {
    name: 'test-bundle',
    plugins: [{ name: 'change', transform: (code) => `${code}\nexport const changed = true;` }],
  });
  expect(changed).not.toBe(plain);
  expect((await import(pathToFileURL(changed).href)).changed).toBe(true);
});
