import { expect, it } from 'vitest';
import type { CallView } from '../../../../projections/index.ts';
import type { StrokeContext } from './draw-edge-loads.ts';
import { thickness } from './draw-edge-loads.ts';
import { edgeLoads } from './edge-loads.ts';
import { callView } from './testing/call-view.ts';
import { TokenPainter } from './token-painter.ts';
import { CallDifference, type TokenScene } from './token-scene.ts';

const call = (id: string, more: Partial<CallView> = {}) => callView({ id, ...more });

const scene: TokenScene = {
  width: 800,
  height: 600,
  pixelRatio: 1,
  x: 0,
  y: 0,
  zoom: 1,
  colours: { ink: 'ink', paper: 'paper', ok: 'ok', fail: 'fail', half: 'half' },
  traces: [],
  planes: ['data'],
  hopMs: 250,
};

/** A context that lists what is drawn. */
function listing() {
  const calls: [name: string, ...args: unknown[]][] = [];
  const context = new Proxy({} as StrokeContext, {
    get: (_, name) =>
      name === 'measureText'
        ? () => ({ width: 20 })
        : (...args: unknown[]) => calls.push([String(name), ...args]),
    set: () => true,
  });
  return {
    context,
    drawn: (name: string) => calls.filter(([called]) => called === name),
    clear: () => calls.splice(0),
  };
}

it('draws run time, however long ago it was told', () => {
  const painter = new TokenPainter();
  painter.setScene(scene);
  painter.setClock({ nowUs: 1_000_000, atMs: 5000, speed: 2 });
  expect(painter.nowUs(5100)).toBe(1_200_000);
  painter.setClock({ nowUs: 1_000_000, atMs: 5000, speed: 0 });
  expect(painter.nowUs(9000)).toBe(1_000_000);
});

it('goes on while something moves, clears once when nothing is left, and then rests', () => {
  const { context, drawn, clear } = listing();
  const painter = new TokenPainter();
  painter.setScene(scene);
  painter.setClock({ nowUs: 1_100_000, atMs: 0, speed: 1 });
  painter.change({ fresh: true, changed: [call('a')], gone: [] });
  expect(painter.draw(context, 0)).toBe(true);
  expect(drawn('arc')).toHaveLength(1);
  painter.change({ fresh: false, changed: [], gone: ['a'] });
  clear();
  expect(painter.draw(context, 10)).toBe(false);
  expect(drawn('clearRect')).toHaveLength(1);
  clear();
  painter.draw(context, 20);
  expect(drawn('clearRect')).toHaveLength(0);
});

it('draws many as thick edges with their rate, and trouble one by one', () => {
  const { context, drawn } = listing();
  const painter = new TokenPainter();
  painter.setScene(scene);
  painter.setClock({ nowUs: 1_100_000, atMs: 0, speed: 1 });
  const crowd = Array.from({ length: 250 }, (_, index) => call(`c${index}`));
  painter.change({
    fresh: true,
    changed: [...crowd, call('late', { end: 'timeout', endedUs: 1_050_000 })],
    gone: [],
  });
  painter.draw(context, 0);
  expect(drawn('fillText')).toEqual([['fillText', '251/s', expect.any(Number), expect.any(Number)]]);
  // The clock of the one that timed out.
  expect(drawn('arc')).toHaveLength(1);
});

it('an edge is as thick as what is under way doubles', () => {
  const [load] = edgeLoads(
    [call('a'), call('b', { endedUs: 1_010_000 }), call('c', { sentUs: 10 })],
    1_100_000,
    ['data'],
  );
  expect(load).toMatchObject({ underWay: 2, perSecond: 2 });
  expect(thickness(4) - thickness(2)).toBeCloseTo(thickness(8) - thickness(4));
  expect(thickness(1_000_000)).toBe(16);
  expect(thickness(0)).toBe(0);
});

it('tells only what has changed, and everything of another run', () => {
  const difference = new CallDifference();
  const [a, b] = [call('a'), call('b')];
  expect(difference.next([a, b], 1)).toEqual({ fresh: true, changed: [a, b], gone: [] });
  expect(difference.next([a, b], 1)).toBe(null);
  const later = { ...b, receivedUs: 2 };
  expect(difference.next([later], 1)).toEqual({ fresh: false, changed: [later], gone: ['a'] });
  expect(difference.next([later], 2)).toEqual({ fresh: true, changed: [later], gone: [] });
});
