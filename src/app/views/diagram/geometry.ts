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

/** What of it is drawn on: the margins at its top and bottom belong to the registry's spokes alone. */
export const DRAWN = { y: 16, height: 572 } as const;

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
  monolith: around(390, 300, 260, 120),
} as const satisfies Partial<Record<ServiceName, Box>>;

export type PlacedService = keyof typeof BOXES;

export const WITH_DATABASE: readonly ServiceName[] = ['user', 'order', 'product', 'shipping', 'monolith'];

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
  /** Too short for its label beside a breaker that has much to say. */
  readonly tight: boolean;
}

const points = (...pairs: readonly (readonly [number, number])[]): Point[] =>
  pairs.map(([x, y]) => ({ x, y }));

function edge(
  from: PlacedService,
  to: PlacedService,
  kind: EdgePlace['kind'],
  corners: readonly Point[],
  label: Point,
  more: { readonly side?: 'below'; readonly fault?: Point; readonly tight?: true } = {},
): EdgePlace {
  const { fault = { x: label.x, y: label.y - 26 } } = more;
  const side: EdgePlace['badge']['side'] = more.side ?? 'right';
  const start = corners[0] ?? { x: 0, y: 0 };
  const badge =
    side === 'right' ? { x: start.x + 4, y: start.y, side } : { x: start.x, y: start.y + 4, side };
  return { from, to, kind, way: roundedWay(corners), badge, label, fault, tight: more.tight ?? false };
}

/** Laid so that no two cross and none passes through a box (see the test). */
const EDGES: readonly EdgePlace[] = [
  edge('customers', 'gateway', 'http', points([76, 300], [150, 300]), { x: 113, y: 300 }),
  edge(
    'gateway',
    'user',
    'http',
    points([290, 270], [374, 270], [374, 80], [410, 80]),
    { x: 374, y: 150 },
    { fault: { x: 374, y: 178 } },
  ),
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
    { x: 350, y: 344 },
    { fault: { x: 333, y: 399 } },
  ),
  edge(
    'gateway',
    'shipping',
    'http',
    points([220, 346], [220, 575], [656, 575], [656, 508], [680, 508]),
    { x: 430, y: 575 },
    { side: 'below' },
  ),
  edge(
    'order',
    'product',
    'http',
    points([550, 294], [656, 294], [656, 128], [680, 128]),
    { x: 656, y: 205 },
    { fault: { x: 595, y: 238 } },
  ),
  edge(
    'order',
    'payment-provider',
    'http',
    points([550, 320], [680, 320]),
    { x: 643, y: 320 },
    { fault: { x: 765, y: 218 }, tight: true },
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
    { x: 873, y: 516 },
    { fault: { x: 850, y: 577 } },
  ),
];

/** The registry's spokes: seen only when it is selected, and then they may cross edges. */
const SPOKES: readonly EdgePlace[] = [
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

/** What is drawn of one composition. */
export interface Layout {
  /** In the order in which a request flows: focus follows it. */
  readonly services: readonly PlacedService[];
  readonly edges: readonly EdgePlace[];
  readonly spokes: readonly EdgePlace[];
}

export const SERVICES_LAYOUT: Layout = {
  services: [
    'customers',
    'gateway',
    'registry',
    'user',
    'product',
    'order',
    'payment-provider',
    'shipping',
    'broker',
  ],
  edges: EDGES,
  spokes: SPOKES,
};

/** Four services in one box: what they say to each other are function calls, and nothing to be drawn. */
export const MONOLITH_LAYOUT: Layout = {
  services: ['customers', 'monolith', 'payment-provider'],
  edges: [
    edge('customers', 'monolith', 'http', points([76, 300], [260, 300]), { x: 168, y: 300 }),
    edge(
      'monolith',
      'payment-provider',
      'http',
      points([520, 300], [680, 300]),
      { x: 645, y: 300 },
      {
        fault: { x: 600, y: 250 },
      },
    ),
  ],
  spokes: [],
};

/** By the composition's name, as the run's log says it. */
export const layoutOf = (composition: string): Layout =>
  composition === 'monolith' ? MONOLITH_LAYOUT : SERVICES_LAYOUT;

export interface Course {
  readonly edge: EdgePlace;
  /** From the edge's end to its start: what the callee of the drawing sends to its caller. */
  readonly reversed: boolean;
}

const COURSES: ReadonlyMap<string, Course> = new Map(
  [SERVICES_LAYOUT, MONOLITH_LAYOUT]
    .flatMap(({ edges, spokes }) => [...edges, ...spokes])
    .flatMap((place): [string, Course][] => [
      [`${place.from}->${place.to}`, { edge: place, reversed: false }],
      [`${place.to}->${place.from}`, { edge: place, reversed: true }],
    ]),
);

/** Along which edge, and which way, calls between two services travel; undefined when none is drawn. */
export const courseOf = (from: ServiceName, to: ServiceName): Course | undefined =>
  COURSES.get(`${from}->${to}`);

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The nearest box in a direction; what lies straight ahead is nearer than what lies aside. Null: there is none. */
export function neighbour(
  from: PlacedService,
  direction: Direction,
  { services }: Layout = SERVICES_LAYOUT,
): PlacedService | null {
  const middle = (box: Box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
  const here = middle(BOXES[from]);
  const sideways = direction === 'left' || direction === 'right';
  const sign = direction === 'right' || direction === 'down' ? 1 : -1;
  let found: PlacedService | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const service of services) {
    const there = middle(BOXES[service]);
    const dx = there.x - here.x;
    const dy = there.y - here.y;
    const ahead = sign * (sideways ? dx : dy);
    const aside = Math.abs(sideways ? dy : dx);
    // Half a right angle each way, a little more for what is far aside.
    if (ahead < 40 || aside > ahead * 1.6) continue;
    const distance = ahead + 2 * aside;
    if (distance < least) {
      least = distance;
      found = service;
    }
  }
  return found;
}
