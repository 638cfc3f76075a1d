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
  monolith: 'Shop',
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
  | { readonly kind: 'edge'; readonly from: ServiceName; readonly to: ServiceName };

/** What the views need of a fault; the fault itself belongs to `faults/` and travels as JSON in the log. */
export interface FaultDescription {
  readonly kind: string;
  readonly target: FaultTargetView | null;
  readonly addMs: number | null;
  readonly status: number | null;
  readonly share: number;
  readonly lengthMs: number | null;
}

const record = (json: Json | undefined): { readonly [key: string]: Json } | null =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as { readonly [key: string]: Json })
    : null;
const text = (json: Json | undefined): string | null => (typeof json === 'string' ? json : null);
const number = (json: Json | undefined): number | null => (typeof json === 'number' ? json : null);

function targetOf(json: { readonly [key: string]: Json } | null): FaultTargetView | null {
  const target = record(json?.['target']);
  if (target === null) {
    const instance = text(json?.['instance']);
    return instance === null ? null : { kind: 'instance', instance: instance as InstanceId };
  }
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

export function describeFault(fault: Json): FaultDescription {
  const json = record(fault);
  return {
    kind: text(json?.['kind']) ?? 'fault',
    target: targetOf(json),
    addMs: number(json?.['addMs']),
    status: number(json?.['status']),
    share: number(json?.['share']) ?? 1,
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
      return fault.target?.kind === 'edge' ? 'Cut' : 'Down';
    case 'crash-at':
      return 'Crash at a step';
    default:
      return fault.kind;
  }
}

/** The same for a badge on the diagram, where there is little room: "Slow +2 s (50 %)". */
export const faultBadgeWord = (fault: FaultDescription): string =>
  fault.kind === 'slow' && fault.share < 1
    ? `Slow +${formatSize(fault.addMs ?? 0)} (${formatShare(fault.share)})`
    : faultWord(fault);

/** "Shipping", "shipping-2", "Order → Shipping". */
export function targetWord(target: FaultTargetView | null): string {
  if (target === null) return 'the shop';
  if (target.kind === 'service') return serviceTitle(target.service);
  if (target.kind === 'instance') return target.instance;
  return `${serviceTitle(target.from)} → ${serviceTitle(target.to)}`;
}

/** The service at which a fault is felt: the callee of an edge. */
export function serviceOfTarget(target: FaultTargetView | null): ServiceName | null {
  if (target === null) return null;
  if (target.kind === 'service') return target.service;
  if (target.kind === 'instance') return serviceOf(target.instance);
  return target.to;
}
