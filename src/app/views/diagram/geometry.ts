import type { ServiceName } from '../../../kernel/index.ts';
import { type Point, roundedWay, type Way } from './path.ts';

/** The diagram's own units; the window's pixels follow from the zoom. */
export const DIAGRAM = { width: 1000, height: 600 } as const;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Databases are docked under their service. */
export const DATABASE_STRIP = 28;

const around = (x: number, y: number, width: number, height: number): Box => ({
  x: x - width / 2,
  y: y - height / 2,
  width,
  height,
});

/** Each box without its database strip. */
export const BOXES = {
  customers: around(40, 300, 72, 92),
  gateway: around(220, 300, 140, 92),
  user: around(480, 80, 140, 92),
  order: around(480, 330, 140, 104),
  product: around(750, 110, 140, 92),
  'payment-provider': around(750, 300, 140, 92),
  shipping: around(750, 490, 140, 92),
  broker: around(955, 300, 58, 500),
  registry: around(220, 70, 120, 36),
} as const satisfies Partial<Record<ServiceName, Box>>;

export type PlacedService = keyof typeof BOXES;

export const WITH_DATABASE: readonly ServiceName[] = ['user', 'order', 'product', 'shipping'];

/** A box with everything that belongs to it. */
export const fullBox = (service: PlacedService): Box => {
  const box = BOXES[service];
  return WITH_DATABASE.includes(service) ? { ...box, height: box.height + DATABASE_STRIP } : box;
};

export interface EdgePlace {
  readonly from: PlacedService;
  readonly to: PlacedService;
  readonly kind: 'http' | 'events' | 'registry';
  readonly way: Way;
  /** Where the caller's breaker sits, at the start of the edge. */
  readonly badge: { readonly x: number; readonly y: number; readonly side: 'right' | 'below' };
  /** Where the edge's label sits. */
  readonly label: Point;
  /** Where a fault of the edge is shown. */
  readonly fault: Point;
}

const points = (...pairs: readonly (readonly [number, number])[]): Point[] =>
  pairs.map(([x, y]) => ({ x, y }));

function edge(
  from: PlacedService,
  to: PlacedService,
  kind: EdgePlace['kind'],
  corners: readonly Point[],
  label: Point,
  more: { readonly side?: 'below'; readonly fault?: Point } = {},
): EdgePlace {
  const { fault = label } = more;
  const side: EdgePlace['badge']['side'] = more.side ?? 'right';
  const start = corners[0] ?? { x: 0, y: 0 };
  const badge =
    side === 'right' ? { x: start.x + 4, y: start.y, side } : { x: start.x, y: start.y + 4, side };
  return { from, to, kind, way: roundedWay(corners), badge, label, fault };
}

/** Laid so that no two cross and none passes through a box (see the test). */
export const EDGES: readonly EdgePlace[] = [
  edge('customers', 'gateway', 'http', points([76, 300], [150, 300]), { x: 113, y: 300 }),
  edge('gateway', 'user', 'http', points([290, 270], [374, 270], [374, 80], [410, 80]), { x: 374, y: 150 }),
  edge(
    'gateway',
    'product',
    'http',
    points([290, 294], [392, 294], [392, 205], [608, 205], [608, 92], [680, 92]),
    { x: 520, y: 205 },
  ),
  edge(
    'gateway',
    'order',
    'http',
    points([290, 318], [410, 318]),
    { x: 384, y: 338 },
    { fault: { x: 480, y: 264 } },
  ),
  edge(
    'gateway',
    'shipping',
    'http',
    points([220, 346], [220, 575], [656, 575], [656, 508], [680, 508]),
    { x: 430, y: 575 },
    { side: 'below' },
  ),
  edge('order', 'product', 'http', points([550, 294], [656, 294], [656, 128], [680, 128]), {
    x: 656,
    y: 205,
  }),
  edge(
    'order',
    'payment-provider',
    'http',
    points([550, 320], [680, 320]),
    { x: 656, y: 334 },
    { fault: { x: 750, y: 241 } },
  ),
  edge('order', 'broker', 'events', points([550, 346], [656, 346], [656, 400], [926, 400]), {
    x: 800,
    y: 400,
  }),
  edge('order', 'shipping', 'http', points([550, 372], [638, 372], [638, 474], [680, 474]), {
    x: 638,
    y: 430,
  }),
  edge(
    'shipping',
    'broker',
    'events',
    points([820, 490], [926, 490]),
    { x: 890, y: 490 },
    { fault: { x: 868, y: 520 } },
  ),
];

/** The registry's spokes: seen only when it is selected, and then they may cross edges. */
export const SPOKES: readonly EdgePlace[] = [
  edge('gateway', 'registry', 'registry', points([200, 254], [200, 88]), { x: 200, y: 170 }),
  edge('user', 'registry', 'registry', points([410, 60], [280, 60]), { x: 340, y: 60 }),
  edge('order', 'registry', 'registry', points([470, 278], [470, 232], [240, 232], [240, 88]), {
    x: 330,
    y: 232,
  }),
  edge('product', 'registry', 'registry', points([750, 64], [750, 20], [240, 20], [240, 52]), {
    x: 600,
    y: 20,
  }),
  edge('shipping', 'registry', 'registry', points([750, 564], [750, 592], [112, 592], [112, 70], [160, 70]), {
    x: 112,
    y: 450,
  }),
  edge('broker', 'registry', 'registry', points([955, 50], [955, 8], [200, 8], [200, 52]), { x: 800, y: 8 }),
];

export interface Course {
  readonly edge: EdgePlace;
  /** From the edge's end to its start: what the callee of the drawing sends to its caller. */
  readonly reversed: boolean;
}

const COURSES: ReadonlyMap<string, Course> = new Map(
  [...EDGES, ...SPOKES].flatMap((place): [string, Course][] => [
    [`${place.from}->${place.to}`, { edge: place, reversed: false }],
    [`${place.to}->${place.from}`, { edge: place, reversed: true }],
  ]),
);

/** Along which edge, and which way, calls between two services travel; undefined when none is drawn. */
export const courseOf = (from: ServiceName, to: ServiceName): Course | undefined =>
  COURSES.get(`${from}->${to}`);
