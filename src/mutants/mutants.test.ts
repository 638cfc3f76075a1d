import { readFileSync } from 'node:fs';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';
import { mutantPlugin, mutants } from './index.ts';
import { filesOf, type Mutant, mutated } from './mutant.ts';

const textOf = (file: string): string =>
  readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').replaceAll('\r\n', '\n');

it('each mutant has an id and a sentence of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(22);
  for (const field of ['id', 'title'] as const) {
    expect(new Set(mutants.map((mutant) => mutant[field])).size).toBe(mutants.length);
  }
  for (const { id, title } of mutants) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(title).toMatch(/^[A-Z].*\.$/);
  }
});

describe.each(mutants)('$id', (mutant) => {
  it.each(filesOf(mutant))('stands once in %s, and is a program there', (file) => {
    const source = textOf(file);
    const text = mutated(source, mutant, file);
    expect(text).not.toBe(source);
    expect(parseSync(file, text).errors).toEqual([]);
  });
});

const toy: Mutant = {
  id: 'toy',
  title: 'A toy.',
  edits: [{ file: 'src/toy.ts', before: 'a > b', after: '$& >= b' }],
  expects: [],
};

describe('the loader', () => {
  it('changes that file and no other, to the letter', () => {
    const plugin = mutantPlugin(toy);
    expect(plugin.transform('a > b', '/project/src/other.ts')).toBeNull();
    expect(plugin.transform('a > b', '/project/src/not-src/toy.ts')).toBeNull();
    expect(plugin.transform('if (a > b)', '/project/src/toy.ts?v=1')).toEqual({
      code: 'if ($& >= b)',
      map: null,
    });
    expect(() => plugin.buildEnd()).not.toThrow();
  });

  it('fails where the text no longer stands, stands twice, or the file is not in the bundle', () => {
    const stale = 'The mutant toy no longer stands: its text is';
    expect(() => mutantPlugin(toy).transform('a < b', '/project/src/toy.ts')).toThrow(`${stale} 0 times`);
    expect(() => mutantPlugin(toy).transform('a > b, a > b', '/project/src/toy.ts')).toThrow(
      `${stale} 2 times`,
    );
    expect(() => mutantPlugin(toy).buildEnd()).toThrow('nothing in it imports src/toy.ts');
    expect(() => mutantPlugin(toy).buildEnd(new Error('another'))).not.toThrow();
  });
});
