/** What makes Order's breaker to Shipping open: as a person adds it, by the key S or a button. */
export const SLOW_SHIPPING = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 2000,
  spreadShare: 0.1,
  share: 1,
  lengthMs: null,
} as const;
