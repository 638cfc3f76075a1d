import type { InstanceId, Json, ServiceName } from '../../../kernel/index.ts';

/** Where an entry may sit: which places its form offers. */
export type EntryPlaces =
  /** A service, an instance or a connection. */
  | 'anywhere'
  | 'place'
  /** A connection, or all of them. */
  | 'way'
  /** From the broker to those who are told. */
  | 'deliveries'
  | 'consumers'
  /** Who issues tokens, or checks them. */
  | 'token-readers'
  | 'instance'
  /** An instance against all others. */
  | 'side'
  /** There is only one: the entry says it. */
  | 'fixed';

export interface NumberField {
  readonly kind: 'number';
  readonly name: string;
  readonly label: string;
  /** What stands after it. */
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly usual: number;
  /** What the fault's field is for one of the unit; 1 where nothing is said. */
  readonly scale?: number;
}

export interface ChoiceField {
  readonly kind: 'choice';
  readonly name: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

export interface TextField {
  readonly kind: 'text';
  readonly name: string;
  readonly label: string;
  readonly usual: string;
}

export type EntryField = NumberField | ChoiceField | TextField;

/** One line of the catalogue: a kind of fault, or a use of one that has a name of its own. */
export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly kind: string;
  readonly places: EntryPlaces;
  /** What the form does not ask for. */
  readonly fixed: { readonly [field: string]: Json };
  readonly fields: readonly EntryField[];
  /** False: a crash at a step has no length, and so cannot come again. */
  readonly lasts?: false;
}

export interface CatalogueLayer {
  readonly title: string;
  readonly entries: readonly CatalogueEntry[];
}

const ms = (name: string, label: string, usual: number, high = 60_000, low = 1): NumberField => ({
  kind: 'number',
  name,
  label,
  unit: 'ms',
  low,
  high,
  usual,
});
const seconds = (name: string, label: string, usual: number, high = 3600, low = 0.1): NumberField => ({
  kind: 'number',
  name,
  label,
  unit: 's',
  low,
  high,
  usual,
  scale: 1000,
});
const percent = (name: string, label: string, usual: number): NumberField => ({
  kind: 'number',
  name,
  label,
  unit: '%',
  low: 0,
  high: 100,
  usual,
  scale: 0.01,
});
const share = (of: string, usual = 100): NumberField => percent('share', `Hits so many ${of}`, usual);
const times = (label: string, usual: number): NumberField => ({
  kind: 'number',
  name: 'factor',
  label,
  unit: '×',
  low: 1,
  high: 100,
  usual,
});
const choice = (
  name: string,
  label: string,
  ...options: readonly (readonly [value: string, label: string])[]
): ChoiceField => ({
  kind: 'choice',
  name,
  label,
  options: options.map(([value, text]) => ({ value, label: text })),
});
const WAYS = choice(
  'way',
  'What is lost',
  ['both', 'both ways'],
  ['out', 'what it sends'],
  ['in', 'what it is sent'],
);
const CUSTOMERS = { target: { kind: 'service', service: 'customers' } };

const DELAY = [
  ms('addMs', 'Adds, on average', 2000),
  percent('spreadShare', 'Spread', 10),
  choice(
    'distribution',
    'Drawn',
    ['uniform', 'uniform'],
    ['normal', 'normal'],
    ['lognormal', 'lognormal'],
    ['pareto', 'Pareto (a long tail)'],
  ),
  percent('correlation', 'Alike within a second', 0),
  share('requests'),
];

/** Everything that can be broken, by its layer. docs/faults.md says what each does. */
export const CATALOGUE: readonly CatalogueLayer[] = [
  {
    title: 'HTTP',
    entries: [
      {
        id: 'slow',
        title: 'Slow',
        text: 'Answers come later. On a service the request waits inside and holds a slot.',
        kind: 'slow',
        places: 'anywhere',
        fixed: {},
        fields: DELAY,
      },
      {
        id: 'errors',
        title: 'Errors',
        text: 'Answered with an error in the service’s place: nothing is done.',
        kind: 'errors',
        places: 'anywhere',
        fixed: {},
        fields: [
          { kind: 'number', name: 'status', label: 'Status', unit: '', low: 400, high: 599, usual: 503 },
          share('requests', 80),
        ],
      },
      {
        id: 'throttling',
        title: 'Throttling (429)',
        text: 'Turned away with “too many requests” and a Retry-After.',
        kind: 'errors',
        places: 'anywhere',
        fixed: { status: 429 },
        fields: [
          {
            kind: 'number',
            name: 'retryAfterS',
            label: 'Retry after',
            unit: 's',
            low: 0,
            high: 60,
            usual: 2,
          },
          share('requests', 80),
        ],
      },
      {
        id: 'reset',
        title: 'Connection reset',
        text: 'The connection breaks; the caller hears so at once, and cannot tell whether it was done.',
        kind: 'reset',
        places: 'way',
        fixed: {},
        fields: [
          choice('when', 'When', ['before', 'before it is done'], ['after', 'after it was done']),
          share('requests', 50),
        ],
      },
      {
        id: 'blackhole',
        title: 'Blackhole',
        text: 'Requests vanish and nobody says no: only a timeout tells.',
        kind: 'loss',
        places: 'way',
        fixed: { way: 'request' },
        fields: [share('requests')],
      },
      {
        id: 'lost-answer',
        title: 'Lost answer',
        text: 'It was done, and the answer is lost: the caller must be able to ask again.',
        kind: 'loss',
        places: 'way',
        fixed: { way: 'response' },
        fields: [share('answers', 50)],
      },
      {
        id: 'slow-body',
        title: 'Slow body',
        text: 'Headers at once, then a trickle.',
        kind: 'slow-body',
        places: 'anywhere',
        fixed: {},
        fields: [
          {
            kind: 'number',
            name: 'bytesPerSecond',
            label: 'Trickles at',
            unit: 'B/s',
            low: 10,
            high: 1_000_000,
            usual: 100,
          },
          share('answers'),
        ],
      },
      {
        id: 'corrupt-body',
        title: 'Corrupt body',
        text: 'Answers arrive unreadable, whatever their status says.',
        kind: 'corrupt-body',
        places: 'anywhere',
        fixed: {},
        fields: [
          choice('how', 'How', ['cut', 'the second half is missing'], ['garble', 'a byte is wrong']),
          share('answers', 50),
        ],
      },
    ],
  },
  {
    title: 'Link',
    entries: [
      {
        id: 'cut',
        title: 'Cut',
        text: 'Nothing gets through.',
        kind: 'down',
        places: 'way',
        fixed: {},
        fields: [],
      },
      {
        id: 'loss',
        title: 'Loss',
        text: 'Messages are lost by chance.',
        kind: 'loss',
        places: 'way',
        fixed: {},
        fields: [
          choice('way', 'Which', ['both', 'both ways'], ['request', 'requests'], ['response', 'answers']),
          share('messages', 10),
        ],
      },
      {
        id: 'latency',
        title: 'Latency',
        text: 'Every message takes longer, each way; a later one may overtake an earlier one.',
        kind: 'latency',
        places: 'way',
        fixed: {},
        fields: [ms('meanMs', 'Adds, on average', 100, 10_000)],
      },
      {
        id: 'clog',
        title: 'Clog',
        text: 'What is sent waits, and arrives when the fault ends.',
        kind: 'clog',
        places: 'way',
        fixed: {},
        fields: [ms('extraMs', 'Then spread over', 0, 60_000, 0)],
      },
      {
        id: 'duplicate',
        title: 'Duplicates',
        text: 'Requests that may be repeated arrive twice.',
        kind: 'duplicate',
        places: 'way',
        fixed: {},
        fields: [share('requests', 50), ms('withinMs', 'The second within', 1000, 60_000, 0)],
      },
      {
        id: 'partition',
        title: 'Partition',
        text: 'One instance is cut off from all others, and nobody says so.',
        kind: 'partition',
        places: 'side',
        fixed: {},
        fields: [WAYS],
      },
      {
        id: 'flapping',
        title: 'Flapping',
        text: 'A partition that comes and goes.',
        kind: 'flapping',
        places: 'side',
        fixed: {},
        fields: [
          WAYS,
          seconds('meanDownMs', 'Cut, on average', 2, 3600, 0.1),
          seconds('meanUpMs', 'Open, on average', 2, 3600, 0.1),
        ],
      },
    ],
  },
  {
    title: 'Instance',
    entries: [
      {
        id: 'down',
        title: 'Crash',
        text: 'Ended, and kept down until the fault ends.',
        kind: 'down',
        places: 'place',
        fixed: {},
        fields: [],
      },
      {
        id: 'crash-loop',
        title: 'Crash loop',
        text: 'Crashes again and again.',
        kind: 'crash-loop',
        places: 'place',
        fixed: {},
        fields: [
          seconds('meanUpMs', 'Up, on average', 10),
          seconds('restartAfterMs', 'Back after', 1, 3600, 0),
        ],
      },
      {
        id: 'crash-at',
        title: 'Crash at a step',
        text: 'Ends exactly before or after the nth step of its kind.',
        kind: 'crash-at',
        places: 'instance',
        lasts: false,
        fixed: {},
        fields: [
          choice(
            'port',
            'At',
            ['handler', 'a request'],
            ['network', 'a call of its own'],
            ['store', 'a transaction'],
            ['work', 'work'],
          ),
          { kind: 'text', name: 'operation', label: 'Named (* is any)', usual: '*' },
          { kind: 'number', name: 'nth', label: 'Which', unit: 'th', low: 1, high: 1_000_000, usual: 1 },
          choice('when', 'When', ['after', 'after it is done'], ['before', 'before it is done']),
          seconds('restartAfterMs', 'Back after', 3, 3600, 0),
        ],
      },
      {
        id: 'hang',
        title: 'Hang',
        text: 'Stands still: takes requests, and answers none until the fault ends. A restart cures it.',
        kind: 'hang',
        places: 'place',
        fixed: {},
        fields: [],
      },
      {
        id: 'slow-cpu',
        title: 'Slow CPU',
        text: 'All its work takes longer, and holds the CPU as long.',
        kind: 'slow-cpu',
        places: 'place',
        fixed: {},
        fields: [times('Works so many times as long', 10)],
      },
      {
        id: 'memory-limit',
        title: 'Memory limit',
        text: 'Each request leaves something behind; at the limit it is killed. Counted, not measured.',
        kind: 'memory-limit',
        places: 'place',
        fixed: {},
        fields: [
          {
            kind: 'number',
            name: 'leakKbPerRequest',
            label: 'Lost per request',
            unit: 'KB',
            low: 1,
            high: 1_048_576,
            usual: 1024,
          },
          { kind: 'number', name: 'limitMb', label: 'Limit', unit: 'MB', low: 1, high: 4096, usual: 32 },
          seconds('restartAfterMs', 'Back after', 2, 3600, 0),
        ],
      },
      {
        id: 'slow-start',
        title: 'Slow start',
        text: 'Whoever starts needs longer. Felt at the next restart.',
        kind: 'slow-start',
        places: 'place',
        fixed: {},
        fields: [seconds('addMs', 'Needs longer by', 5, 60)],
      },
      {
        id: 'clock-offset',
        title: 'Wrong clock',
        text: 'Its time of day is wrong: good tokens are too old for it. Negative: it is behind.',
        kind: 'clock-offset',
        places: 'token-readers',
        fixed: {},
        fields: [
          {
            kind: 'number',
            name: 'offsetMs',
            label: 'Ahead by',
            unit: 'min',
            low: -1440,
            high: 1440,
            usual: 120,
            scale: 60_000,
          },
        ],
      },
    ],
  },
  {
    title: 'Database',
    entries: [
      {
        id: 'store-slow',
        title: 'Slow database',
        text: 'Transactions take longer.',
        kind: 'store-slow',
        places: 'place',
        fixed: {},
        fields: [ms('addMs', 'Adds', 500), share('transactions')],
      },
      {
        id: 'store-errors',
        title: 'Database errors',
        text: 'Transactions do not begin, or are undone in place of being committed.',
        kind: 'store-errors',
        places: 'place',
        fixed: {},
        fields: [
          choice('at', 'When', ['commit', 'at the commit'], ['begin', 'at the beginning']),
          choice(
            'error',
            'Why',
            ['aborted', 'aborted'],
            ['unavailable', 'unavailable'],
            ['quota-exceeded', 'the disk is full'],
            ['read-only', 'read-only'],
          ),
          share('transactions', 50),
        ],
      },
    ],
  },
  {
    title: 'Messaging',
    entries: [
      {
        id: 'message-drop-ack',
        title: 'Lost acknowledgements',
        text: 'The message was handled, and the broker does not hear so: it delivers it again.',
        kind: 'loss',
        places: 'deliveries',
        fixed: { way: 'response' },
        fields: [share('acknowledgements', 50)],
      },
      {
        id: 'message-duplicate',
        title: 'Delivered twice',
        text: 'Once more, though it was acknowledged: at least once.',
        kind: 'message-duplicate',
        places: 'deliveries',
        fixed: {},
        fields: [share('deliveries', 50), ms('withinMs', 'The second within', 500, 60_000, 0)],
      },
      {
        id: 'message-reorder',
        title: 'Out of order',
        text: 'Old messages turn up again after newer ones.',
        kind: 'message-duplicate',
        places: 'deliveries',
        fixed: { withinMs: 30_000 },
        fields: [share('deliveries', 50)],
      },
      {
        id: 'message-delay',
        title: 'Late messages',
        text: 'Deliveries take longer; those of other keys overtake them.',
        kind: 'slow',
        places: 'deliveries',
        fixed: { spreadShare: 1, distribution: 'lognormal' },
        fields: [ms('addMs', 'Adds, on average', 3000), share('deliveries')],
      },
      {
        id: 'message-poison',
        title: 'Poisoned messages',
        text: 'Cannot be handled, however often they come: dead letters in the end.',
        kind: 'message-poison',
        places: 'consumers',
        fixed: { messageType: null },
        fields: [share('messages', 20)],
      },
      {
        id: 'consumer-stopped',
        title: 'Consumer stopped',
        text: 'It takes no messages: they pile up, and nothing is lost.',
        kind: 'errors',
        places: 'deliveries',
        fixed: { status: 503, share: 1 },
        fields: [],
      },
      {
        id: 'broker-down',
        title: 'Broker down',
        text: 'Nothing is delivered; outboxes keep what is written.',
        kind: 'down',
        places: 'fixed',
        fixed: { target: { kind: 'service', service: 'broker' } },
        fields: [],
      },
    ],
  },
  {
    title: 'Discovery',
    entries: [
      {
        id: 'registry-stale',
        title: 'Stale registry',
        text: 'Look-ups get an old list: who has gone is still called.',
        kind: 'registry-stale',
        places: 'fixed',
        fixed: { target: { kind: 'service', service: 'registry' } },
        fields: [],
      },
      {
        id: 'registry-down',
        title: 'Registry down',
        text: 'Nobody can be looked up: callers go on with what they know.',
        kind: 'down',
        places: 'fixed',
        fixed: { target: { kind: 'service', service: 'registry' } },
        fields: [],
      },
    ],
  },
  {
    title: 'Load',
    entries: [
      {
        id: 'spike',
        title: 'Spike',
        text: 'So many times as many customers, at once.',
        kind: 'spike',
        places: 'fixed',
        fixed: CUSTOMERS,
        fields: [times('As many customers', 8)],
      },
      {
        id: 'ramp',
        title: 'Ramp',
        text: 'More and more customers.',
        kind: 'ramp',
        places: 'fixed',
        fixed: CUSTOMERS,
        fields: [times('In the end, as many', 8), seconds('overMs', 'Reached after', 20, 3600, 1)],
      },
      {
        id: 'hot-product',
        title: 'Hot product',
        text: 'Everybody wants the same.',
        kind: 'hot-product',
        places: 'fixed',
        fixed: CUSTOMERS,
        fields: [
          { kind: 'text', name: 'sku', label: 'Product', usual: 'games-01' },
          percent('share', 'So many orders', 80),
        ],
      },
    ],
  },
];

/** What a form holds, by field; numbers as they are typed. */
export type EntryValues = Readonly<Record<string, string>>;

export const usualValues = ({ fields }: CatalogueEntry): EntryValues =>
  Object.fromEntries(
    fields.map((field) => [
      field.name,
      field.kind === 'choice' ? (field.options[0]?.value ?? '') : String(field.usual),
    ]),
  );

/** Is it a number in its range, or a text? */
export function isInRange(field: EntryField, value: string): boolean {
  if (field.kind !== 'number') return value.trim() !== '';
  const given = value.trim() === '' ? Number.NaN : Number(value);
  return given >= field.low && given <= field.high;
}

/** Where a fault can sit, as the form has it in its list. */
export interface EntryPlace {
  readonly key: string;
  readonly title: string;
  readonly target: { readonly [field: string]: Json };
}

/** The fault that an entry makes. */
export function faultOf(
  { kind, fixed, fields, places, lasts }: CatalogueEntry,
  values: EntryValues,
  place: EntryPlace | null,
  lengthMs: number | null,
): Json {
  const asked = Object.fromEntries(
    fields.map((field) => [field.name, valueOf(field, values[field.name] ?? '')]),
  );
  const fault = { kind, ...where(places, place), ...fixed, ...asked };
  return lasts === false ? fault : { ...fault, lengthMs };
}

function where(places: EntryPlaces, place: EntryPlace | null): { readonly [field: string]: Json } {
  if (places === 'fixed' || place === null) return {};
  if (places === 'instance') return { instance: place.target['instance'] ?? '' };
  if (places === 'side') return { instances: [place.target['instance'] ?? ''], others: null };
  return { target: place.target };
}

function valueOf(field: EntryField, value: string): Json {
  if (field.kind !== 'number') return value;
  const scaled = Number(value) * (field.scale ?? 1);
  return Math.round(scaled * 1e6) / 1e6;
}

/** What of this shop the form offers. */
export interface ShopParts {
  readonly services: readonly ServiceName[];
  readonly instances: readonly InstanceId[];
  readonly edges: readonly { readonly from: ServiceName; readonly to: ServiceName }[];
}

const TOKEN_READERS: readonly string[] = ['gateway', 'user', 'product', 'order', 'shipping', 'monolith'];
const CONSUMERS: readonly string[] = ['order', 'shipping'];

/** The places where an entry may sit in this shop, by what the page calls them. */
export function placesOf(
  places: EntryPlaces,
  { services, instances, edges }: ShopParts,
  titleOf: (service: ServiceName) => string,
): readonly EntryPlace[] {
  const atService = services.map((service) => ({
    key: service,
    title: titleOf(service),
    target: { kind: 'service', service },
  }));
  const atInstance = instances.map((instance) => ({
    key: instance,
    title: instance,
    target: { kind: 'instance', instance },
  }));
  const between = (from: ServiceName, to: ServiceName) => ({
    key: `${from}->${to}`,
    title: `${titleOf(from)} → ${titleOf(to)}`,
    target: { kind: 'edge', from, to },
  });
  const ways = edges.map(({ from, to }) => between(from, to));
  const everyWay = { key: '*', title: 'Every connection', target: { kind: 'network' } };
  const consumers = services.filter((service) => CONSUMERS.includes(service));
  switch (places) {
    case 'anywhere':
      return [...atService, ...atInstance, ...ways];
    case 'place':
      return [...atService, ...atInstance];
    case 'way':
      return [...ways, everyWay];
    case 'deliveries':
      return services.includes('broker') ? consumers.map((to) => between('broker', to)) : [];
    case 'consumers':
      return services.includes('broker') ? atService.filter(({ key }) => CONSUMERS.includes(key)) : [];
    case 'token-readers':
      return atService.filter(({ key }) => TOKEN_READERS.includes(key));
    case 'instance':
    case 'side':
      return atInstance;
    case 'fixed':
      return [];
  }
}
