import {
  type Estimate,
  KINDS,
  type Kind,
  type Latency,
  type Sweep,
  type SweepSummary,
} from '../experiments/index.ts';

const WORDS: Readonly<Record<Kind, string>> = { order: 'orders', browse: 'browsing', status: 'order status' };
const COMPOSITIONS = { microservices: 'as services', monolith: 'as a monolith' } as const;

export const percentText = (estimate: Estimate | null): string =>
  withInterval(estimate, (share) => String(Number((100 * share).toFixed(1))), ' %');

export const secondsText = (estimate: Estimate | null): string =>
  withInterval(estimate, (ms) => (ms / 1000).toFixed(2), ' s');

export const numberText = (estimate: Estimate | null, digits = 2): string =>
  withInterval(estimate, (value) => value.toFixed(digits), '');

/** `3.41 s (3.38–3.44)`; `–` where there is nothing to estimate from. */
function withInterval(estimate: Estimate | null, text: (value: number) => string, unit: string): string {
  if (estimate === null) return '–';
  const { value, low, high } = estimate;
  const interval = low === null || high === null ? '' : ` (${text(low)}–${text(high)})`;
  return `${text(value)}${unit}${interval}`;
}

export const planTitle = ({ plan }: Pick<Sweep, 'plan'>): string =>
  `${plan.setup.title} (${plan.setup.name}), ${COMPOSITIONS[plan.setup.composition]}`;

/** A sweep for a person: what happened, each figure with its 95 % interval where several seeds give one. */
export function sweepText(sweep: Sweep, summary: SweepSummary): string {
  const { plan, seeds } = sweep;
  const [first] = seeds;
  const last = seeds.at(-1);
  const { fromMs, toMs } = plan.measured;
  const counted =
    fromMs > 0 || toMs < plan.runMs
      ? ` · counted: what began from ${fromMs / 1000} s to ${toMs / 1000} s`
      : '';
  const minutes = `${plan.runMs / 60_000} min each${counted}`;
  const which =
    first === undefined || last === undefined
      ? 'no seed'
      : seeds.length === 1
        ? `seed ${first.seed}`
        : `${seeds.length} seeds from ${first.seed} to ${last.seed}`;
  const lines = [
    `${planTitle(sweep)} · ${which}, ${minutes}`,
    ...(sweep.partial ? [partialText(sweep)] : []),
  ];
  if (first === undefined) return `${lines.join('\n')}\n`;

  lines.push(
    '',
    ...table([
      ['', 'success', 'good', 'failed', 'declined', 'unfinished', 'median', '95 %', '99 %'],
      ...KINDS.map((kind) => {
        const of = summary.intents[kind];
        return [
          WORDS[kind],
          percentText(of.success),
          ...[of.good, of.failed, of.declined, of.unfinished].map(count),
          ...percentileTexts(of.latency),
        ];
      }),
    ]),
    '',
    `Orders: ${endsText(summary)}`,
    ...(summary.undone.samples === 0 ? [] : [`Undone after: median ${secondsText(summary.undone.p50Ms)}`]),
    `Good answers a second: ${numberText(summary.goodput)} · all endings a second: ${numberText(summary.throughput)}`,
    `Half-done orders: ${numberText(summary.halfDone.mean)} on average, at most ${summary.halfDone.maximum}, the oldest ${(summary.halfDone.oldestMs / 1000).toFixed(1)} s`,
    `Breakers opened: ${openingsText(summary)}`,
    `Attempts per call: ${extraCallsText(summary)}`,
    `${count(summary.events)} events, ${count(summary.clockAdvances)} clock advances · log hash ${summary.logHash}`,
    violationsText(sweep, summary),
  );
  return `${lines.join('\n')}\n`;
}

function partialText({ seeds, plan }: Sweep): string {
  const [only] = seeds;
  return seeds.length === 1 && only !== undefined && only.runUs < plan.runMs * 1000
    ? `PARTIAL: the run was cut at ${(only.runUs / 1_000_000).toFixed(1)} s`
    : 'PARTIAL: not all seeds were run';
}

const count = (value: number): string => value.toLocaleString('en');

const percentileTexts = ({ p50Ms, p95Ms, p99Ms }: Latency): string[] =>
  [p50Ms, p95Ms, p99Ms].map(secondsText);

function endsText({ orderEnds }: SweepSummary): string {
  const { confirmed, undone, declined, notPlaced, cancelled, unfinished } = orderEnds;
  return [
    `${count(confirmed)} confirmed`,
    `${count(undone)} undone`,
    `${count(declined)} declined`,
    `${count(notPlaced)} never placed`,
    `${count(cancelled)} cancelled`,
    `${count(unfinished)} not ended`,
  ].join(', ');
}

function openingsText({ breakerOpenings }: SweepSummary): string {
  const edges = Object.entries(breakerOpenings);
  if (edges.length === 0) return 'never';
  return edges
    .map(([edge, { total, perSeed }]) => `${edge} ${count(total)} times, ${numberText(perSeed)} a run`)
    .join('; ');
}

function extraCallsText({ extraCalls }: SweepSummary): string {
  const more = Object.entries(extraCalls).filter(([, factor]) => factor > 1.005);
  if (more.length === 0) return '1 on every edge';
  return more.map(([edge, factor]) => `${edge} ${factor.toFixed(2)}`).join('; ');
}

const SHOWN = 10;

function violationsText({ seeds }: Sweep, { violations }: SweepSummary): string {
  if (violations === 0) return 'Invariants: all hold';
  const all = seeds.flatMap(({ seed, violations: found }) =>
    found.map(({ invariant, message }) => `  seed ${seed}: ${invariant}: ${message}`),
  );
  const more = all.length > SHOWN ? [`  … and ${all.length - SHOWN} more (--json has them all)`] : [];
  return [`INVARIANTS VIOLATED ${violations} times:`, ...all.slice(0, SHOWN), ...more].join('\n');
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
