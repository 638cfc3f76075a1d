import { assertNever } from '../kernel/index.ts';
import { ANY_OPERATION, type Fault, type FaultOf, type FaultTarget, hasSides, type Sides } from './fault.ts';

const NAMES: Readonly<Record<string, string>> = {
  customers: 'Customers',
  gateway: 'Gateway',
  registry: 'Registry',
  broker: 'Events',
  user: 'User',
  product: 'Product',
  order: 'Order',
  shipping: 'Shipping',
  'payment-provider': 'Payment',
  monolith: 'Monolith',
};

const nameOf = (service: string): string => NAMES[service] ?? service;

const ALL = '*';

/** `shipping`, `shipping-2`, `order->shipping` or `*` (the network): what the log calls a fault's place. */
export function targetText(target: FaultTarget): string {
  switch (target.kind) {
    case 'service':
      return target.service;
    case 'instance':
      return target.instance;
    case 'edge':
      return `${target.from}->${target.to}`;
    case 'network':
      return ALL;
    default:
      return assertNever(target);
  }
}

/** The log's name for where a fault sits; of a partition both sides: `order-1,order-2|*`. */
export function faultTargetText(fault: Fault): string {
  if (fault.kind === 'crash-at') return fault.instance;
  if (!hasSides(fault)) return targetText(fault.target);
  return `${fault.instances.join()}|${fault.others?.join() ?? ALL}`;
}

function readable(target: FaultTarget): string {
  switch (target.kind) {
    case 'service':
      return nameOf(target.service);
    case 'instance':
      return target.instance;
    case 'edge':
      return `${nameOf(target.from)} → ${nameOf(target.to)}`;
    case 'network':
      return 'every edge';
    default:
      return assertNever(target);
  }
}

const round = (value: number): string => String(Math.round(value * 100) / 100);
const percent = (share: number): string => `${round(share * 100)} %`;
const duration = (ms: number): string => (ms >= 1000 ? `${round(ms / 1000)} s` : `${round(ms)} ms`);
const lasting = (lengthMs: number | null): string => (lengthMs === null ? '' : `, for ${duration(lengthMs)}`);

const PORT_WORDS = {
  network: 'sending',
  store: 'the transaction',
  work: 'work',
  handler: 'handling',
} as const;

const LOST_WORDS = { request: 'requests', response: 'answers', both: 'requests and answers' } as const;
const WAY_WORDS = {
  both: 'nothing passes',
  out: 'what they send is lost',
  in: 'what they are sent is lost',
} as const;

/** One short line for a badge or a list: "Slow +2 s on Shipping, 100 % of calls". */
export const describeFault = (fault: Fault): string =>
  fault.kind === 'crash-at' ? crashAt(fault) : `${description(fault)}${lasting(fault.lengthMs)}`;

function crashAt(fault: FaultOf<'crash-at'>): string {
  const what = fault.operation === ANY_OPERATION ? '' : ` ${fault.operation}`;
  const again = fault.restartAfterMs === null ? '' : `, back after ${duration(fault.restartAfterMs)}`;
  return `Crash of ${fault.instance} ${fault.when} ${PORT_WORDS[fault.port]}${what}, time ${fault.nth}${again}`;
}

function description(fault: Exclude<Fault, { kind: 'crash-at' }>): string {
  if (fault.kind === 'partition') return `Partition: ${sides(fault)}`;
  if (fault.kind === 'flapping') {
    const phases = `${duration(fault.meanDownMs)} cut and ${duration(fault.meanUpMs)} open on average`;
    return `Flapping: ${sides(fault)}, ${phases}`;
  }
  const where = readable(fault.target);
  switch (fault.kind) {
    case 'slow': {
      const { distribution = 'uniform', correlation = 0 } = fault;
      const spread = fault.spreadShare > 0 ? ` ±${percent(fault.spreadShare)}` : '';
      const drawn = distribution === 'uniform' ? '' : ` ${distribution}`;
      const alike = correlation > 0 ? `, alike within a second by ${percent(correlation)}` : '';
      return `Slow +${duration(fault.addMs)}${spread}${drawn} on ${where}, ${percent(fault.share)} of calls${alike}`;
    }
    case 'errors':
      return `Errors ${fault.status}${later(fault)} on ${where}, ${percent(fault.share)} of calls`;
    case 'down': {
      const isWay = fault.target.kind === 'edge' || fault.target.kind === 'network';
      return `${isWay ? 'Cut' : 'Down'}: ${where}`;
    }
    case 'loss':
      return `Loss of ${percent(fault.share)} of ${LOST_WORDS[fault.way]} on ${where}`;
    case 'latency':
      return `Latency +${duration(fault.meanMs)} each way on ${where}`;
    case 'clog':
      return `Clogged: ${where}`;
    case 'reset':
      return `Reset ${fault.when} the callee acts on ${where}, ${percent(fault.share)} of calls`;
    case 'duplicate':
      return `Delivered twice on ${where}, ${percent(fault.share)} of calls that may be`;
    case 'store-errors':
      return `Database ${fault.error} at ${fault.at} on ${where}, ${percent(fault.share)} of transactions`;
    case 'store-slow':
      return `Database slow +${duration(fault.addMs)} on ${where}, ${percent(fault.share)} of transactions`;
    case 'crash-loop':
      return `Crash loop of ${where}: up ${duration(fault.meanUpMs)} on average, down ${duration(fault.restartAfterMs)}`;
    case 'slow-body':
      return `Slow body, ${round(fault.bytesPerSecond)} B/s on ${where}, ${percent(fault.share)} of answers`;
    case 'corrupt-body':
      return `Answers ${fault.how === 'cut' ? 'cut in two' : 'garbled'} on ${where}, ${percent(fault.share)} of answers`;
    case 'hang':
      return `Hang: ${where}`;
    case 'slow-cpu':
      return `Slow CPU: ${where} works ${round(fault.factor)} times as long`;
    case 'memory-limit':
      return `Memory limit of ${where}: ${round(fault.limitMb)} MB, ${round(fault.leakKbPerRequest)} KB lost per request, back after ${duration(fault.restartAfterMs)}`;
    case 'slow-start':
      return `Slow start of ${where}: +${duration(fault.addMs)}`;
    case 'clock-offset':
      return `Clock of ${where} ${duration(Math.abs(fault.offsetMs))} ${fault.offsetMs < 0 ? 'behind' : 'ahead'}`;
    case 'message-duplicate':
      return `Messages delivered twice on ${where}, ${percent(fault.share)} of deliveries`;
    case 'message-poison': {
      const which = fault.messageType === null ? 'messages' : fault.messageType;
      return `Poisoned: ${percent(fault.share)} of ${which} cannot be handled by ${where}`;
    }
    case 'registry-stale':
      return 'Stale registry: look-ups get an old list';
    case 'spike':
      return `Spike: ${round(fault.factor)} times as many customers`;
    case 'ramp':
      return `Ramp: ${round(fault.factor)} times as many customers after ${duration(fault.overMs)}`;
    case 'hot-product':
      return `Hot product: ${percent(fault.share)} of orders are for ${fault.sku}`;
    default:
      return assertNever(fault);
  }
}

const sides = ({ instances, others, way }: Sides): string =>
  `${instances.join(', ')} | ${others?.join(', ') ?? 'all others'}, ${WAY_WORDS[way]}`;

const later = ({ retryAfterS }: FaultOf<'errors'>): string =>
  retryAfterS === undefined ? '' : `, again after ${retryAfterS} s,`;
