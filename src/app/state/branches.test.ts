import { expect, it } from 'vitest';
import { type Branch, partedUs } from './branches.ts';

const of = (id: string, from: string | null = null, atUs = 0): Branch => ({
  id,
  parted: from === null ? null : { from, atUs },
});

const run = of('run');
const early = of('early', 'run', 10);
const late = of('late', 'run', 30);
const grandchild = of('grandchild', 'late', 50);
const beforeItsBeginning = of('before', 'late', 20);
const stranger = of('stranger');
const ALL = [run, early, late, grandchild, beforeItsBeginning, stranger];

it.each([
  ['a run and its fork', run, early, 10],
  ['two forks of one run', early, late, 10],
  ['a run and a fork of its fork', run, grandchild, 30],
  ['a fork and its fork', late, grandchild, 50],
  ['a fork that parts before its own run did', run, beforeItsBeginning, 20],
  ['that one and its run', late, beforeItsBeginning, 20],
  ['that one and a sister', grandchild, beforeItsBeginning, 20],
  ['that one and a cousin', early, beforeItsBeginning, 10],
  ['runs of different beginnings', run, stranger, 0],
])('%s', (_, one, other, expected) => {
  expect(partedUs(ALL, one, other)).toBe(expected);
  expect(partedUs(ALL, other, one)).toBe(expected);
});
