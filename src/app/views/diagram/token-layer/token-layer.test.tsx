import { expect, it } from 'vitest';
import { canvasPlace } from './token-layer.tsx';

it('paints no more than the diagram covers of the view', () => {
  expect(canvasPlace([100, 20, 0.5], { width: 1200, height: 800 })).toEqual({
    left: 84,
    top: 4,
    width: 532,
    height: 332,
  });
});

it('paints no more than the view, however far the diagram reaches', () => {
  expect(canvasPlace([-300, -200, 3], { width: 1200, height: 800 })).toEqual({
    left: 0,
    top: 0,
    width: 1200,
    height: 800,
  });
});
