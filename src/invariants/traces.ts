import type { RunEvent, SpanId } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';

interface Span {
  readonly first: RunEvent;
  /** A callee's events carry its caller's span without naming the parent: it is the one that any event names. */
  parent: SpanId | null;
  /** Its caller has its answer, or none any more. */
  ended: RunEvent | null;
}

/** The spans of a trace form one tree, and each request ends once. */
export const tracesAreTrees = defineChecker(
  'INV-6',
  'Every trace has one root and no orphans, and each request ends once',
  (_, report) => {
    const spans = new Map<SpanId, Span>();
    return {
      everyEvent(event) {
        const { traceId, spanId, parentSpanId } = event;
        if (traceId === null || spanId === null) {
          if (spanId !== null || parentSpanId !== null) report('an event has a span but no trace', event);
          return;
        }
        const span = spans.get(spanId);
        if (span === undefined) {
          spans.set(spanId, { first: event, parent: parentSpanId, ended: endOf(event) });
          return;
        }
        if (span.first.traceId !== traceId) report(`span ${spanId} is in two traces`, span.first, event);
        const end = endOf(event);
        if (end !== null) {
          if (span.ended !== null) report(`the request of span ${spanId} ended twice`, span.ended, end);
          span.ended = end;
        }
        if (parentSpanId === null || parentSpanId === span.parent) return;
        if (span.parent !== null) report(`span ${spanId} has two parents`, span.first, event);
        span.parent = parentSpanId;
      },
      end() {
        const roots = new Map<string, RunEvent>();
        for (const { parent, first } of spans.values()) {
          if (parent !== null || first.traceId === null) continue;
          const other = roots.get(first.traceId);
          if (other === undefined) roots.set(first.traceId, first);
          else report(`trace ${first.traceId} has two roots`, other, first);
        }
        for (const [spanId, { parent, first }] of spans) {
          if (parent === null || first.traceId === null) continue;
          if (spans.get(parent)?.first.traceId !== first.traceId)
            report(`span ${spanId} is an orphan: its trace knows nothing of its parent ${parent}`, first);
          // With parents that are all known it is a circle.
          if (roots.has(first.traceId)) continue;
          roots.set(first.traceId, first);
          report(`trace ${first.traceId} has no root`, first);
        }
      },
    };
  },
);

const endOf = (event: RunEvent): RunEvent | null =>
  event.type === 'response.received' || event.type === 'request.failed' ? event : null;
