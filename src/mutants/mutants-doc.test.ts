import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mutants } from './index.ts';

it('docs/mutants.md has a line for each mutant, with its sentence and seeds within the limit', () => {
  const text = readFileSync(new URL('../../docs/mutants.md', import.meta.url), 'utf8');
  const lines = [...text.matchAll(/^\| ([a-z-]+) \| ([^|]+) \| (\d+) \| ([\d, ]+) \|/gm)];
  const listed = lines.map(([, id, title]) => ({ id, title }));
  expect(listed).toEqual(mutants.map(({ id, title }) => ({ id, title })));
  const tooMany = lines.filter(([, , , , seeds = '']) =>
    seeds.split(', ').some((count) => Number(count) > 1000),
  );
  expect(tooMany).toEqual([]);
});
