import {
  ARRIVAL_STEP,
  backoffUs,
  breaker,
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
  serviceUs,
  stations,
  steps,
} from './workload.ts';

// The unit of measure: the order workload as a hand-written state machine over typed arrays. An order is a
// row number; nothing is allocated and nothing is called indirectly while it runs.

const GATEWAY = steps.gateway.id;
const CREATE = steps.createOrder.id;
const RESERVE = steps.reserve.id;
const PAY = steps.pay.id;
const SHIP = steps.ship.id;
const CONFIRM = steps.confirm.id;
const VOID = steps.void.id;
const RELEASE = steps.release.id;
const REJECT = steps.reject.id;
/** Added to a step's id while its order waits to try it again. */
const BACKING_OFF = 16;
const ARRIVAL = 32;

const NAMES = Object.keys(stations) as (keyof typeof stations)[];
const STEPS = Object.values(steps);
const STEP_STATION = Int32Array.from(STEPS, (step) => NAMES.indexOf(step.station));
const STEP_MEAN = Int32Array.from(STEPS, (step) => step.meanUs);
const STEP_FAIL_BELOW = Float64Array.from(STEPS, (step) => step.failBelow);
const STATION_SERVERS = Int32Array.from(NAMES, (name) => stations[name].servers);
const STATION_LIMIT = Int32Array.from(NAMES, (name) => stations[name].queueLimit);

/** Orders in flight, and so waits of a queue, at most: a power of two. */
const ROWS = 1024;
const MASK = ROWS - 1;
const AGENDA = 8 * ROWS;

const CLOSED = 0;
const OPEN = 1;
const HALF_OPEN = 2;

const CONFIRMED = 0;
const DECLINED = 1;
const UNDONE_AT_RESERVE = 2;
const UNDONE_AT_PAY = 3;
const UNDONE_AT_SHIP = 4;

const N_CONFIRMED = 0;
const N_DECLINED = 1;
const N_UNDONE_AT_RESERVE = 2;
const N_UNDONE_AT_PAY = 3;
const N_UNDONE_AT_SHIP = 4;
const N_ATTEMPTS = 5;
const N_FAILURES = 6;
const N_TURNED_AWAY = 7;
const N_BACKOFFS = 8;
const N_REFUSED = 9;
const N_BREAKER_CHANGES = 10;
const N_COMPENSATIONS = 11;
const N_CLOCK_WAITS = 12;
const WAITED = 0;
const LATENCY = 1;

export function runTypedArrayKernel(seed: number, orders: number): Counters {
  // What is to happen: one sorted run of `time · ROWS + row`, for so few entries faster than a heap. It creeps
  // up the array and is moved back when it reaches the end.
  const agenda = new Float64Array(AGENDA);
  let first = 0;
  let last = 0;

  const phase = new Int32Array(ROWS);
  const attempt = new Int32Array(ROWS);
  const orderOf = new Int32Array(ROWS);
  const outcome = new Int32Array(ROWS);
  const startedUs = new Float64Array(ROWS);
  const queuedUs = new Float64Array(ROWS);
  const free = Int32Array.from({ length: ROWS }, (_, row) => row);
  let freeHead = 1;

  const busy = new Int32Array(NAMES.length);
  const queue = new Int32Array(NAMES.length * ROWS);
  const queueHead = new Int32Array(NAMES.length);
  const queueTail = new Int32Array(NAMES.length);

  // Two breakers: of the steps `pay` (0) and `ship` (1).
  const breakerState = new Int32Array(2);
  const breakerSinceUs = new Float64Array(2);
  const breakerPermits = new Int32Array(2);
  const breakerCalls = new Int32Array(2);
  const breakerFailed = new Int32Array(2);
  const breakerNext = new Int32Array(2);
  const breakerWindow = new Uint8Array(2 * breaker.window);

  // A closure's own doubles would be boxed at each change: the clock and the sums stand in arrays too.
  const clockUs = new Float64Array(2);
  const sumUs = new Float64Array(2);
  const count = new Int32Array(13);
  let checksum = 0;

  /** At one moment, first come, first served: an entry goes after all of its own time. */
  function schedule(delayUs: number, row: number): void {
    if (last === AGENDA) {
      agenda.copyWithin(0, first, last);
      last -= first;
      first = 0;
    }
    const atUs = ((clockUs[0] as number) + delayUs) * ROWS;
    const after = atUs + MASK;
    let at = last - 1;
    last += 1;
    while (at >= first) {
      const other = agenda[at] as number;
      if (other <= after) break;
      agenda[at + 1] = other;
      at -= 1;
    }
    agenda[at + 1] = atUs + row;
  }

  function serve(row: number, step: number): void {
    const purpose = purposeOf(step, attempt[row] as number, DRAW_SERVICE);
    schedule(serviceUs(STEP_MEAN[step] as number, draw(seed, orderOf[row] as number, purpose)), row);
  }

  /** The row's attempt at a step begins: it is served, waits, or (where a limit holds) is turned away. */
  function enter(row: number, step: number): void {
    phase[row] = step;
    count[N_ATTEMPTS] = (count[N_ATTEMPTS] as number) + 1;
    const station = STEP_STATION[step] as number;
    if ((busy[station] as number) < (STATION_SERVERS[station] as number)) {
      busy[station] = (busy[station] as number) + 1;
      serve(row, step);
      return;
    }
    const waiting = (queueTail[station] as number) - (queueHead[station] as number);
    if (step >= RESERVE && step <= SHIP && waiting >= (STATION_LIMIT[station] as number)) {
      count[N_TURNED_AWAY] = (count[N_TURNED_AWAY] as number) + 1;
      count[N_ATTEMPTS] = (count[N_ATTEMPTS] as number) - 1;
      endForward(row, step, false);
      return;
    }
    queue[station * ROWS + ((queueTail[station] as number) & MASK)] = row;
    queueTail[station] = (queueTail[station] as number) + 1;
    queuedUs[row] = clockUs[0] as number;
  }

  function leave(step: number): void {
    const station = STEP_STATION[step] as number;
    const head = queueHead[station] as number;
    if (head === queueTail[station]) {
      busy[station] = (busy[station] as number) - 1;
      return;
    }
    queueHead[station] = head + 1;
    const next = queue[station * ROWS + (head & MASK)] as number;
    sumUs[WAITED] = (sumUs[WAITED] as number) + (clockUs[0] as number) - (queuedUs[next] as number);
    serve(next, phase[next] as number);
  }

  function changeBreaker(which: number, state: number): void {
    breakerState[which] = state;
    count[N_BREAKER_CHANGES] = (count[N_BREAKER_CHANGES] as number) + 1;
    breakerSinceUs[which] = clockUs[0] as number;
    if (state === OPEN) return;
    breakerCalls[which] = 0;
    breakerFailed[which] = 0;
    breakerNext[which] = 0;
    breakerPermits[which] = breaker.permits;
  }

  function askBreaker(which: number): boolean {
    const state = breakerState[which] as number;
    if (state === CLOSED) return true;
    if (state === OPEN) {
      if ((clockUs[0] as number) - (breakerSinceUs[which] as number) <= breaker.waitUs) return false;
      changeBreaker(which, HALF_OPEN);
    }
    const permits = breakerPermits[which] as number;
    if (permits === 0) return false;
    breakerPermits[which] = permits - 1;
    return true;
  }

  function recordCall(which: number, failed: number): void {
    const state = breakerState[which] as number;
    if (state === OPEN) return;
    const next = breakerNext[which] as number;
    const place = which * breaker.window + next;
    const size = state === CLOSED ? breaker.window : breaker.permits;
    let calls = breakerCalls[which] as number;
    if (calls === size)
      breakerFailed[which] = (breakerFailed[which] as number) - (breakerWindow[place] as number);
    else calls = (breakerCalls[which] as number) + 1;
    breakerCalls[which] = calls;
    breakerWindow[place] = failed;
    const failedCalls = (breakerFailed[which] as number) + failed;
    breakerFailed[which] = failedCalls;
    breakerNext[which] = next + 1 === size ? 0 : next + 1;
    if (state === CLOSED) {
      if (calls >= breaker.minimumCalls && failedCalls * 100 >= breaker.failurePercent * calls)
        changeBreaker(which, OPEN);
    } else if (calls >= breaker.permits) {
      changeBreaker(which, failedCalls * 100 >= breaker.failurePercent * calls ? OPEN : CLOSED);
    }
  }

  /** Asks the breaker, then enters: of the three steps that can fail before the order stands. */
  function tryForward(row: number, step: number): void {
    if (step !== RESERVE && !askBreaker(step - PAY)) {
      count[N_REFUSED] = (count[N_REFUSED] as number) + 1;
      giveUp(row, step);
      return;
    }
    enter(row, step);
  }

  function beginForward(row: number, step: number): void {
    attempt[row] = 1;
    tryForward(row, step);
  }

  function begin(row: number, step: number): void {
    attempt[row] = 1;
    enter(row, step);
  }

  function compensate(row: number, step: number): void {
    count[N_COMPENSATIONS] = (count[N_COMPENSATIONS] as number) + 1;
    begin(row, step);
  }

  function giveUp(row: number, step: number): void {
    if (step === RESERVE) {
      outcome[row] = UNDONE_AT_RESERVE;
      compensate(row, REJECT);
    } else {
      outcome[row] = step === PAY ? UNDONE_AT_PAY : UNDONE_AT_SHIP;
      compensate(row, VOID);
    }
  }

  function backOff(row: number, step: number): void {
    const tries = attempt[row] as number;
    count[N_BACKOFFS] = (count[N_BACKOFFS] as number) + 1;
    phase[row] = step + BACKING_OFF;
    const drawn = draw(seed, orderOf[row] as number, purposeOf(step, tries, DRAW_BACKOFF));
    attempt[row] = tries + 1;
    schedule(backoffUs(tries, drawn), row);
  }

  function endForward(row: number, step: number, succeeded: boolean): void {
    if (step !== RESERVE) recordCall(step - PAY, succeeded ? 0 : 1);
    if (!succeeded) {
      count[N_FAILURES] = (count[N_FAILURES] as number) + 1;
      if ((attempt[row] as number) >= retry.maxAttempts) giveUp(row, step);
      else backOff(row, step);
    } else if (step === RESERVE) {
      beginForward(row, PAY);
    } else if (step === SHIP) {
      begin(row, CONFIRM);
    } else if (draw(seed, orderOf[row] as number, purposeOf(PAY, 0, DRAW_DECLINE)) < declineBelow) {
      outcome[row] = DECLINED;
      compensate(row, RELEASE);
    } else {
      beginForward(row, SHIP);
    }
  }

  function end(row: number): void {
    const nowUs = clockUs[0] as number;
    const order = orderOf[row] as number;
    const how = outcome[row] as number;
    if (how === CONFIRMED) count[N_CONFIRMED] = (count[N_CONFIRMED] as number) + 1;
    else if (how === DECLINED) count[N_DECLINED] = (count[N_DECLINED] as number) + 1;
    else if (how === UNDONE_AT_RESERVE)
      count[N_UNDONE_AT_RESERVE] = (count[N_UNDONE_AT_RESERVE] as number) + 1;
    else if (how === UNDONE_AT_PAY) count[N_UNDONE_AT_PAY] = (count[N_UNDONE_AT_PAY] as number) + 1;
    else count[N_UNDONE_AT_SHIP] = (count[N_UNDONE_AT_SHIP] as number) + 1;
    sumUs[LATENCY] = (sumUs[LATENCY] as number) + nowUs - (startedUs[row] as number);
    checksum = checksumOf(checksum, order, nowUs);
    freeHead -= 1;
    free[freeHead] = row;
  }

  function endService(row: number, step: number): void {
    const tries = attempt[row] as number;
    leave(step);
    if (step === GATEWAY) begin(row, CREATE);
    else if (step === CREATE) beginForward(row, RESERVE);
    else if (step === CONFIRM || step === REJECT) end(row);
    else {
      let failBelow = STEP_FAIL_BELOW[step] as number;
      if (step === SHIP && (clockUs[0] as number) % outage.everyUs < outage.lengthUs)
        failBelow = outage.failBelow;
      if (step > CONFIRM && tries >= LAST_COMPENSATION_ATTEMPT) failBelow = 0;
      const drawn = draw(seed, orderOf[row] as number, purposeOf(step, tries, DRAW_FAILURE));
      const succeeded = drawn >= failBelow;
      if (step <= SHIP) endForward(row, step, succeeded);
      else if (!succeeded) {
        count[N_FAILURES] = (count[N_FAILURES] as number) + 1;
        backOff(row, step);
      } else if (step === VOID) compensate(row, RELEASE);
      else compensate(row, REJECT);
    }
  }

  // Row 0 is the arrivals' own.
  let arrived = 0;
  phase[0] = ARRIVAL;
  schedule(gapUs(draw(seed, 0, purposeOf(ARRIVAL_STEP, 0, DRAW_SERVICE))), 0);
  while (first < last) {
    const entry = agenda[first] as number;
    first += 1;
    const nowUs = Math.floor(entry / ROWS);
    const row = entry - nowUs * ROWS;
    clockUs[0] = nowUs;
    count[N_CLOCK_WAITS] = (count[N_CLOCK_WAITS] as number) + 1;
    const what = phase[row] as number;
    if (what === ARRIVAL) {
      if (freeHead === ROWS) throw new Error('too many orders in flight for this kernel');
      const own = free[freeHead] as number;
      freeHead += 1;
      orderOf[own] = arrived;
      outcome[own] = CONFIRMED;
      startedUs[own] = nowUs;
      arrived += 1;
      begin(own, GATEWAY);
      if (arrived < orders) schedule(gapUs(draw(seed, arrived, purposeOf(ARRIVAL_STEP, 0, DRAW_SERVICE))), 0);
    } else if (what >= BACKING_OFF) {
      if (what - BACKING_OFF <= SHIP) tryForward(row, what - BACKING_OFF);
      else enter(row, what - BACKING_OFF);
    } else {
      endService(row, what);
    }
  }

  return {
    ...newCounters(),
    confirmed: count[N_CONFIRMED] as number,
    declined: count[N_DECLINED] as number,
    undoneAtReserve: count[N_UNDONE_AT_RESERVE] as number,
    undoneAtPay: count[N_UNDONE_AT_PAY] as number,
    undoneAtShip: count[N_UNDONE_AT_SHIP] as number,
    attempts: count[N_ATTEMPTS] as number,
    failures: count[N_FAILURES] as number,
    turnedAway: count[N_TURNED_AWAY] as number,
    backoffs: count[N_BACKOFFS] as number,
    refused: count[N_REFUSED] as number,
    breakerChanges: count[N_BREAKER_CHANGES] as number,
    compensations: count[N_COMPENSATIONS] as number,
    waitedUs: sumUs[WAITED] as number,
    latencyUs: sumUs[LATENCY] as number,
    endUs: clockUs[0] as number,
    clockWaits: count[N_CLOCK_WAITS] as number,
    checksum,
  };
}
