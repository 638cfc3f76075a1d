import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { conformancePorts } from './cases/index.ts';

const doc = readFileSync(new URL('../../../docs/conformance.md', import.meta.url), 'utf8');

it('every difference that a case allows is explained in docs/conformance.md', () => {
  const named = new Set(
    conformancePorts.flatMap(({ cases }) => cases.flatMap(({ differs }) => differs ?? [])),
  );
  const explained = [...doc.matchAll(/^\| (DIFF-\d+) \|/gm)].map(([, id]) => id);
  expect([...named].filter((id) => !explained.includes(id))).toEqual([]);
  expect(explained).toEqual([...new Set(explained)]);
});
