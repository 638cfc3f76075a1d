/**
 * Lines of the shop's own code that run while one order passes, in each composition. Measured
 * (`scripts/order-path-lines.mjs`); its test fails when these are no longer true.
 */
export const ORDER_PATH_LINES = {
  microservices: 2099,
  monolith: 1351,
} as const;
