// What queueing theory says of a station: Poisson arrivals, `servers` alike, one queue, first come first served.
// Rates are per millisecond, times are in milliseconds.

/**
 * Erlang's C: the probability that who arrives must wait in M/M/c, for an offered load of `erlangs` (arrival
 * rate × mean service time) below `servers`. Erlang 1917; Kleinrock, *Queueing Systems* 1 (1975), eq. 3.40.
 * Computed from Erlang's B by its recursion B(k) = aB(k−1) / (k + aB(k−1)), which no factorial overflows.
 */
export function erlangC(servers: number, erlangs: number): number {
  let blocked = 1;
  for (let k = 1; k <= servers; k += 1) blocked = (erlangs * blocked) / (k + erlangs * blocked);
  return blocked / (1 - (erlangs / servers) * (1 - blocked));
}

/** Mean wait in the queue of M/M/c: C(c, a) / (cμ − λ). Kleinrock 1 (1975), § 3.5; M/M/1 is its case of one server. */
export function meanWaitMMc(servers: number, arrivalRate: number, meanServiceMs: number): number {
  const erlangs = arrivalRate * meanServiceMs;
  return erlangC(servers, erlangs) / (servers / meanServiceMs - arrivalRate);
}

/**
 * Mean wait in the queue of M/G/1: λ E[S²] / (2 (1 − ρ)), with the service time's squared coefficient of
 * variation in place of E[S²]. Pollaczek 1930, Khinchine 1932; Kleinrock 1 (1975), eq. 5.14.
 */
export function meanWaitMG1(arrivalRate: number, meanServiceMs: number, squaredVariation: number): number {
  const secondMoment = meanServiceMs ** 2 * (1 + squaredVariation);
  return (arrivalRate * secondMoment) / (2 * (1 - arrivalRate * meanServiceMs));
}
