import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { INVARIANTS } from './index.ts';

it('docs/invariants.md lists each invariant once, and begins with its title', () => {
  const text = readFileSync(new URL('../../docs/invariants.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| (INV-\d+) \| (.*) \|$/gm)].map(([, id, what]) => ({ id, what }));
  // INV-13 is asked of projections that are given: `checkProjections`.
  const ids = [...INVARIANTS.map(({ id }) => id), 'INV-13'];
  expect(listed).toHaveLength(ids.length);
  expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(ids));
  for (const { id, title } of INVARIANTS)
    expect(listed.find((line) => line.id === id)?.what?.startsWith(title), `${id}: ${title}`).toBe(true);
});
