/**
 * The order workload: gateway → order → reserve → pay → ship → confirm, over stations of c servers with one
 * queue each. An attempt fails by chance, by a full queue, or because Shipping is down for a while; it is
 * retried after a backoff; payment and shipping sit behind a breaker; what was done is undone in reverse.
 *
 * It stands here once, as numbers. Three programs run it (a typed-array kernel, plain async handlers on our
 * engine, SimPy) and must reach the same counters. All times are integer microseconds and each draw is a hash
 * of (seed, order, purpose), so the three need no shared generator and no rounding can part them.
 */

/** c servers; an attempt that finds `queueLimit` others waiting is turned away. */
export interface Station {
  readonly servers: number;
  readonly queueLimit: number;
}

export const stations = {
  gateway: { servers: 1, queueLimit: 1000 },
  order: { servers: 3, queueLimit: 20 },
  product: { servers: 5, queueLimit: 20 },
  payment: { servers: 7, queueLimit: 20 },
  shipping: { servers: 5, queueLimit: 20 },
} as const satisfies Record<string, Station>;

export type StationName = keyof typeof stations;

/** A visit to a station. Its service time is uniform over mean ± 30 %. */
export interface Step {
  /** What its draws are for: the first part of their purpose. */
  readonly id: number;
  readonly station: StationName;
  readonly meanUs: number;
  /** Of 2³². */
  readonly failBelow: number;
}

const SHARE = 2 ** 32;

export const steps = {
  gateway: { id: 0, station: 'gateway', meanUs: 10_000, failBelow: 0 },
  createOrder: { id: 1, station: 'order', meanUs: 50_000, failBelow: 0 },
  reserve: { id: 2, station: 'product', meanUs: 100_000, failBelow: Math.floor(0.05 * SHARE) },
  pay: { id: 3, station: 'payment', meanUs: 150_000, failBelow: Math.floor(0.1 * SHARE) },
  ship: { id: 4, station: 'shipping', meanUs: 150_000, failBelow: Math.floor(0.05 * SHARE) },
  confirm: { id: 5, station: 'order', meanUs: 50_000, failBelow: 0 },
  void: { id: 6, station: 'payment', meanUs: 150_000, failBelow: Math.floor(0.05 * SHARE) },
  release: { id: 7, station: 'product', meanUs: 100_000, failBelow: Math.floor(0.05 * SHARE) },
  reject: { id: 8, station: 'order', meanUs: 50_000, failBelow: 0 },
} as const satisfies Record<string, Step>;

/** The second part of a draw's purpose. */
export const DRAW_SERVICE = 0;
export const DRAW_FAILURE = 1;
export const DRAW_BACKOFF = 2;
export const DRAW_DECLINE = 3;
/** The gap before an order is drawn as if by a step of its own. */
export const ARRIVAL_STEP = 9;

export const arrivals = { meanGapUs: 50_000 } as const;
export const declineBelow = Math.floor(0.03 * SHARE);
/** Shipping fails nearly always in the first `lengthUs` of each `everyUs`. */
export const outage = {
  everyUs: 120_000_000,
  lengthUs: 8_000_000,
  failBelow: Math.floor(0.9 * SHARE),
} as const;
/** After attempt n: 200 ms · 2ⁿ⁻¹, at most 1.6 s, times U(½, 1). A step gets 3 attempts, a compensation as many as it needs. */
export const retry = { maxAttempts: 3, baseUs: 200_000, capUs: 1_600_000 } as const;
/** A compensation's attempt from this one on always succeeds, so that every order ends. */
export const LAST_COMPENSATION_ATTEMPT = 8;
export const breaker = {
  window: 20,
  minimumCalls: 10,
  failurePercent: 50,
  waitUs: 10_000_000,
  permits: 3,
} as const;

export const purposeOf = (step: number, attempt: number, kind: number): number =>
  (step << 6) | (Math.min(attempt, 15) << 2) | kind;

/** Unsigned 32 bits, fixed by what they are for: multiplicative hashing, then murmur3's finaliser. */
export function draw(seed: number, order: number, purpose: number): number {
  let hash = seed ^ Math.imul(order + 1, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** `drawn` as a whole number of [low, low + span). Exact in doubles while span < 2²¹. */
export const within = (low: number, span: number, drawn: number): number =>
  low + Math.trunc(drawn * (span / SHARE));

export const serviceUs = (meanUs: number, drawn: number): number =>
  within((meanUs * 7) / 10, (meanUs * 6) / 10, drawn);

export const gapUs = (drawn: number): number => within(0, 2 * arrivals.meanGapUs, drawn);

export function backoffUs(attempt: number, drawn: number): number {
  const fullUs = Math.min(retry.capUs, retry.baseUs * 2 ** (attempt - 1));
  return within(fullUs / 2, fullUs / 2, drawn);
}

/** What a run must reach, whatever ran it. */
export interface Counters {
  confirmed: number;
  declined: number;
  /** Undone because this step failed for good. */
  undoneAtReserve: number;
  undoneAtPay: number;
  undoneAtShip: number;
  attempts: number;
  failures: number;
  turnedAway: number;
  backoffs: number;
  refused: number;
  breakerChanges: number;
  compensations: number;
  /** Sums of whole microseconds. */
  waitedUs: number;
  latencyUs: number;
  endUs: number;
  /** Times that somebody's wait for the clock ended. */
  clockWaits: number;
  /** Of every order's end and its moment, in the order they came. */
  checksum: number;
}

export const newCounters = (): Counters => ({
  confirmed: 0,
  declined: 0,
  undoneAtReserve: 0,
  undoneAtPay: 0,
  undoneAtShip: 0,
  attempts: 0,
  failures: 0,
  turnedAway: 0,
  backoffs: 0,
  refused: 0,
  breakerChanges: 0,
  compensations: 0,
  waitedUs: 0,
  latencyUs: 0,
  endUs: 0,
  clockWaits: 0,
  checksum: 0,
});

export const checksumOf = (before: number, order: number, endUs: number): number =>
  (Math.imul(before ^ order, 0x01000193) ^ (endUs % 0x7fffffff)) >>> 0;
