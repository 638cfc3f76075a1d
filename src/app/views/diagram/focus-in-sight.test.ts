import { expect, it } from 'vitest';
import { shiftIntoSight } from './focus-in-sight.ts';

const sight = { left: 0, right: 100, top: 0, bottom: 50 };
const box = (left: number, top: number, width = 20, height = 10) => ({
  left,
  right: left + width,
  top,
  bottom: top + height,
});

it.each([
  ['in sight', box(10, 10), { x: 0, y: 0 }],
  ['under what lies at the right', box(90, 10), { x: -10, y: 0 }],
  ['under what lies below', box(10, 60), { x: 0, y: -20 }],
  ['beyond the left and the top', box(-5, -7), { x: 5, y: 7 }],
  ['too large: its beginning', box(30, 10, 200), { x: -30, y: 0 }],
])('%s', (_, where, expected) => {
  expect(shiftIntoSight(where, sight)).toEqual(expected);
});
