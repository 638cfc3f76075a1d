import { randomExponential, randomLogNormal } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type Turn, VirtualHost } from '../hosts/virtual/index.ts';
import { type HttpResponse, hash32, nobleCrypto, type ServiceDefinition } from '../kernel/index.ts';
import { classroomSettings } from '../setups/index.ts';
import { meanWaitMG1, meanWaitMMc } from './queueing-theory.ts';
import { type Estimate, meanEstimate } from './statistics.ts';

/** A station whose mean wait theory knows. */
export interface Station {
  readonly name: string;
  readonly servers: number;
  readonly service: 'exponential' | 'lognormal';
  /** Customers per seed that are counted: as many as it takes to know the mean to 1 % over 40 seeds. */
  readonly customers: number;
}

export const UTILISATION = 0.7;
const MEAN_SERVICE_MS = 100;
/** Of the lognormal service time: variance ÷ mean². The exponential's is 1. */
const SQUARED_VARIATION = 2;
/** A station begins empty. These are not counted, some thirty times as many as it takes to forget that. */
export const WARM_UP_CUSTOMERS = 1000;

export const STATIONS: readonly Station[] = [
  { name: 'M/M/1', servers: 1, service: 'exponential', customers: 100_000 },
  { name: 'M/M/4', servers: 4, service: 'exponential', customers: 150_000 },
  { name: 'M/G/1', servers: 1, service: 'lognormal', customers: 200_000 },
];

const arrivalRateOf = ({ servers }: Station): number => (UTILISATION * servers) / MEAN_SERVICE_MS;

/** What theory says, in milliseconds. */
export const theoryMs = (station: Station): number =>
  station.service === 'exponential'
    ? meanWaitMMc(station.servers, arrivalRateOf(station), MEAN_SERVICE_MS)
    : meanWaitMG1(arrivalRateOf(station), MEAN_SERVICE_MS, SQUARED_VARIATION);

/** The draws of one run: the gap before each customer, and how long it is served. */
export function drawsOf(
  station: Station,
  seed: number,
): { readonly gapMs: () => number; readonly serviceMs: () => number } {
  const streamOf = (purpose: string) => {
    const generator = xoroshiro128plus(hash32(`${seed}/${purpose}`) | 0);
    return () => uniformFloat64(generator);
  };
  const gapMs = randomExponential.source(streamOf('arrival'))(arrivalRateOf(station));
  const service = streamOf('service');
  if (station.service === 'exponential') {
    return { gapMs, serviceMs: randomExponential.source(service)(1 / MEAN_SERVICE_MS) };
  }
  // Mean exp(μ + σ²/2), squared variation exp(σ²) − 1.
  const sigma2 = Math.log(1 + SQUARED_VARIATION);
  const mu = Math.log(MEAN_SERVICE_MS) - sigma2 / 2;
  return { gapMs, serviceMs: randomLogNormal.source(service)(mu, Math.sqrt(sigma2)) };
}

const DONE: HttpResponse = { status: 204, headers: {}, body: null };

/**
 * The mean wait for a server, in milliseconds, of one run on the Lab's host: a service instance whose request
 * slots are the servers, and whose handler works for the service time.
 */
export async function meanWaitOf(station: Station, seed: number, turn: Turn): Promise<number> {
  const { servers, customers } = station;
  const last = WARM_UP_CUSTOMERS + customers;
  const draws = drawsOf(station, seed);
  const waiting = new Map<string, { readonly arrivedUs: number; readonly serviceMs: number }>();
  let begun = 0;
  let waitedUs = 0;

  const definition: ServiceDefinition = {
    name: 'order',
    tables: [],
    background: [],
    operationOf: () => 'POST /visits',
    async handle(request, context) {
      const customer = waiting.get(request.path);
      if (customer === undefined) throw new Error(`nobody is ${request.path}`);
      waiting.delete(request.path);
      begun += 1;
      if (begun > WARM_UP_CUSTOMERS && begun <= last) waitedUs += context.clock.now() - customer.arrivedUs;
      await context.work(customer.serviceMs);
      return DONE;
    },
  };
  const base = classroomSettings();
  const capacity = {
    ...base.services.order,
    requestSlots: servers,
    cpuSlots: servers,
    queueLimit: Number.MAX_SAFE_INTEGER,
  };
  const host: VirtualHost = new VirtualHost({
    pump: 'counting',
    turn,
    seed,
    settings: { ...base, services: { ...base.services, order: capacity } },
    crypto: nobleCrypto,
    // Nobody reads this run's log: it would be a gigabyte.
    wrote: () => {
      if (host.events.length >= 10_000) host.events.length = 0;
    },
  });
  const instance = host.add(definition);
  host.start(instance);
  await host.time.run(0);

  let arrived = 0;
  const arrive = () => {
    arrived += 1;
    const path = `/visits/${arrived}`;
    waiting.set(path, { arrivedUs: host.time.nowUs, serviceMs: draws.serviceMs() });
    host.ask(
      instance,
      { request: { method: 'POST', path, headers: {}, body: null }, plane: 'data' },
      () => {},
    );
    if (arrived < last) host.time.schedule(draws.gapMs(), arrive);
  };
  host.time.schedule(draws.gapMs(), arrive);
  await host.time.run(Number.MAX_SAFE_INTEGER);
  if (begun !== last) throw new Error(`${last - begun} customers of ${station.name} were never served`);
  return waitedUs / customers / 1000;
}

/** A station's mean wait over its seeds, beside theory's. */
export interface Truth {
  readonly station: string;
  readonly seeds: number;
  readonly theoryMs: number;
  readonly measured: Estimate;
  /** Half the 95 % interval, as a share of theory's mean. */
  readonly halfWidth: number;
  readonly contains: boolean;
}

/** `waitsMs`: each seed's mean. */
export function truthOf(station: Station, waitsMs: readonly number[]): Truth {
  const measured = meanEstimate(waitsMs);
  if (measured === null || measured.low === null || measured.high === null) {
    throw new Error('an interval takes two seeds or more');
  }
  const truth = theoryMs(station);
  return {
    station: station.name,
    seeds: waitsMs.length,
    theoryMs: truth,
    measured,
    halfWidth: (measured.high - measured.low) / 2 / truth,
    contains: measured.low <= truth && truth <= measured.high,
  };
}

/** As a share of theory's mean: a wider interval would contain anything. */
export const GREATEST_HALF_WIDTH = 0.01;

export const isTrue = ({ contains, halfWidth }: Truth): boolean =>
  contains && halfWidth <= GREATEST_HALF_WIDTH;
