import type { CallId } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';

/**
 * No attempt starts at or past its deadline (DL-1) or may last beyond it (DL-3), and no wait for the next
 * one would end there (RT-7).
 */
export const withinDeadline = defineChecker('INV-14', 'Nothing begins past its deadline', (_, report) => {
  /** Of the calls under way that have one. */
  const deadlines = new Map<CallId, number>();
  return {
    events: {
      'request.sent': (event) => {
        const { callId, timeUs, deadlineUs, timeoutMs, to } = event;
        if (deadlineUs === null) return;
        deadlines.set(callId, deadlineUs);
        if (timeUs >= deadlineUs) {
          report(`an attempt of call ${callId} to ${to} began past its deadline`, event);
        } else if (timeoutMs === null || timeUs + Math.floor(timeoutMs * 1000) > deadlineUs) {
          report(`an attempt of call ${callId} to ${to} may last beyond its deadline`, event);
        }
      },
      'response.received': (event) => {
        if (event.status < 400) deadlines.delete(event.callId);
      },
      'retry.scheduled': (event) => {
        const deadlineUs = deadlines.get(event.callId);
        if (deadlineUs !== undefined && event.timeUs + event.delayMs * 1000 >= deadlineUs)
          report(`call ${event.callId} waits for an attempt past its deadline`, event);
      },
    },
  };
});
