/** The median of several rounds, in milliseconds; the first round, which warms up, does not count. */
export function medianMs(rounds: number, body: () => void): number {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const from = performance.now();
    body();
    if (round > 0) times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}
