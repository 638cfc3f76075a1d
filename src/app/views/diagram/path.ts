export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A way across the diagram: what SVG draws and what tokens travel along are the same curve. */
export interface Way {
  /** SVG path data. */
  readonly d: string;
  readonly length: number;
  /** The corners, for labels. */
  readonly corners: readonly Point[];
  readonly points: readonly Point[];
  /** Length from the start to each of `points`. */
  readonly lengths: readonly number[];
}

const STEPS_PER_CORNER = 8;

const distance = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

const towards = (from: Point, to: Point, length: number): Point => {
  const whole = distance(from, to);
  if (whole === 0) return from;
  return { x: from.x + ((to.x - from.x) * length) / whole, y: from.y + ((to.y - from.y) * length) / whole };
};

/** A polyline with rounded corners. */
export function roundedWay(corners: readonly Point[], radius = 14): Way {
  const points: Point[] = [];
  let d = '';
  const round = (value: number) => Math.round(value * 100) / 100;
  corners.forEach((corner, index) => {
    const before = corners[index - 1];
    const after = corners[index + 1];
    if (before === undefined || after === undefined) {
      d += `${before === undefined ? 'M' : 'L'}${round(corner.x)},${round(corner.y)}`;
      points.push(corner);
      return;
    }
    const r = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2);
    const start = towards(corner, before, r);
    const end = towards(corner, after, r);
    d += `L${round(start.x)},${round(start.y)}Q${round(corner.x)},${round(corner.y)} ${round(end.x)},${round(end.y)}`;
    for (let step = 0; step <= STEPS_PER_CORNER; step += 1) {
      const t = step / STEPS_PER_CORNER;
      const u = 1 - t;
      points.push({
        x: u * u * start.x + 2 * u * t * corner.x + t * t * end.x,
        y: u * u * start.y + 2 * u * t * corner.y + t * t * end.y,
      });
    }
  });
  const lengths: number[] = [0];
  let length = 0;
  for (let index = 1; index < points.length; index += 1) {
    const a = points[index - 1];
    const b = points[index];
    if (a !== undefined && b !== undefined) length += distance(a, b);
    lengths.push(length);
  }
  return { d, length, corners, points, lengths };
}

/** The point at a length from the start; before the start and past the end it stays at the ends. */
export function pointAt(way: Way, length: number): Point {
  const first = way.points[0] ?? { x: 0, y: 0 };
  if (length <= 0) return first;
  const last = way.points.at(-1) ?? first;
  if (length >= way.length) return last;
  let low = 0;
  let high = way.lengths.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((way.lengths[middle] ?? 0) <= length) low = middle;
    else high = middle;
  }
  const a = way.points[low] ?? first;
  const b = way.points[high] ?? last;
  const from = way.lengths[low] ?? 0;
  const to = way.lengths[high] ?? from;
  const t = to === from ? 0 : (length - from) / (to - from);
  return { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
}
