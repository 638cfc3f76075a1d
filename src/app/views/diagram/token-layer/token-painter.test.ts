import { expect, it } from 'vitest';
import type { CallView } from '../../../../projections/index.ts';
import type { StrokeContext } from './draw-edge-loads.ts';
import { thickness } from './draw-edge-loads.ts';
import { edgeLoads } from './edge-loads.ts';
import { callView } from './testing/call-view.ts';
import { TokenPainter } from './token-painter.ts';
import { CallDifference, goesOn, runTimeAt, type TokenScene } from './token-scene.ts';

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

const clock = { nowUs: 1_000_000, atMs: 5000, speed: 2 };

it('run time goes on, however long ago it was told', () => {
  expect(runTimeAt(clock, 5100)).toBe(1_200_000);
  expect(runTimeAt({ ...clock, speed: 0 }, 9000)).toBe(1_000_000);
});

it.each([
  ['what it would be anyway', { nowUs: 1_206_000, atMs: 5100, speed: 2 }, true],
  ['a leap', { nowUs: 1_300_000, atMs: 5100, speed: 2 }, false],
  ['another speed', { nowUs: 1_200_000, atMs: 5100, speed: 1 }, false],
])('knows a clock that says something: %s', (_, next, expected) => {
  expect(goesOn(clock, next)).toBe(expected);
});

it('a clock that stands says something when it stands elsewhere', () => {
  const stopped = { ...clock, speed: 0 };
  expect(goesOn(stopped, { ...stopped, atMs: 9000 })).toBe(true);
  expect(goesOn(stopped, { ...stopped, nowUs: 1_000_001 })).toBe(false);
});

it.each([
  ['a call', { sentUs: 1_010_000 }],
  ['an answer', { receivedUs: 500_000, answeredUs: 1_010_000 }],
])('waits for %s whose time has not come, and not when time stands', (_, ahead) => {
  const painter = new TokenPainter();
  painter.setScene(scene);
  painter.change({ fresh: true, changed: [call('a', { sentUs: 1000, ...ahead })], gone: [] });
  painter.setClock({ nowUs: 1_000_000, atMs: 0, speed: 1 });
  expect(painter.draw(listing().context, 0)).toBe(true);
  painter.setClock({ nowUs: 1_000_000, atMs: 0, speed: 0 });
  expect(painter.draw(listing().context, 0)).toBe(false);
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
  const next = (calls: CallView[], run: number) => difference.next(calls, ['data'], run);
  const [a, b] = [call('a'), call('b')];
  expect(next([a, b], 1)).toEqual({ fresh: true, changed: [a, b], gone: [] });
  expect(next([a, b], 1)).toBe(null);
  const later = { ...b, receivedUs: 2 };
  expect(next([later], 1)).toEqual({ fresh: false, changed: [later], gone: ['a'] });
  expect(next([later], 2)).toEqual({ fresh: true, changed: [later], gone: [] });
});

it('tells of calls on the planes that are drawn only, and of all that are there when that changes', () => {
  const difference = new CallDifference();
  const [order, heartbeat] = [call('a'), call('b', { plane: 'control' })];
  expect(difference.next([order, heartbeat], ['data'], 1)?.changed).toEqual([order]);
  expect(difference.next([order, { ...heartbeat, receivedUs: 2 }], ['data'], 1)).toBe(null);
  expect(difference.next([order, heartbeat], ['data', 'control'], 1)).toEqual({
    fresh: false,
    changed: [heartbeat],
    gone: [],
  });
  expect(difference.next([order, heartbeat], ['data'], 1)?.gone).toEqual(['b']);
});
