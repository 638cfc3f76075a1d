import {
  type AutoscalerSettings,
  type CapacitySettings,
  type EdgePolicy,
  type RunSettings,
  type ScalingTarget,
  type ServiceName,
  USUAL_ORDER,
} from '../../kernel/index.ts';
import {
  classroomSettings,
  edgePolicy,
  SAFETY_NET_PRESETS,
  type SafetyNetPreset,
} from '../../setups/index.ts';
import type { Draws } from './draws.ts';
import { SCALABLE, STRIKABLE } from './places.ts';
import { slowestExchange } from './slowest-exchange.ts';

/**
 * Settings with which the shop promises to keep its rules, whatever fails: an inbox that outlasts the run, a lease
 * longer than the heartbeat, queues that can hold what callers may send, no healthy answer that counts as late or
 * slow, no breaker that timers alone may keep from closing. Within that, everything is drawn. Service
 * and hop times are a data centre's, not the classroom's, so that ten minutes hold more work and less waiting.
 */
export function stormSettings(draws: Draws, load: RunSettings['load']): RunSettings {
  const base = classroomSettings();
  // Half of all storms have numbers of their own: those of the page's sets leave most rules untried.
  const preset: SafetyNetPreset | null = draws.chance(0.5, 'drawn-nets')
    ? null
    : draws.among(SAFETY_NET_PRESETS, 'nets');
  const heartbeatMs = draws.scale(3000, 12_000, 'heartbeat');
  const backoffBaseMs = draws.scale(100, 2000, 'compensation-base');
  const redeliveryBaseMs = draws.scale(100, 1000, 'redelivery-base');
  const relayPollMs = draws.scale(500, 4000, 'relay-poll');
  const track = draws.of('tracking');
  const hop = { meanMs: draws.scale(1, 100, 'hop'), spread: spread(draws, 'hop-spread') };
  const services = drawnServices(base.services, draws.of('services'));
  const healthyMs = Math.ceil(slowestExchange({ hop, services }));
  return {
    ...base,
    hop,
    services,
    safetyNets: preset ?? 'custom',
    edge: preset === null ? drawnPolicy(draws.of('policy'), redeliveryBaseMs, healthyMs) : edgePolicy(preset),
    edges: {},
    deadlines: { readMs: draws.scale(1000, 5000, 'read'), orderMs: draws.scale(2000, 15_000, 'order') },
    saga: {
      giveUpMs: draws.scale(2000, 60_000, 'give-up'),
      stepAgainMs: draws.scale(200, 3000, 'step-again'),
      stepAgainSpread: draws.between(0, 0.5, 'step-again-spread'),
      parkAfterMs: draws.scale(5000, 60_000, 'park-after'),
      leaseMs: draws.scale(1000, 6000, 'saga-lease'),
    },
    compensation: {
      maxConcurrent: draws.whole(2, 8, 'compensation-places'),
      timeoutMs: draws.scale(500, 4000, 'compensation-timeout'),
      backoffBaseMs,
      backoffCapMs: backoffBaseMs * draws.whole(1, 4, 'compensation-cap'),
    },
    balancer: draws.among(['round-robin', 'random', 'two-choices', 'peak-ewma'] as const, 'balancer'),
    registry: {
      heartbeatMs,
      leaseMs: Math.round(heartbeatMs * draws.between(2, 4, 'registry-lease')),
      fetchMs: draws.scale(3000, 12_000, 'fetch'),
      ...drawnEviction(draws.of('eviction'), services),
    },
    shedding: draws.among(['lowest-priority', 'newest'] as const, 'shedding'),
    // Customers are few, and their rush is part of the storm: nobody is turned away at the door.
    rateLimit: { perSecond: 1000, burst: 1000 },
    messaging: {
      // Few as often as many: what is given up and sent again later is worth a look.
      maxDeliveries: draws.scale(1, 8, 'max-deliveries'),
      redeliveryBaseMs,
      redeliveryCapMs: redeliveryBaseMs * 2 ** draws.whole(1, 4, 'redelivery-cap'),
      relayPollMs,
      inboxWindowMs: 3_600_000,
    },
    tracking: {
      pickMs: track.scale(100, 3000, 'pick'),
      packMs: track.scale(100, 3000, 'pack'),
      transitMs: track.scale(100, 6000, 'transit'),
      deliverMs: track.scale(100, 6000, 'deliver'),
      failureShare: track.chance(0.5, 'fails') ? track.between(0, 0.3, 'failure-share') : 0,
    },
    drain: { graceMs: draws.scale(1, 4000, 'drain-grace'), limitMs: draws.scale(500, 10_000, 'drain-limit') },
    load,
  };
}

/** Impatient ones among them, which send instances away as soon as there is nothing to do. */
export function stormAutoscaler(draws: Draws): AutoscalerSettings {
  const everyMs = draws.scale(1000, 10_000, 'every');
  const drawn = SCALABLE.flatMap((service) => {
    const own = draws.of(service);
    const minInstances = own.whole(1, 2, 'least');
    const target: ScalingTarget = {
      utilisation: own.between(0.1, 0.9, 'target'),
      minInstances,
      maxInstances: minInstances + own.whole(0, 3, 'more'),
    };
    return own.chance(0.5, 'on') ? [[service, target] as const] : [];
  });
  return {
    everyMs,
    windowMs: Math.max(2000, everyMs),
    tolerance: draws.between(0, 0.2, 'tolerance'),
    scaleUpDelayMs: draws.chance(0.5, 'slow-up') ? draws.scale(1000, 10_000, 'up') : 0,
    scaleDownDelayMs: draws.scale(1000, 60_000, 'down'),
    services: Object.fromEntries(drawn),
  };
}

/** As the classroom's, as Eureka's, and what lies between. */
function drawnEviction(
  draws: Draws,
  services: RunSettings['services'],
): Pick<RunSettings['registry'], 'evictionMs' | 'leaseExpiryFactor' | 'selfPreservation'> {
  const registered = SCALABLE.reduce((sum, service) => sum + services[service].instances, 0);
  // Numbers that meet: when so many are dead, exactly as many renewals come as the threshold.
  const deadAtThreshold = draws.whole(1, 3, 'dead-at-threshold');
  const renewalShare = draws.among(
    [0, (registered - deadAtThreshold + 0.01) / registered, draws.between(0.3, 0.95, 'share')],
    'which-share',
  );
  return {
    evictionMs: draws.scale(250, 12_000, 'every'),
    leaseExpiryFactor: draws.among([1, 1, 1.5, 2], 'factor'),
    selfPreservation: draws.chance(0.6, 'keeps-overdue') ? { renewalShare } : null,
  };
}

function drawnServices(base: RunSettings['services'], draws: Draws): Record<ServiceName, CapacitySettings> {
  const scalable: readonly ServiceName[] = SCALABLE;
  const drawn = STRIKABLE.map((service) => {
    const own = draws.of(service);
    const requestSlots = own.scale(4, 40, 'slots');
    const capacity: CapacitySettings = {
      instances: scalable.includes(service) ? own.whole(1, 3, 'instances') : 1,
      serviceTimeMs: own.scale(1, 40, 'time'),
      serviceTimeSpread: spread(own, 'spread'),
      requestSlots,
      queueLimit: own.chance(0.3, 'short-queue') ? own.whole(1, 8, 'short') : own.scale(50, 500, 'queue'),
      cpuSlots: own.whole(2, requestSlots, 'cpu'),
      coldStartMs:
        scalable.includes(service) && own.chance(0.3, 'cold') ? own.scale(100, 10_000, 'cold-start') : 0,
    };
    return [service, capacity] as const;
  });
  return { ...base, ...Object.fromEntries(drawn) };
}

/** In three of ten none, so that things take exactly as long as they are said to. */
const spread = (draws: Draws, name: string): number =>
  draws.chance(0.3, `${name}/none`) ? 0 : draws.between(0, 1, name);

const shuffled = <T extends string>(all: readonly T[], draws: Draws): readonly T[] =>
  all
    .map((each) => ({ each, at: draws.between(0, 1, each) }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each);

/** Small windows and short waits, so that every state of a breaker is entered many times in ten minutes. */
function drawnPolicy(draws: Draws, relayAgainMs: number, healthyMs: number): EdgePolicy {
  const timeoutMs = Math.max(healthyMs, draws.scale(200, 3000, 'timeout'));
  const backoff = draws.among(['fixed', 'exponential', 'decorrelated'] as const, 'backoff');
  const baseMs = draws.scale(50, 1000, 'base');
  // Numbers that meet: a retry, or a relay that asks again, at the very end of the open wait; a timeout that is
  // exactly not yet slow.
  const waitMs = draws.among(
    [
      baseMs,
      relayAgainMs * draws.whole(2, 12, 'open-wait/times'),
      draws.scale(500, 15_000, 'open-wait'),
      draws.scale(500, 15_000, 'open-wait'),
    ],
    'open-wait/which',
  );
  const slowMs = draws.chance(0.3, 'slow-is-late')
    ? timeoutMs
    : Math.max(healthyMs, draws.scale(50, 20_000, 'slow'));
  const longestHalfOpenMs = draws.chance(0.5, 'half-open-ends') ? draws.scale(500, 10_000, 'half-open') : 0;
  const afterHalfOpen = draws.among(['OPEN', 'CLOSED'] as const, 'after-half-open');
  // A breaker that one timer moves to HALF_OPEN and another back to OPEN closes only if calls enough for a verdict
  // come in between. In a healed shop too few may: all that wait find it OPEN, and are parked again before it probes.
  const endsInOpen = longestHalfOpenMs > 0 && afterHalfOpen === 'OPEN';
  return {
    timeoutMs,
    retry: draws.chance(0.8, 'retries')
      ? {
          maxAttempts: draws.whole(2, 5, 'attempts'),
          backoff,
          baseMs,
          capMs: baseMs * draws.whole(1, 8, 'cap'),
          jitter: draws.among(['none', 'full', 'equal'] as const, 'jitter'),
          budgetShare: draws.between(0.1, 0.5, 'budget'),
          budgetMinimum: draws.whole(0, 5, 'budget-minimum'),
        }
      : null,
    breaker: draws.chance(0.8, 'breaks')
      ? {
          slidingWindowType: draws.among(['COUNT_BASED', 'TIME_BASED'] as const, 'window'),
          slidingWindowSize: draws.whole(3, 30, 'window-size'),
          minimumNumberOfCalls: draws.whole(1, 12, 'minimum'),
          failureRateThreshold: draws.whole(20, 100, 'failure-rate'),
          slowCallRateThreshold: draws.whole(30, 100, 'slow-rate'),
          slowCallDurationThresholdMs: slowMs,
          waitDurationInOpenStateMs: waitMs,
          openStateBackoffMultiplier: draws.chance(0.5, 'grows') ? draws.between(1, 3, 'multiplier') : 1,
          maxWaitDurationInOpenStateMs: waitMs * draws.whole(1, 4, 'longest-wait'),
          automaticTransitionFromOpenToHalfOpen: !endsInOpen && draws.chance(0.5, 'automatic'),
          permittedNumberOfCallsInHalfOpenState: draws.whole(1, 6, 'permits'),
          maxWaitDurationInHalfOpenStateMs: longestHalfOpenMs,
          afterMaxWaitInHalfOpen: afterHalfOpen,
        }
      : null,
    bulkhead: draws.chance(0.5, 'bulkhead')
      ? {
          maxConcurrentCalls: draws.scale(1, 50, 'places'),
          maxWaitMs: draws.chance(0.5, 'waits') ? draws.scale(50, 1000, 'longest') : 0,
          queueLimit: draws.whole(0, 20, 'places-queue'),
        }
      : null,
    // Both leave enough for a healed shop to come to rest: out of a collapse a throttled caller sends at most K times
    // as much in each window as in the one before.
    rateLimit: draws.chance(0.2, 'limits')
      ? { perSecond: draws.scale(20, 200, 'limit'), burst: draws.whole(1, 20, 'limit-burst') }
      : null,
    throttle: draws.chance(0.2, 'throttles')
      ? {
          multiplier: draws.between(1.5, 3, 'throttle'),
          windowMs: draws.scale(1000, 4000, 'throttle-window'),
        }
      : null,
    hedge: draws.chance(0.3, 'hedges') ? { delayMs: draws.scale(20, timeoutMs, 'hedge') } : null,
    order: draws.chance(0.4, 'other-order') ? shuffled(USUAL_ORDER, draws.of('order')) : USUAL_ORDER,
  };
}
