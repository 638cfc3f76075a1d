import type { SpanId, TraceId } from './ids.ts';
import { hash32After } from './random.ts';

/** Where in which trace something happens. */
export interface SpanContext {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
}

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Reads a W3C `traceparent` header; null when it is missing, malformed or all zero, as the standard asks. */
export function parseTraceparent(header: string | undefined): SpanContext | null {
  if (header === undefined || !TRACEPARENT.test(header)) return null;
  const traceId = header.slice(3, 35);
  const spanId = header.slice(36, 52);
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  return { traceId: traceId as TraceId, spanId: spanId as SpanId };
}

export const formatTraceparent = (span: SpanContext): string => `00-${span.traceId}-${span.spanId}-01`;

const hex8 = (hash: number): string => hash.toString(16).padStart(8, '0');

const spanA = hash32After('span/a/');
const spanB = hash32After('span/b/');
const traceA = hash32After('trace/a/');
const traceB = hash32After('trace/b/');
const traceC = hash32After('trace/c/');
const traceD = hash32After('trace/d/');

/** A span id of its own for a given name (an event id, say): the same name gives the same id in every replay. */
export function spanIdFor(name: string): SpanId {
  const id = hex8(spanA(name)) + hex8(spanB(name));
  return (id === NO_SPAN ? `${'0'.repeat(15)}1` : id) as SpanId;
}

export function traceIdFor(name: string): TraceId {
  const id = hex8(traceA(name)) + hex8(traceB(name)) + hex8(traceC(name)) + hex8(traceD(name));
  return (id === NO_TRACE ? `${'0'.repeat(31)}1` : id) as TraceId;
}
