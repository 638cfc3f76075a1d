import type { ScheduledFault } from '../../faults/index.ts';
import type { EdgePolicy, RunSettings } from '../../kernel/index.ts';
import { slowestExchange } from './slowest-exchange.ts';

// How long a healed shop may take until all has come to rest, from its settings alone. Each part is an upper bound,
// and they are added as if one came after the other.
//
//   held     what faults still hold back arrives: the sum of their longest delays
//   call     the longest call under way ends: attempts · timeout + their backoffs, or the request's deadline, the
//            compensation's timeout, the broker's acknowledgement deadline
//   rejoin   one that drains has left (its limit), restarted instances are warm (cold start) and register (heartbeat),
//            old leases run out and are evicted, everybody looks them up (fetch)
//   breaker  the longest wait in OPEN and in HALF_OPEN, after one more opening by what was under way
//   pause    the longest pause before something is tried again: a step, a compensation, a delivery, a relay, a key
//   lease    work that a crashed instance held is free for others
//
//   passing = held + call + rejoin + 2 · breaker + pause + lease
//
// Then nothing is left of the faults but work that waits, and it goes on at the shop's own pace:
//
//   orders   each that has not ended needs its steps; so many at once as Order has slots, or its bulkheads places
//   messages those that wait and those that these orders will write: relayed 16 keys at once, or as many as the
//            bulkhead has places, delivered 8 partitions at once (the fullest of which has at most half of all), one delivery at a time
//   parcel   the way of a parcel, station by station
//
// The administrator looks when the shop is healed and again after `passing`, since what was under way may still be
// parked or given up meanwhile; so twice `passing`, and the work.

/** The subscriptions' own limits, which are no settings: see patterns/ and services/broker. */
const ACK_DEADLINE_MS = 10_000;
const FIXED_LEASE_MS = 3000;
const KEYS_AGAIN_MS = 5000;
const LOOK_MS = 500;
const RELAY_LANES = 16;
/** No draw of a delay is longer: see faults/delay-draw.ts. */
const MOST_TIMES_THE_MEAN = 10;
/** What trickles: no answer of a storm is longer. */
const LONGEST_BODY_BYTES = 16_384;
/** The work of a sign-in, which is no setting. */
const PASSWORD_MS = 100;

/** Steps of an order, its compensations included, that call another service. */
const CALLS_PER_ORDER = 10;
/** Messages that one order may become: placed, ended, cancelled; held, dispatched, in transit, delivered. */
const MESSAGES_PER_ORDER = 7;

export interface Settling {
  /** By then all that faults have held back has arrived. */
  readonly heldMs: number;
  /** Until nothing of the faults is left but work. */
  readonly passingMs: number;
  /** In which everything must come to rest, from the heal on. */
  readonly settlingMs: number;
}

/** What has been begun and has not ended as the shop is healed. */
export interface Backlog {
  readonly orders: number;
  readonly messages: number;
}

/** The time that a healed shop has for coming to rest; see above for the formula. */
export function settlingTime(
  settings: RunSettings,
  faults: readonly ScheduledFault[],
  waiting: Backlog,
): Settling {
  const policies = [settings.edge, ...Object.values(settings.edges)];
  const { saga, compensation, registry, messaging, tracking, deadlines } = settings;

  const held = faults.reduce((sum, fault) => sum + longestDelay(fault, settings), 0);
  const call = Math.max(
    ...policies.map((policy) => longestCall(policy, deadlines.orderMs)),
    deadlines.readMs,
    deadlines.orderMs,
    compensation.timeoutMs,
    ACK_DEADLINE_MS,
  );
  const oneCall = slowestExchange(settings);
  const warm = Math.max(...Object.values(settings.services).map(({ coldStartMs }) => coldStartMs));
  const rejoin =
    settings.drain.limitMs +
    warm +
    registry.heartbeatMs +
    longestListed(registry) +
    registry.fetchMs +
    4 * oneCall;
  const breaker = Math.max(...policies.map(longestBreakerWait));
  const pause = Math.max(
    saga.stepAgainMs * (1 + saga.stepAgainSpread),
    compensation.backoffCapMs * (1 + saga.stepAgainSpread),
    messaging.redeliveryCapMs,
    messaging.relayPollMs,
    KEYS_AGAIN_MS,
  );
  const lease = Math.max(saga.leaseMs, FIXED_LEASE_MS);
  const passingMs = held + call + rejoin + 2 * breaker + pause + lease;

  const inBulkhead = Math.min(...policies.map(({ bulkhead }) => bulkhead?.maxConcurrentCalls ?? Infinity));
  const places = Math.min(settings.services.order.requestSlots, compensation.maxConcurrent, inBulkhead);
  const work = (waiting.orders * CALLS_PER_ORDER * oneCall) / places + pause;
  const messages = waiting.messages + waiting.orders * MESSAGES_PER_ORDER;
  const relayed = (messages / Math.min(RELAY_LANES, inBulkhead)) * oneCall;
  const delivered = (messages / 2) * oneCall;
  const parcel =
    tracking.pickMs +
    tracking.packMs +
    tracking.transitMs +
    tracking.deliverMs +
    5 * LOOK_MS +
    FIXED_LEASE_MS;
  return {
    heldMs: Math.ceil(held),
    passingMs: Math.ceil(passingMs),
    settlingMs: Math.ceil(2 * passingMs + work + relayed + delivered + parcel),
  };
}

/** After its last renewal. Whom self-preservation keeps for longer is back: in a healed shop all instances are up. */
const longestListed = ({
  leaseMs,
  leaseExpiryFactor,
  evictionMs,
  selfPreservation,
}: RunSettings['registry']): number =>
  leaseMs * leaseExpiryFactor + (selfPreservation === null ? 0 : evictionMs);

/** What it may still hold back when it is cleared. */
function longestDelay({ fault }: ScheduledFault, settings: RunSettings): number {
  switch (fault.kind) {
    case 'slow': {
      const isBounded = (fault.distribution ?? 'uniform') === 'uniform';
      return fault.addMs * (isBounded ? 1 + fault.spreadShare : MOST_TIMES_THE_MEAN);
    }
    case 'errors':
      return (fault.retryAfterS ?? 0) * 1000;
    case 'slow-body':
      return (LONGEST_BODY_BYTES / fault.bytesPerSecond) * 1000;
    case 'slow-cpu':
      return fault.factor * longestWork(settings);
    case 'slow-start':
      return fault.addMs;
    case 'message-duplicate':
      return fault.withinMs;
    case 'latency':
      // There and back; of an exponential time all but one in a million is shorter.
      return 2 * fault.meanMs * Math.log(1_000_000);
    case 'clog':
      return 2 * fault.extraMs;
    case 'duplicate':
      return fault.withinMs;
    case 'store-slow':
      return fault.addMs;
    default:
      return 0;
  }
}

const longestWork = ({ services }: RunSettings): number =>
  PASSWORD_MS +
  Math.max(
    ...Object.values(services).map(
      ({ serviceTimeMs, serviceTimeSpread }) => serviceTimeMs * (1 + serviceTimeSpread),
    ),
  );

function longestCall({ timeoutMs, retry, bulkhead }: EdgePolicy, deadlineMs: number): number {
  const attempts = retry?.maxAttempts ?? 1;
  const one = timeoutMs ?? deadlineMs;
  return (
    attempts * (one + (bulkhead?.maxWaitMs ?? 0)) +
    (attempts - 1) * Math.max(retry?.capMs ?? 0, retry?.baseMs ?? 0)
  );
}

function longestBreakerWait({ breaker }: EdgePolicy): number {
  if (breaker === null) return 0;
  const open =
    breaker.openStateBackoffMultiplier > 1
      ? Math.max(breaker.waitDurationInOpenStateMs, breaker.maxWaitDurationInOpenStateMs)
      : breaker.waitDurationInOpenStateMs;
  return open + breaker.maxWaitDurationInHalfOpenStateMs;
}
