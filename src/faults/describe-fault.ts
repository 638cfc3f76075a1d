import { assertNever } from '../kernel/index.ts';
import { ANY_OPERATION, type Fault, type FaultTarget } from './fault.ts';

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

/** `shipping`, `shipping-2` or `order->shipping`: what the log calls a fault's place. */
export function targetText(target: FaultTarget): string {
  switch (target.kind) {
    case 'service':
      return target.service;
    case 'instance':
      return target.instance;
    case 'edge':
      return `${target.from}->${target.to}`;
    default:
      return assertNever(target);
  }
}

/** The log's name for where a fault sits. */
export const faultTargetText = (fault: Fault): string =>
  fault.kind === 'crash-at' ? fault.instance : targetText(fault.target);

function readable(target: FaultTarget): string {
  switch (target.kind) {
    case 'service':
      return nameOf(target.service);
    case 'instance':
      return target.instance;
    case 'edge':
      return `${nameOf(target.from)} → ${nameOf(target.to)}`;
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

/** One short line for a badge or a list: "Slow +2 s on Shipping, 100 % of calls". */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'slow': {
      const spread = fault.spreadShare > 0 ? ` ±${percent(fault.spreadShare)}` : '';
      return `Slow +${duration(fault.addMs)}${spread} on ${readable(fault.target)}, ${percent(fault.share)} of calls${lasting(fault.lengthMs)}`;
    }
    case 'errors':
      return `Errors ${fault.status} on ${readable(fault.target)}, ${percent(fault.share)} of calls${lasting(fault.lengthMs)}`;
    case 'down':
      return fault.target.kind === 'edge'
        ? `Cut: ${readable(fault.target)}${lasting(fault.lengthMs)}`
        : `Down: ${readable(fault.target)}${lasting(fault.lengthMs)}`;
    case 'crash-at': {
      const what = fault.operation === ANY_OPERATION ? '' : ` ${fault.operation}`;
      const again = fault.restartAfterMs === null ? '' : `, back after ${duration(fault.restartAfterMs)}`;
      return `Crash of ${fault.instance} ${fault.when} ${PORT_WORDS[fault.port]}${what}, time ${fault.nth}${again}`;
    }
    default:
      return assertNever(fault);
  }
}
