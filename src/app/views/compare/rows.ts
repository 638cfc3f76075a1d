import { affectedOf, type KindFigures, type SideFigures } from '../../../experiments/index.ts';
import { formatDuration, serviceTitle } from '../../../projections/index.ts';

export type Better = 'left' | 'right' | 'even' | null;

/** One line of the comparison. */
export interface ComparisonRow {
  readonly key: string;
  readonly title: string;
  readonly left: string;
  readonly right: string;
  readonly better: Better;
  /** What it shows. */
  readonly says: string;
  /** When it is the other way round. */
  readonly turns: string;
}

const NONE = '–';
/** Nearer than this to each other they are called even. */
const NEAR = 0.02;

const percent = (share: number | null): string => (share === null ? NONE : `${Math.round(share * 100)} %`);
const duration = (us: number | null): string => (us === null ? NONE : formatDuration(us / 1000));
const rate = (perSecond: number | null): string => (perSecond === null ? NONE : `${perSecond.toFixed(2)}/s`);
const counted = (value: number | null): string => value?.toLocaleString('en') ?? NONE;
const number = (value: number | null): string => (value === null ? NONE : value.toFixed(1));

/** Which of two is better, when more (or less) is; even when they are near. */
export function betterOf(left: number | null, right: number | null, best: 'more' | 'less'): Better {
  if (left === null || right === null) return null;
  const scale = Math.max(Math.abs(left), Math.abs(right));
  if (scale === 0 || Math.abs(left - right) / scale <= NEAR) return 'even';
  return left > right === (best === 'more') ? 'left' : 'right';
}

const KIND_TITLES = { order: 'Orders', browse: 'Browsing', status: 'Order status' } as const;
type KindName = keyof typeof KIND_TITLES;
const FIELD_TITLES = { p50Us: 'median', p95Us: '95 % within', p99Us: '99 % within' } as const;

/** "1 of 5: Shipping". */
function blastServices({ blast }: SideFigures): string {
  if (blast === null || blast.services.length === 0) return 'none';
  const { services, ofServices } = blast;
  const count = `${services.length} of ${ofServices}`;
  return services.length === ofServices
    ? `all: ${count}`
    : `${count}: ${services.map(serviceTitle).join(', ')}`;
}

/** "93 % of orders, 0 % of browsing". */
function blastIntents({ blast }: SideFigures): string {
  if (blast === null) return 'none';
  const share = (of: 'order' | 'browse') => percent(affectedOf(blast.intents[of]));
  return `${share('order')} of orders, ${share('browse')} of browsing`;
}

const hitShare = ({ blast }: SideFigures): number | null =>
  blast === null || blast.ofServices === 0 ? null : blast.services.length / blast.ofServices;

/** Of all kinds: what customers notice decides, not how many parts the shop is cut into. */
function affectedShare({ blast }: SideFigures): number | null {
  if (blast === null) return null;
  const kinds = Object.values(blast.intents);
  return affectedOf({
    ended: kinds.reduce((sum, { ended }) => sum + ended, 0),
    affected: kinds.reduce((sum, { affected }) => sum + affected, 0),
  });
}

/** The lines, from the figures of both sides. */
export function comparisonRows(left: SideFigures, right: SideFigures): readonly ComparisonRow[] {
  const kind = (side: SideFigures, of: KindName): KindFigures => side.kinds[of];
  const success = (of: KindName, says: string, turns: string): ComparisonRow => ({
    key: `success-${of}`,
    title: `${KIND_TITLES[of]}: success`,
    left: percent(kind(left, of).success),
    right: percent(kind(right, of).success),
    better: betterOf(kind(left, of).success, kind(right, of).success, 'more'),
    says,
    turns,
  });
  const latency = (
    of: KindName,
    field: keyof typeof FIELD_TITLES,
    says: string,
    turns: string,
  ): ComparisonRow => ({
    key: `${field}-${of}`,
    title: `${KIND_TITLES[of]}: ${FIELD_TITLES[field]}`,
    left: duration(kind(left, of)[field]),
    right: duration(kind(right, of)[field]),
    better: betterOf(kind(left, of)[field], kind(right, of)[field], 'less'),
    says,
    turns,
  });
  return [
    success(
      'order',
      'Of the orders that have ended, how many ended well.',
      'A slow module costs the services more, as they give up on it; a dead one costs the monolith everything.',
    ),
    success(
      'browse',
      'Whether those who only look at goods notice anything.',
      'Services lose browsing when Product or User is in trouble, and only then.',
    ),
    success(
      'status',
      'Whether those who ask about their order notice anything.',
      'Services lose it when the Order service is full of waiting calls.',
    ),
    {
      key: 'blast',
      title: 'Blast radius',
      left: blastServices(left),
      right: blastServices(right),
      better: betterOf(hitShare(left), hitShare(right), 'less'),
      says: 'Which deployed parts gave a failed, refused or late answer because of the last fault.',
      turns: 'Without timeouts and breakers a failing service takes its callers along.',
    },
    {
      key: 'blast-intents',
      title: 'what customers felt of it',
      left: blastIntents(left),
      right: blastIntents(right),
      better: betterOf(affectedShare(left), affectedShare(right), 'less'),
      says: 'Of what customers began since that fault, how much it has made fail, undone or made late.',
      turns: 'When a module is only slow, services give up where the monolith waits.',
    },
    latency(
      'order',
      'p50Us',
      'From the send to the order’s end state, of those that ended well.',
      'Never by itself: each hop adds its time. More work per call makes the difference smaller.',
    ),
    latency(
      'order',
      'p95Us',
      'What the slowest of twenty customers waits.',
      'When one module is slow, the monolith’s customers all wait for it; services give up instead.',
    ),
    latency(
      'order',
      'p99Us',
      'The one in a hundred who tells the others.',
      'As the line before, and sooner: the tail shows first what is about to go wrong.',
    ),
    latency(
      'browse',
      'p50Us',
      'One question, one answer: two hops more through a gateway.',
      'When the monolith’s slots are full of something else.',
    ),
    {
      key: 'goodput',
      title: 'Good answers',
      left: rate(left.goodput),
      right: rate(right.goodput),
      better: betterOf(left.goodput, right.goodput, 'more'),
      says: 'Endings that were good and in time, per second, of all kinds.',
      turns:
        'With equal resources the pool of the monolith is shared by all; services can scale one part alone.',
    },
    {
      key: 'half-done',
      title: 'Half-done orders',
      left: `${left.halfDoneNow} now, ${number(left.halfDoneMean)} on average`,
      right: `${right.halfDoneNow} now, ${number(right.halfDoneMean)} on average`,
      better: betterOf(left.halfDoneMean, right.halfDoneMean, 'less'),
      says: 'Something is done outside the order’s own database while the order has not ended.',
      turns: 'Payments are half-done on both sides: the provider is outside of both.',
    },
    {
      key: 'half-done-goods',
      title: 'of them with goods held',
      left: `${number(left.halfDoneGoodsMean)} on average`,
      right: `${number(right.halfDoneGoodsMean)} on average`,
      better: betterOf(left.halfDoneGoodsMean, right.halfDoneGoodsMean, 'less'),
      says: 'Stock or a parcel is held for an order that has not ended.',
      turns: 'Never: one transaction in one database holds order, stock and parcel together.',
    },
    {
      key: 'calls',
      title: 'Calls over the network per order',
      left: number(left.callsPerOrder),
      right: number(right.callsPerOrder),
      better: betterOf(left.callsPerOrder, right.callsPerOrder, 'less'),
      says: 'Each can be late, lost, or answered twice; the customer’s own is counted.',
      turns: 'Never: what is a function call there is a request here.',
    },
    {
      key: 'lines',
      title: 'Lines of code on the path of an order',
      left: counted(left.orderPathLines),
      right: counted(right.orderPathLines),
      better: betterOf(left.orderPathLines, right.orderPathLines, 'less'),
      says: 'Of the shop’s own code, those that run from the order’s request to its confirmation, the safety nets among them.',
      turns: 'Who works on one service alone reads that part only.',
    },
    {
      key: 'deployables',
      title: 'Deployables',
      left: String(left.deployables),
      right: String(right.deployables),
      better: betterOf(left.deployables, right.deployables, 'less'),
      says: 'Things to build, ship, watch and wake up for.',
      turns: 'With many teams each can ship its own part without waiting for the others.',
    },
    {
      key: 'databases',
      title: 'Databases',
      left: String(left.databases),
      right: String(right.databases),
      better: betterOf(left.databases, right.databases, 'less'),
      says: 'Each its own to back up; nothing can be read or changed across two of them at once.',
      turns: 'When one part needs another kind of database, or the shared one is the bottleneck.',
    },
    {
      key: 'instances',
      title: 'Instance-seconds',
      left: (left.instanceUs / 1_000_000).toFixed(0),
      right: (right.instanceUs / 1_000_000).toFixed(0),
      better: betterOf(left.instanceUs, right.instanceUs, 'less'),
      says: 'What is paid for: processes that are up, whatever they do. Both sides have the same slots in all.',
      turns: 'When only one part needs more: services add that part, the monolith another whole copy.',
    },
  ];
}

/** What is the same in every branch of a run. */
const OF_THE_COMPOSITION = new Set(['lines', 'deployables', 'databases']);

/** The lines for two branches of one run: when a composition would be the better one is not asked there. */
export const branchRows = (left: SideFigures, right: SideFigures): readonly ComparisonRow[] =>
  comparisonRows(left, right)
    .filter(({ key }) => !OF_THE_COMPOSITION.has(key))
    .map((row) => ({ ...row, turns: '' }));
