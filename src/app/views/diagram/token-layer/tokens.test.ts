import { describe, expect, it } from 'vitest';
import type { CallView } from '../../../../projections/index.ts';
import { BOXES } from '../geometry.ts';
import { drawTokens, type TokenContext, type TokenView } from './draw-tokens.ts';
import { placeTokens, type Token } from './place-tokens.ts';
import { callView } from './testing/call-view.ts';

const place = (calls: readonly CallView[], atS: number, planes: readonly ('data' | 'control')[] = ['data']) =>
  placeTokens(calls, { nowUs: atS * 1_000_000, hopMs: 250, planes });

describe('where tokens are', () => {
  it('goes from the caller to the callee in one hop of run time', () => {
    const left = BOXES.customers.x + BOXES.customers.width;
    const right = BOXES.gateway.x;
    expect(place([callView()], 1)[0]).toMatchObject({ shape: 'out', x: left });
    expect(place([callView()], 1.125)[0]?.x).toBeCloseTo((left + right) / 2);
    expect(place([callView()], 1.25)[0]?.x).toBeCloseTo(right);
  });

  it('waits at the door while it is not taken, one behind the other', () => {
    const [first, second] = place([callView(), callView({ id: 's2' })], 2);
    expect([first?.shape, second?.shape]).toEqual(['waiting', 'waiting']);
    expect(second?.x).toBeLessThan(first?.x ?? 0);
  });

  it('is not seen inside the callee, and comes back as a ring or a failure', () => {
    const inside = callView({ receivedUs: 1_250_000 });
    expect(place([inside], 1.3)).toEqual([]);
    expect(place([{ ...inside, answeredUs: 1_400_000, status: 200 }], 1.5)[0]?.shape).toBe('back');
    expect(place([{ ...inside, answeredUs: 1_400_000, status: 503 }], 1.5)[0]?.shape).toBe('failure');
  });

  it('marks a timeout for a moment, then forgets it', () => {
    const late = callView({ end: 'timeout', endedUs: 2_000_000 });
    expect(place([late], 2.2)[0]?.shape).toBe('timeout');
    expect(place([late], 3)).toEqual([]);
  });

  it('turns a refused call back at the start of its edge', () => {
    const refused = callView({
      from: 'order',
      to: 'shipping',
      end: 'rejected',
      endedUs: 1_000_000,
      rejectedBy: 'circuit-breaker',
    });
    const edge = BOXES.order.x + BOXES.order.width;
    const xs = [1, 1.3, 1.59].map((at) => place([refused], at)[0]?.x ?? Number.NaN);
    expect(Math.max(...xs)).toBeLessThan(edge + 24);
    expect(xs[1]).toBeGreaterThan(xs[0] ?? 0);
    expect(xs[2]).toBeLessThan(xs[1] ?? 0);
  });

  it('shows the control plane only when it is asked for', () => {
    const heartbeat = callView({ from: 'order', to: 'registry', plane: 'control' });
    expect(place([heartbeat], 1.1)).toEqual([]);
    expect(place([heartbeat], 1.1, ['data', 'control'])).toHaveLength(1);
  });

  it('is slower on an edge that a fault slows', () => {
    const slowed = callView({ outDelayMs: 750 });
    expect(place([slowed], 1.5)[0]?.shape).toBe('out');
    expect(place([slowed], 1.5)[0]?.x).toBeCloseTo(
      (BOXES.customers.x + BOXES.customers.width + BOXES.gateway.x) / 2,
    );
  });
});

const recorder = (): {
  readonly context: TokenContext;
  readonly arcs: { x: number; y: number; r: number }[];
  readonly texts: string[];
} => {
  const arcs: { x: number; y: number; r: number }[] = [];
  const texts: string[] = [];
  const nothing = () => {};
  const context = {
    arc: (x: number, y: number, r: number) => arcs.push({ x, y, r }),
    fillText: (text: string) => texts.push(text),
    ...Object.fromEntries(
      [
        'setTransform',
        'clearRect',
        'beginPath',
        'closePath',
        'moveTo',
        'lineTo',
        'quadraticCurveTo',
        'rect',
        'fill',
        'stroke',
      ].map((name) => [name, nothing]),
    ),
  } as unknown as TokenContext;
  return { context, arcs, texts };
};

const token: Token = {
  shape: 'out',
  x: 100,
  y: 50,
  attempt: 1,
  probe: false,
  message: false,
  strength: 1,
  traceId: null,
  breaker: false,
};
const view: TokenView = {
  x: 10,
  y: 20,
  zoom: 0.5,
  width: 800,
  height: 600,
  pixelRatio: 2,
  colours: { ink: '#000', paper: '#fff', ok: '#0f0', fail: '#f00', half: '#f0f' },
  traces: new Set(),
};

describe('drawing', () => {
  it('follows pan and zoom, and never draws smaller than 12 px across', () => {
    const { context, arcs } = recorder();
    drawTokens(context, [token], view);
    expect(arcs[0]).toMatchObject({ x: 60, y: 45, r: 6 });
  });

  it('numbers later attempts', () => {
    const { context, texts } = recorder();
    drawTokens(context, [token, { ...token, attempt: 2 }], view);
    expect(texts).toEqual(['2']);
  });

  it('draws nothing that is out of sight', () => {
    const { context, arcs } = recorder();
    drawTokens(context, [{ ...token, x: 5000 }], view);
    expect(arcs).toEqual([]);
  });
});
