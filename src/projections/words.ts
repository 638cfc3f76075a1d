import { type InstanceId, type Json, type ServiceName, serviceOf } from '../kernel/index.ts';

const TITLES: Readonly<Record<ServiceName, string>> = {
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
  run: 'Run',
};

/** The name on screen: `payment-provider` is "Payment". */
export const serviceTitle = (service: ServiceName): string => TITLES[service] ?? service;

/** "Order’s"; a plural only takes the mark. */
export const possessive = (title: string): string => (title.endsWith('s') ? `${title}’` : `${title}’s`);

/** A moment of run time as "0:14"; from an hour on "1:02:14". */
export function formatRunTime(timeUs: number): string {
  const seconds = Math.max(0, Math.floor(timeUs / 1_000_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** With tenths: "0:14.3". */
export const formatRunTimeTenths = (timeUs: number): string =>
  `${formatRunTime(timeUs)}.${Math.floor((Math.max(0, timeUs) / 100_000) % 10)}`;

/** "320 ms", "1.0 s", "12 s". */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  const seconds = durationMs / 1000;
  return seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/** A length that somebody chose: "2 s", "0.3 s", "1.5 s". */
export const formatSize = (durationMs: number): string => `${Number((durationMs / 1000).toFixed(2))} s`;

export const formatShare = (share: number): string => `${Math.round(share * 100)} %`;

/** An id as people say it: the last part, shortened. */
export const shortId = (id: string): string => (id.length <= 10 ? id : id.slice(-8));

export type FaultTargetView =
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'instance'; readonly instance: InstanceId }
  | { readonly kind: 'edge'; readonly from: ServiceName; readonly to: ServiceName }
  /** Every edge between services. */
  | { readonly kind: 'network' }
  /** A partition: `others` null are all the rest. */
  | {
      readonly kind: 'sides';
      readonly instances: readonly InstanceId[];
      readonly others: readonly InstanceId[] | null;
    };

/** What the views need of a fault; the fault itself belongs to `faults/` and travels as JSON in the log. */
export interface FaultDescription {
  readonly kind: string;
  readonly target: FaultTargetView | null;
  /** Of latency the mean. */
  readonly addMs: number | null;
  readonly status: number | null;
  readonly share: number;
  /** Of what is counted in neither: `× 4`, `100 B/s`; null: there is none. */
  readonly size: string | null;
  readonly lengthMs: number | null;
}

const record = (json: Json | undefined): { readonly [key: string]: Json } | null =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as { readonly [key: string]: Json })
    : null;
const text = (json: Json | undefined): string | null => (typeof json === 'string' ? json : null);
const number = (json: Json | undefined): number | null => (typeof json === 'number' ? json : null);
const texts = (json: Json | undefined): readonly string[] | null =>
  Array.isArray(json) ? json.filter((each) => typeof each === 'string') : null;

function targetOf(json: { readonly [key: string]: Json } | null): FaultTargetView | null {
  const target = record(json?.['target']);
  const instances = texts(json?.['instances']);
  if (instances !== null) {
    const others = texts(json?.['others']);
    return {
      kind: 'sides',
      instances: instances as readonly InstanceId[],
      others: others as readonly InstanceId[] | null,
    };
  }
  if (target === null) {
    const instance = text(json?.['instance']);
    return instance === null ? null : { kind: 'instance', instance: instance as InstanceId };
  }
  if (target['kind'] === 'network') return { kind: 'network' };
  const service = text(target['service']);
  const instance = text(target['instance']);
  const from = text(target['from']);
  const to = text(target['to']);
  if (target['kind'] === 'service' && service !== null)
    return { kind: 'service', service: service as ServiceName };
  if (target['kind'] === 'instance' && instance !== null)
    return { kind: 'instance', instance: instance as InstanceId };
  if (target['kind'] === 'edge' && from !== null && to !== null)
    return { kind: 'edge', from: from as ServiceName, to: to as ServiceName };
  return null;
}

function sizeOf(json: { readonly [key: string]: Json } | null): string | null {
  const factor = number(json?.['factor']);
  if (factor !== null) return `× ${factor}`;
  const perSecond = number(json?.['bytesPerSecond']);
  if (perSecond !== null) return `${perSecond} B/s`;
  const limitMb = number(json?.['limitMb']);
  if (limitMb !== null) return `${limitMb} MB`;
  const offsetMs = number(json?.['offsetMs']);
  if (offsetMs !== null) return `${offsetMs < 0 ? '−' : '+'}${formatSize(Math.abs(offsetMs))}`;
  return text(json?.['sku']);
}

export function describeFault(fault: Json): FaultDescription {
  const json = record(fault);
  return {
    kind: text(json?.['kind']) ?? 'fault',
    target: targetOf(json),
    addMs: number(json?.['addMs'] ?? json?.['meanMs']),
    status: number(json?.['status']),
    share: number(json?.['share']) ?? 1,
    size: sizeOf(json),
    lengthMs: number(json?.['lengthMs']),
  };
}

/** "Slow +2 s", "Errors 80 %", "Down", "Cut". */
export function faultWord(fault: FaultDescription): string {
  const part = fault.share < 1 ? `, ${formatShare(fault.share)} of calls` : '';
  switch (fault.kind) {
    case 'slow':
      return `Slow +${formatSize(fault.addMs ?? 0)}${part}`;
    case 'errors':
      return `Errors ${formatShare(fault.share)}`;
    case 'down':
      return fault.target?.kind === 'edge' || fault.target?.kind === 'network' ? 'Cut' : 'Down';
    case 'loss':
      return `Loss ${formatShare(fault.share)}`;
    case 'latency':
      return `Latency +${formatDuration(fault.addMs ?? 0)}`;
    case 'partition':
      return 'Partition';
    case 'clog':
      return 'Clogged';
    case 'reset':
      return `Resets ${formatShare(fault.share)}`;
    case 'duplicate':
      return `Duplicates ${formatShare(fault.share)}`;
    case 'store-errors':
      return `Database errors ${formatShare(fault.share)}`;
    case 'store-slow':
      return `Database slow +${formatDuration(fault.addMs ?? 0)}`;
    case 'crash-loop':
      return 'Crash loop';
    case 'crash-at':
      return 'Crash at a step';
    case 'slow-body':
      return `Slow body ${fault.size ?? ''}${part}`;
    case 'corrupt-body':
      return `Corrupt answers ${formatShare(fault.share)}`;
    case 'slow-cpu':
      return `Slow CPU ${fault.size ?? ''}`;
    case 'memory-limit':
      return `Memory limit ${fault.size ?? ''}`;
    case 'slow-start':
      return `Slow start +${formatSize(fault.addMs ?? 0)}`;
    case 'clock-offset':
      return `Clock ${fault.size ?? ''}`;
    case 'message-duplicate':
      return `Messages twice ${formatShare(fault.share)}`;
    case 'message-poison':
      return `Poisoned messages ${formatShare(fault.share)}`;
    case 'registry-stale':
      return 'Stale list';
    case 'spike':
    case 'ramp':
      return `${titled(fault.kind)} ${fault.size ?? ''}`;
    case 'hot-product':
      return `Hot product ${fault.size ?? ''}, ${formatShare(fault.share)} of orders`;
    default:
      return titled(fault.kind);
  }
}

const titled = (kind: string): string => kind.charAt(0).toUpperCase() + kind.slice(1);

/** The same for a badge on the diagram, where there is little room: "Slow +2 s (50 %)". */
export const faultBadgeWord = (fault: FaultDescription): string =>
  fault.kind === 'slow' && fault.share < 1
    ? `Slow +${formatSize(fault.addMs ?? 0)} (${formatShare(fault.share)})`
    : faultWord(fault);

/** "Shipping", "shipping-2", "Order → Shipping", "the network", "order-1 | all others". */
export function targetWord(target: FaultTargetView | null): string {
  switch (target?.kind) {
    case undefined:
      return 'the shop';
    case 'service':
      return serviceTitle(target.service);
    case 'instance':
      return target.instance;
    case 'edge':
      return `${serviceTitle(target.from)} → ${serviceTitle(target.to)}`;
    case 'network':
      return 'the network';
    case 'sides':
      return `${target.instances.join(', ')} | ${target.others?.join(', ') ?? 'all others'}`;
  }
}

/** The service at which a fault is felt: the callee of an edge; null when it is more than one. */
export function serviceOfTarget(target: FaultTargetView | null): ServiceName | null {
  switch (target?.kind) {
    case 'service':
      return target.service;
    case 'instance':
      return serviceOf(target.instance);
    case 'edge':
      return target.to;
    case 'sides': {
      const [service, ...more] = new Set(target.instances.map(serviceOf));
      return more.length === 0 ? (service ?? null) : null;
    }
    default:
      return null;
  }
}
