import type { SpanId, TraceId } from './ids.ts';
import { hash32 } from './random.ts';

/** Where in which trace something happens. */
export interface SpanContext {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
}

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** Reads a W3C `traceparent` header; null when it is missing, malformed or all zero, as the standard asks. */
export function parseTraceparent(header: string | undefined): SpanContext | null {
  const match = header === undefined ? null : TRACEPARENT.exec(header);
  const [, traceId, spanId] = match ?? [];
  if (traceId === undefined || spanId === undefined) return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  return { traceId: traceId as TraceId, spanId: spanId as SpanId };
}

export const formatTraceparent = (span: SpanContext): string => `00-${span.traceId}-${span.spanId}-01`;

const hex8 = (text: string): string => hash32(text).toString(16).padStart(8, '0');

/** A span id of its own for a given name (an event id, say): the same name gives the same id in every replay. */
export function spanIdFor(name: string): SpanId {
  const id = hex8(`span/a/${name}`) + hex8(`span/b/${name}`);
  return (id === NO_SPAN ? `${'0'.repeat(15)}1` : id) as SpanId;
}

export function traceIdFor(name: string): TraceId {
  const id =
    hex8(`trace/a/${name}`) + hex8(`trace/b/${name}`) + hex8(`trace/c/${name}`) + hex8(`trace/d/${name}`);
  return (id === NO_TRACE ? `${'0'.repeat(31)}1` : id) as TraceId;
}
