import { describe, expect, it } from 'vitest';
import { instancesOf, microservices } from '../../compositions/index.ts';
import { misplacedFault, parseScenario } from '../../setups/index.ts';
import { slowestExchange } from './slowest-exchange.ts';
import { LEAST_ORDERS, STORM_CLASSES, STORM_MS, type StormPlan, stormPlan } from './storm-plan.ts';

const SEEDS = 1000;
const plans: readonly StormPlan[] = Array.from({ length: SEEDS }, (_, index) => stormPlan(index + 1));
const faults = plans.flatMap((plan) => plan.faults.map(({ fault }) => fault));

describe('the storm of a seed', () => {
  it('is the same each time, and another for another seed', () => {
    expect(stormPlan(7)).toEqual(stormPlan(7));
    expect(stormPlan(8).settings).not.toEqual(stormPlan(7).settings);
  });

  it('has each class on in about half of all seeds', () => {
    const uneven: string[] = [];
    for (const name of STORM_CLASSES) {
      const on = plans.filter(({ classes }) => classes.includes(name)).length;
      // Four standard deviations.
      if (Math.abs(on / SEEDS - 0.5) > 0.063) uneven.push(`${name}: ${on}`);
    }
    expect(uneven).toEqual([]);
  });

  it('classes are independent: knowing one tells nothing of another', () => {
    const on = (name: string) => new Set(plans.filter(({ classes }) => classes.includes(name)));
    const [loss, crash] = [on('loss'), on('crash')];
    const both = [...loss].filter((plan) => crash.has(plan)).length / SEEDS;
    expect(both).toBeGreaterThan(0.2);
    expect(both).toBeLessThan(0.3);
  });

  it('is a setup that every host takes: ranges, places and commands', () => {
    for (const plan of plans.slice(0, 200)) {
      const scenario = parseScenario({
        name: 'storm',
        title: 'storm',
        text: '',
        seed: plan.seed,
        settings: plan.settings,
        // A setup holds 50 at most.
        faults: plan.faults.slice(0, 50),
        commands: plan.commands,
      });
      expect(scenario.ok ? null : `${plan.seed}: ${scenario.error.message}`).toBeNull();
      const places = {
        services: microservices.services,
        instances: instancesOf(microservices, plan.settings),
      };
      for (const { fault } of plan.faults) expect(misplacedFault(fault, places, 'fault')).toBeNull();
    }
  });

  it('is sound: a healthy answer is neither late nor slow', () => {
    for (const { seed, settings } of plans) {
      const { timeoutMs, breaker } = settings.edge;
      const healthyMs = slowestExchange(settings);
      expect(timeoutMs ?? Infinity, `timeout of ${seed}`).toBeGreaterThanOrEqual(healthyMs);
      const slowMs = breaker?.slowCallDurationThresholdMs ?? Infinity;
      expect(slowMs, `slow calls of ${seed}`).toBeGreaterThanOrEqual(healthyMs);
    }
  });

  it('is sound: no breaker is moved by timers alone, which may keep it from ever closing', () => {
    const ends: string[] = [];
    for (const { seed, settings } of plans) {
      const { breaker } = settings.edge;
      if (breaker === null || breaker.maxWaitDurationInHalfOpenStateMs === 0) continue;
      const { automaticTransitionFromOpenToHalfOpen: automatic, afterMaxWaitInHalfOpen: after } = breaker;
      expect(automatic && after === 'OPEN', `breaker of ${seed}`).toBe(false);
      ends.push(`${after} ${automatic}`);
    }
    expect([...new Set(ends)].sort()).toEqual(['CLOSED false', 'CLOSED true', 'OPEN false']);
  });

  it('asks for ten minutes and two hundred orders at least', () => {
    for (const { stormMs, leastOrders, settings, commands } of plans) {
      expect([stormMs, leastOrders]).toEqual([STORM_MS, LEAST_ORDERS]);
      let rate = settings.load.ordersPerSecond;
      let fromMs = 8000;
      let arrivals = 0;
      for (const { atMs, command } of commands) {
        if (command.type !== 'load.set') continue;
        arrivals += (rate * (atMs - fromMs)) / 1000;
        [rate, fromMs] = [command.ordersPerSecond ?? rate, atMs];
      }
      arrivals += (rate * (stormMs - fromMs)) / 1000;
      expect(arrivals).toBeGreaterThan(210);
      expect(arrivals).toBeLessThan(260);
    }
    expect(STORM_MS).toBeGreaterThanOrEqual(600_000);
    expect(LEAST_ORDERS).toBeGreaterThanOrEqual(200);
  });

  it('draws ranges as wide as those of TigerBeetle’s simulator', () => {
    const losses = faults.flatMap((fault) => (fault.kind === 'loss' ? [fault.share] : []));
    expect(Math.min(...losses)).toBe(0.01);
    expect(Math.max(...losses)).toBe(0.3);
    const delays = faults.flatMap((fault) => (fault.kind === 'latency' ? [fault.meanMs] : []));
    expect(Math.min(...delays)).toBe(30);
    expect(Math.max(...delays)).toBe(100);
    for (const kind of ['partition', 'clog', 'reset', 'duplicate', 'store-errors', 'crash-at'] as const)
      expect(faults.filter((fault) => fault.kind === kind).length).toBeGreaterThan(300);
    const points = new Set(
      faults.flatMap((fault) =>
        fault.kind === 'crash-at' ? [`${fault.port} ${fault.operation} ${fault.when}`] : [],
      ),
    );
    expect(points.size).toBeGreaterThan(150);
  });

  it('draws only sound settings', () => {
    for (const { settings } of plans) {
      expect(settings.registry.leaseMs).toBeGreaterThan(1.5 * settings.registry.heartbeatMs);
      expect(settings.messaging.inboxWindowMs).toBeGreaterThan(2 * STORM_MS);
    }
    const nets = new Set(plans.map(({ settings }) => settings.safetyNets));
    expect([...nets].sort()).toEqual(['classroom', 'custom', 'none', 'production']);
  });
});
