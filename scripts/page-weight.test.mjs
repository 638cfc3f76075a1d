import { expect, it } from 'vitest';
import { weigh } from './page-weight.mjs';

it('takes for the first load the entry and what it imports statically, and no more', () => {
  const manifest = {
    'index.html': { file: 'index.js', isEntry: true, imports: ['_shared.js'], css: ['index.css'] },
    '_shared.js': { file: 'shared.js', imports: ['_deep.js'] },
    '_deep.js': { file: 'deep.js', imports: ['index.html'] },
    'lazy.ts': { file: 'lazy.js', imports: ['_shared.js'], css: ['lazy.css'] },
  };
  const files = [
    'index.html',
    'index.js',
    'index.js.map',
    'deep.js',
    'lazy.js',
    'hub.worker.js',
    'mockServiceWorker.js',
  ];
  expect(weigh(manifest, files)).toEqual({
    'First load': ['index.js', 'index.css', 'shared.js', 'deep.js'],
    'When needed': ['lazy.js', 'lazy.css'],
    'Workers and service worker': ['hub.worker.js', 'mockServiceWorker.js'],
  });
});

it('refuses a manifest without an entry', () => {
  expect(() => weigh({}, [])).toThrow('no entry');
});
