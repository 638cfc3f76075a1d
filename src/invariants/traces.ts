import type { RunEvent, SpanId } from '../kernel/index.ts';
import { defineInvariant } from './invariant.ts';

interface Span {
  readonly first: RunEvent;
  parent: SpanId | null;
}

/**
 * The spans of a trace form one tree. A callee's events carry its caller's span without naming the
 * parent, so a span's parent is the one that any of its events names.
 */
export const tracesAreTrees = defineInvariant(
  'INV-6',
  'Every trace has one root and no orphans',
  (log, report) => {
    const traces = new Map<string, Map<SpanId, Span>>();
    for (const event of log) {
      const { traceId, spanId, parentSpanId } = event;
      if (traceId === null || spanId === null) {
        if (spanId !== null || parentSpanId !== null) report('an event has a span but no trace', event);
        continue;
      }
      const spans = traces.get(traceId) ?? new Map<SpanId, Span>();
      traces.set(traceId, spans);
      const span = spans.get(spanId);
      if (span === undefined) {
        spans.set(spanId, { first: event, parent: parentSpanId });
      } else if (parentSpanId !== null) {
        if (span.parent !== null && span.parent !== parentSpanId)
          report(`span ${spanId} has two parents`, span.first, event);
        span.parent = parentSpanId;
      }
    }
    for (const [traceId, spans] of traces) {
      const roots = [...spans.values()].filter(({ parent }) => parent === null);
      if (roots.length !== 1)
        report(`trace ${traceId} has ${roots.length} roots`, ...roots.map(({ first }) => first));
      for (const [spanId, { parent, first }] of spans) {
        if (parent !== null && !spans.has(parent))
          report(
            `span ${spanId} of trace ${traceId} is an orphan: nothing is known of its parent ${parent}`,
            first,
          );
      }
    }
  },
);
