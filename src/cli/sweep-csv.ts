import { KINDS, percentile, type SeedResult, type Sweep } from '../experiments/index.ts';

type Cell = string | number | null;

/** One row per seed; RFC 4180 with a header. Edges get a column each as soon as one seed has them. */
export function sweepCsv({ seeds, plan }: Sweep): string {
  const measuredS = (plan.measured.toMs - plan.measured.fromMs) / 1000;
  const edgesOf = (values: (seed: SeedResult) => object) =>
    [...new Set(seeds.flatMap((seed) => Object.keys(values(seed))))].sort();
  const openings = edgesOf(({ breakerOpenings }) => breakerOpenings);
  const calls = edgesOf(({ extraCalls }) => extraCalls);

  const columns: readonly (readonly [string, (seed: SeedResult) => Cell])[] = [
    ['setup', () => plan.setup.name],
    ['composition', () => plan.setup.composition],
    ['seed', ({ seed }) => seed],
    ['log_hash', ({ logHash }) => logHash],
    ['run_s', ({ runUs }) => runUs / 1_000_000],
    ...KINDS.flatMap((kind) => {
      const counts = ['begun', 'good', 'inTime', 'failed', 'declined', 'cancelled', 'unfinished'] as const;
      return [
        ...counts.map((name): [string, (seed: SeedResult) => Cell] => [
          `${kind}_${name === 'inTime' ? 'in_time' : name}`,
          ({ intents }) => intents[kind][name],
        ]),
        ...([50, 95, 99] as const).map((p): [string, (seed: SeedResult) => Cell] => [
          `${kind}_p${p}_ms`,
          ({ goodUs }) => inMs(percentile(goodUs[kind], p / 100)),
        ]),
      ];
    }),
    ['orders_confirmed', ({ orderEnds }) => orderEnds.confirmed],
    ['orders_undone', ({ orderEnds }) => orderEnds.undone],
    ['orders_declined', ({ orderEnds }) => orderEnds.declined],
    ['orders_never_placed', ({ orderEnds }) => orderEnds.notPlaced],
    ['orders_cancelled', ({ orderEnds }) => orderEnds.cancelled],
    ['orders_unfinished', ({ orderEnds }) => orderEnds.unfinished],
    ['undone_p50_ms', ({ undoneUs }) => inMs(percentile(undoneUs, 0.5))],
    [
      'goodput_per_s',
      ({ intents }) => KINDS.reduce((sum, kind) => sum + intents[kind].inTime, 0) / measuredS,
    ],
    [
      'throughput_per_s',
      ({ intents }) =>
        KINDS.reduce((sum, kind) => sum + intents[kind].begun - intents[kind].unfinished, 0) / measuredS,
    ],
    ['half_done_mean', ({ halfDone }) => halfDone.integralUs / (measuredS * 1_000_000)],
    ['half_done_max', ({ halfDone }) => halfDone.maximum],
    ['half_done_oldest_ms', ({ halfDone }) => halfDone.oldestUs / 1000],
    ...openings.map((edge): [string, (seed: SeedResult) => Cell] => [
      `breaker_openings ${edge}`,
      ({ breakerOpenings }) => breakerOpenings[edge] ?? 0,
    ]),
    ...calls.flatMap((edge): [string, (seed: SeedResult) => Cell][] => [
      [`attempts ${edge}`, ({ extraCalls }) => extraCalls[edge]?.attempts ?? 0],
      [`calls ${edge}`, ({ extraCalls }) => extraCalls[edge]?.calls ?? 0],
    ]),
    ['violations', ({ violations }) => violations.length],
    ['events', ({ events }) => events],
    ['clock_advances', ({ clockAdvances }) => clockAdvances],
  ];
  const rows = [
    columns.map(([name]) => name),
    ...seeds.map((seed) => columns.map(([, value]) => text(value(seed)))),
  ];
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

const inMs = (us: number | null): number | null => (us === null ? null : us / 1000);
const text = (cell: Cell): string => (cell === null ? '' : String(cell));
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
