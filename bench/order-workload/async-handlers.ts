import { type Turn, VirtualTime } from '../../src/hosts/virtual/virtual-time.ts';
import { type HostPorts, type PortCall, Process, runProcess, Semaphore } from '../../src/kernel/index.ts';
import { sleepCall, workCall } from '../../src/kernel/timed-calls.ts';
import {
  ARRIVAL_STEP,
  backoffUs,
  breaker as breakerSettings,
  type Counters,
  checksumOf,
  DRAW_BACKOFF,
  DRAW_DECLINE,
  DRAW_FAILURE,
  DRAW_SERVICE,
  declineBelow,
  draw,
  gapUs,
  LAST_COMPENSATION_ATTEMPT,
  newCounters,
  outage,
  purposeOf,
  retry,
  type Step,
  serviceUs,
  stations,
  steps,
} from './workload.ts';

// The order workload as anybody would write it: plain async functions, on the Lab's clock and processes.

class Breaker {
  readonly #counters: Counters;
  #state: 'CLOSED' | 'OPEN' | 'HALF_OPEN' = 'CLOSED';
  #sinceUs = 0;
  #permits = 0;
  #window: boolean[] = [];
  #failed = 0;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  asks(nowUs: number): boolean {
    if (this.#state === 'CLOSED') return true;
    if (this.#state === 'OPEN') {
      if (nowUs - this.#sinceUs <= breakerSettings.waitUs) return false;
      this.#change('HALF_OPEN', nowUs);
    }
    if (this.#permits === 0) return false;
    this.#permits -= 1;
    return true;
  }

  record(succeeded: boolean, nowUs: number): void {
    if (this.#state === 'OPEN') return;
    this.#window.push(succeeded);
    if (!succeeded) this.#failed += 1;
    if (this.#window.length > breakerSettings.window && this.#window.shift() === false) this.#failed -= 1;
    const calls = this.#window.length;
    const tooMany = this.#failed * 100 >= breakerSettings.failurePercent * calls;
    if (this.#state === 'CLOSED') {
      if (calls >= breakerSettings.minimumCalls && tooMany) this.#change('OPEN', nowUs);
    } else if (calls >= breakerSettings.permits) {
      this.#change(tooMany ? 'OPEN' : 'CLOSED', nowUs);
    }
  }

  #change(state: 'CLOSED' | 'OPEN' | 'HALF_OPEN', nowUs: number): void {
    this.#state = state;
    this.#sinceUs = nowUs;
    this.#counters.breakerChanges += 1;
    if (state === 'OPEN') return;
    this.#window = [];
    this.#failed = 0;
    this.#permits = breakerSettings.permits;
  }
}

/** A station's servers are the permits of a semaphore. */
class Visit {
  readonly id: number;
  readonly meanUs: number;
  readonly failBelow: number;
  readonly servers: Semaphore;
  readonly queueLimit: number;
  readonly breaker: Breaker | null;

  constructor(step: Step, servers: Semaphore, breaker: Breaker | null) {
    this.id = step.id;
    this.meanUs = step.meanUs;
    this.failBelow = step.failBelow;
    this.servers = servers;
    this.queueLimit = stations[step.station].queueLimit;
    this.breaker = breaker;
  }
}

interface Shop {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly host: Pick<HostPorts, 'schedule' | 'work'>;
  readonly counters: Counters;
  readonly visits: Readonly<Record<keyof typeof steps, Visit>>;
}

function openShop(seed: number, time: VirtualTime): Shop {
  const counters = newCounters();
  const servers = Object.fromEntries(
    Object.entries(stations).map(([name, station]) => [name, new Semaphore(station.servers)]),
  ) as Record<Step['station'], Semaphore>;
  const visits = Object.fromEntries(
    Object.entries(steps).map(([name, step]): [string, Visit] => [
      name,
      new Visit(
        step,
        servers[step.station],
        name === 'pay' || name === 'ship' ? new Breaker(counters) : null,
      ),
    ]),
  ) as Record<keyof typeof steps, Visit>;
  const after: HostPorts['schedule'] = (delayMs, wake) => time.schedule(delayMs, wake);
  return { seed, time, host: { schedule: after, work: after }, counters, visits };
}

/** What a service's context is to a request: whose order this is, and how it waits. */
class OrderContext {
  declare readonly shop: Shop;
  declare readonly order: number;
  declare private readonly process: Process;

  constructor(shop: Shop, order: number, process: Process) {
    this.shop = shop;
    this.order = order;
    this.process = process;
  }

  draw(step: number, attempt: number, kind: number): number {
    return draw(this.shop.seed, this.order, purposeOf(step, attempt, kind));
  }

  sleep(durationUs: number): PortCall<void> {
    return sleepCall(this.process, this.shop.host, durationUs / 1000);
  }

  work(servers: Semaphore, durationUs: number): PortCall<void> {
    return workCall(this.process, servers, this.shop.host, durationUs / 1000);
  }
}

function visit(context: OrderContext, step: Visit, attempt: number): PortCall<void> {
  const { counters } = context.shop;
  const us = serviceUs(step.meanUs, context.draw(step.id, attempt, DRAW_SERVICE));
  counters.attempts += 1;
  counters.clockWaits += 1;
  counters.waitedUs -= us;
  return context.work(step.servers, us);
}

function backOff(context: OrderContext, step: Visit, attempt: number): PortCall<void> {
  const { counters } = context.shop;
  const us = backoffUs(attempt, context.draw(step.id, attempt, DRAW_BACKOFF));
  counters.failures += 1;
  counters.backoffs += 1;
  counters.clockWaits += 1;
  counters.waitedUs -= us;
  return context.sleep(us);
}

function fails(context: OrderContext, step: Visit, attempt: number): boolean {
  const down = step.id === steps.ship.id && context.shop.time.nowUs % outage.everyUs < outage.lengthUs;
  return context.draw(step.id, attempt, DRAW_FAILURE) < (down ? outage.failBelow : step.failBelow);
}

/** With retries, behind a breaker where there is one; false when it failed for good. */
async function call(context: OrderContext, step: Visit): Promise<boolean> {
  const { counters, time } = context.shop;
  const { breaker } = step;
  for (let attempt = 1; ; attempt += 1) {
    if (breaker !== null && !breaker.asks(time.nowUs)) {
      counters.refused += 1;
      return false;
    }
    let succeeded = false;
    if (step.servers.waiting >= step.queueLimit) {
      counters.turnedAway += 1;
    } else {
      await visit(context, step, attempt);
      succeeded = !fails(context, step, attempt);
    }
    breaker?.record(succeeded, time.nowUs);
    if (succeeded) return true;
    if (attempt >= retry.maxAttempts) {
      counters.failures += 1;
      return false;
    }
    await backOff(context, step, attempt);
  }
}

async function compensate(context: OrderContext, step: Visit): Promise<void> {
  context.shop.counters.compensations += 1;
  for (let attempt = 1; ; attempt += 1) {
    await visit(context, step, attempt);
    if (attempt >= LAST_COMPENSATION_ATTEMPT || !fails(context, step, attempt)) return;
    await backOff(context, step, attempt);
  }
}

async function placeOrder(context: OrderContext): Promise<void> {
  const { counters, visits } = context.shop;
  await visit(context, visits.createOrder, 1);
  const undo = [visits.reject];
  if (!(await call(context, visits.reserve))) {
    counters.undoneAtReserve += 1;
  } else {
    undo.push(visits.release);
    if (!(await call(context, visits.pay))) {
      counters.undoneAtPay += 1;
      undo.push(visits.void);
    } else if (context.draw(visits.pay.id, 0, DRAW_DECLINE) < declineBelow) {
      counters.declined += 1;
    } else {
      undo.push(visits.void);
      if (await call(context, visits.ship)) {
        await visit(context, visits.confirm, 1);
        counters.confirmed += 1;
        return;
      }
      counters.undoneAtShip += 1;
    }
  }
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await compensate(context, step);
}

async function gateway(context: OrderContext): Promise<void> {
  const { counters, time, visits } = context.shop;
  const startedUs = time.nowUs;
  await visit(context, visits.gateway, 1);
  await placeOrder(context);
  const latencyUs = time.nowUs - startedUs;
  counters.latencyUs += latencyUs;
  // What of it was neither service nor backoff was waiting for a server.
  counters.waitedUs += latencyUs;
  counters.checksum = checksumOf(counters.checksum, context.order, time.nowUs);
}

/** `turn`: a macrotask, as the Lab's own. */
export async function runAsyncHandlers(seed: number, orders: number, turn: Turn): Promise<Counters> {
  const time = new VirtualTime({ pump: 'counting', turn });
  const shop = openShop(seed, time);
  const { counters } = shop;
  const life = { tracker: time.track(), dead: false };
  const failed: unknown[] = [];
  const begin = (name: string, order: number, body: (context: OrderContext) => Promise<void>): void => {
    const process = new Process(life, null, {
      name,
      span: null,
      parentSpanId: null,
      cause: null,
      deadlineUs: null,
    });
    runProcess(
      process,
      () => body(new OrderContext(shop, order, process)),
      (outcome) => {
        if (!outcome.ok) failed.push(outcome.error);
      },
    );
  };
  begin('arrivals', 0, async (context) => {
    for (let order = 0; order < orders; order += 1) {
      counters.clockWaits += 1;
      await context.sleep(gapUs(draw(seed, order, purposeOf(ARRIVAL_STEP, 0, DRAW_SERVICE))));
      begin('order', order, gateway);
    }
  });
  await time.run(Number.MAX_SAFE_INTEGER);
  if (failed.length > 0) throw failed[0];
  counters.endUs = time.nowUs;
  return counters;
}
