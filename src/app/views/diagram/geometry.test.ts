import { describe, expect, it } from 'vitest';
import { BOXES, courseOf, DIAGRAM, EDGES, type EdgePlace, fullBox, type PlacedService } from './geometry.ts';
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

describe('the diagram', () => {
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
      for (const service of Object.keys(BOXES) as PlacedService[]) {
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
    for (const service of Object.keys(BOXES) as PlacedService[]) {
      const box = fullBox(service);
      expect(
        box.x >= 0 &&
          box.y >= 0 &&
          box.x + box.width <= DIAGRAM.width &&
          box.y + box.height <= DIAGRAM.height,
      ).toBe(true);
    }
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
