import type { CallView } from '../../../../../projections/index.ts';

/** A customer's first request, on its way since 0:01. */
export const callView = (more: Partial<CallView> = {}): CallView => ({
  id: 's1',
  from: 'customers',
  fromInstance: 'customers-1' as never,
  to: 'gateway',
  plane: 'data',
  traceId: 't1',
  attempt: 1,
  path: '/orders',
  probe: false,
  sentUs: 1_000_000,
  receivedUs: null,
  answeredUs: null,
  endedUs: null,
  end: 'pending',
  status: null,
  rejectedBy: null,
  outDelayMs: 0,
  backDelayMs: 0,
  ...more,
});
