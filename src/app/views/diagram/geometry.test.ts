import { describe, expect, it } from 'vitest';
import {
  BOXES,
  type Box,
  courseOf,
  DIAGRAM,
  type EdgePlace,
  fullBox,
  MONOLITH_LAYOUT,
  neighbour,
  type PlacedService,
  SERVICES_LAYOUT,
} from './geometry.ts';
import { type Point, pointAt, roundedWay } from './path.ts';

const name = (edge: EdgePlace) => `${edge.from}→${edge.to}`;
const segments = (edge: EdgePlace): [Point, Point][] =>
  edge.way.points.slice(1).map((point, index) => [edge.way.points[index] ?? point, point]);

const side = (a: Point, b: Point, c: Point): number =>
  Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
const crosses = ([a, b]: [Point, Point], [c, d]: [Point, Point]): boolean =>
  side(a, b, c) !== side(a, b, d) &&
  side(c, d, a) !== side(c, d, b) &&
  side(a, b, c) * side(a, b, d) <= 0 &&
  side(c, d, a) * side(c, d, b) <= 0;

const LAYOUTS = [
  ['services', SERVICES_LAYOUT],
  ['the monolith', MONOLITH_LAYOUT],
] as const;

describe.each(LAYOUTS)('the diagram of %s', (_, { services, edges: EDGES }) => {
  it('has no two edges that cross', () => {
    const crossings = EDGES.flatMap((one, index) =>
      EDGES.slice(index + 1)
        .filter((other) => segments(one).some((a) => segments(other).some((b) => crosses(a, b))))
        .map((other) => `${name(one)} and ${name(other)}`),
    );
    expect(crossings).toEqual([]);
  });

  it('has no edge that passes through a box or its database', () => {
    const hits: string[] = [];
    for (const edge of EDGES) {
      for (const service of services) {
        const box = fullBox(service);
        const inside = (point: Point) =>
          point.x > box.x + 0.01 &&
          point.x < box.x + box.width - 0.01 &&
          point.y > box.y + 0.01 &&
          point.y < box.y + box.height - 0.01;
        for (let length = 0; length <= edge.way.length; length += 1) {
          if (inside(pointAt(edge.way, length))) {
            hits.push(`${name(edge)} through ${service}`);
            break;
          }
        }
      }
    }
    expect(hits).toEqual([]);
  });

  it('begins and ends each edge at the boxes that it joins', () => {
    const touches = (service: PlacedService, point: Point | undefined): boolean => {
      const box = BOXES[service];
      if (point === undefined) return false;
      return (
        point.x >= box.x - 0.01 &&
        point.x <= box.x + box.width + 0.01 &&
        point.y >= box.y - 0.01 &&
        point.y <= box.y + box.height + 0.01
      );
    };
    expect(
      EDGES.filter(
        (edge) => !touches(edge.from, edge.way.points[0]) || !touches(edge.to, edge.way.points.at(-1)),
      ).map(name),
    ).toEqual([]);
  });

  it('stays within 1000 × 600 units', () => {
    for (const service of services) {
      const box = fullBox(service);
      expect(
        box.x >= 0 &&
          box.y >= 0 &&
          box.x + box.width <= DIAGRAM.width &&
          box.y + box.height <= DIAGRAM.height,
      ).toBe(true);
    }
  });
});

describe('the diagram', () => {
  it('draws every service that has a box', () => {
    const drawn = new Set<PlacedService>(LAYOUTS.flatMap(([, layout]) => layout.services));
    expect([...drawn].sort()).toEqual(Object.keys(BOXES).sort());
  });

  it('sends answers and events back along the same edge', () => {
    expect(courseOf('broker', 'order')).toMatchObject({
      reversed: true,
      edge: { from: 'order', to: 'broker' },
    });
    expect(courseOf('user', 'product')).toBeUndefined();
  });
});

describe('a way', () => {
  it('rounds its corners and keeps its ends', () => {
    const way = roundedWay(
      [
        { x: 0, y: 0 },
        { x: 100, y: 0 },
        { x: 100, y: 100 },
      ],
      20,
    );
    expect(pointAt(way, 0)).toEqual({ x: 0, y: 0 });
    expect(pointAt(way, way.length)).toEqual({ x: 100, y: 100 });
    expect(way.length).toBeLessThan(200);
    const middle = pointAt(way, way.length / 2);
    expect(middle.x).toBeLessThan(100);
    expect(middle.y).toBeGreaterThan(0);
  });
});

describe('neighbours', () => {
  it('are where an eye would look for them', () => {
    expect(neighbour('customers', 'right')).toBe('gateway');
    expect(neighbour('gateway', 'right')).toBe('order');
    expect(neighbour('gateway', 'up')).toBe('registry');
    expect(neighbour('order', 'up')).toBe('user');
    expect(neighbour('order', 'right')).toBe('payment-provider');
    expect(neighbour('payment-provider', 'down')).toBe('shipping');
    expect(neighbour('payment-provider', 'up')).toBe('product');
    expect(neighbour('payment-provider', 'right')).toBe('broker');
    expect(neighbour('customers', 'left')).toBeNull();
  });

  it.each(LAYOUTS)('lead everywhere from the customers: %s', (_, layout) => {
    const reached = new Set<PlacedService>(['customers']);
    for (const service of reached)
      for (const direction of ['left', 'right', 'up', 'down'] as const) {
        const next = neighbour(service, direction, layout);
        if (next !== null) reached.add(next);
      }
    expect([...reached].sort()).toEqual([...layout.services].sort());
  });
});

describe.each(LAYOUTS)('labels of %s', (_, { services, edges: EDGES }) => {
  /** As wide as each gets: "100 % 10 s" on a breaker, "×2.5" on a pill. */
  const CHIP = { open: 96, closed: 66 };
  const PILL = { width: 44, height: 20 };
  const overlap = (a: Box, b: Box) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  const pill = ({ label }: EdgePlace): Box => ({
    x: label.x - PILL.width / 2,
    y: label.y - PILL.height / 2,
    ...PILL,
  });
  const chip = ({ badge }: EdgePlace, width: number): Box =>
    badge.side === 'right'
      ? { x: badge.x, y: badge.y - 10, width, height: 20 }
      : { x: badge.x - width / 2, y: badge.y, width, height: 20 };

  it('of faults lie on no box, on no badge of a box, and on no other label', () => {
    // "→ Slow +2 s (50 %) · 30 s" is 176 wide.
    const faultOf = (edge: EdgePlace): Box => ({
      x: edge.fault.x - 75,
      y: edge.fault.y - 11,
      width: 150,
      height: 22,
    });
    const hits: string[] = [];
    for (const edge of EDGES) {
      if (edge.from === 'customers') continue;
      for (const service of services) {
        const box = fullBox(service);
        if (overlap(faultOf(edge), box)) hits.push(`${name(edge)} on ${service}`);
        const badge = { x: box.x + 8, y: box.y - 13, width: 120, height: 24 };
        if (overlap(faultOf(edge), badge)) hits.push(`${name(edge)} on the fault of ${service}`);
      }
      for (const other of EDGES)
        if (other.from !== 'customers' && overlap(faultOf(edge), pill(other)))
          hits.push(`${name(edge)} on the label of ${name(other)}`);
    }
    expect(hits).toEqual([]);
  });

  it('lie on no box and on no breaker', () => {
    const hits: string[] = [];
    for (const edge of EDGES) {
      for (const service of services)
        if (edge.from !== 'customers' && overlap(pill(edge), fullBox(service)))
          hits.push(`${name(edge)} on ${service}`);
      for (const other of EDGES) {
        if (other.from === 'customers') continue;
        // Where it would, the label of a tight edge is left out.
        const width = edge === other && edge.tight ? CHIP.closed : CHIP.open;
        if (overlap(pill(edge), chip(other, width)))
          hits.push(`${name(edge)} on the breaker of ${name(other)}`);
      }
    }
    expect(hits).toEqual([]);
  });
});
