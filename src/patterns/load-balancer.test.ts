import { expect, test } from 'vitest';
import { instanceId } from '../kernel/index.ts';
import { pickInstance } from './load-balancer.ts';

const [a, b, c] = [1, 2, 3].map((number) => instanceId('shipping', number));
const three = [a, b, c].filter((instance) => instance !== undefined);

test('BAL-1 round robin takes them in turn', () => {
  expect([0, 1, 2, 3].map((turn) => pickInstance(three, { kind: 'round-robin', turn }))).toEqual([
    a,
    b,
    c,
    a,
  ]);
});

test('BAL-2 random takes the one that the draw points at', () => {
  expect([0, 0.34, 0.99].map((uniform) => pickInstance(three, { kind: 'random', uniform }))).toEqual([
    a,
    b,
    c,
  ]);
});

test('BAL-3 two choices takes the less busy of two different ones', () => {
  const load = (instance: string) => ({ 'shipping-1': 5, 'shipping-2': 1, 'shipping-3': 9 })[instance] ?? 0;
  const pick = (first: number, second: number) =>
    pickInstance(three, { kind: 'two-choices', uniforms: [first, second], load });
  expect(pick(0, 0)).toBe(b); // 1 or 2
  expect(pick(0, 0.99)).toBe(a); // 1 or 3
  expect(pick(0.99, 0)).toBe(a); // 3 or 1
});

test('nobody is null, one is that one', () => {
  const balancings = [
    { kind: 'round-robin', turn: 7 },
    { kind: 'random', uniform: 0.7 },
    { kind: 'two-choices', uniforms: [0.7, 0.7], load: () => 0 },
  ] as const;
  for (const balancing of balancings) {
    expect(pickInstance([], balancing)).toBeNull();
    expect(pickInstance(three.slice(1, 2), balancing)).toBe(b);
  }
});
