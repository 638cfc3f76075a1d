import * as z from 'zod/mini';
import { err, ok, type Result } from '../../kernel/index.ts';
import { STORM_STYLES, type StormStyle } from './storm-plan.ts';
import { type StormReport, stormReportSchema } from './storm-report.ts';

const corpusOutcomeSchema = z.strictObject({
  held: z.int().check(z.minimum(0)),
  /** Those that found something again, by name. */
  failed: z.array(z.string()),
});

/** What became of the storms of the corpus. */
export type CorpusOutcome = z.output<typeof corpusOutcomeSchema>;

/** The storms of any seeds, in the order of the seeds: what is kept in a file, gone on with and merged. */
export interface StormResults {
  readonly style: StormStyle;
  readonly reports: readonly StormReport[];
  readonly corpus: CorpusOutcome;
}

const VERSION = 1;

const fileSchema = z.strictObject({
  format: z.literal('bulkhead-storm'),
  version: z.literal(VERSION),
  style: z.enum(STORM_STYLES),
  reports: z.array(stormReportSchema),
  corpus: corpusOutcomeSchema,
});

/** One of each seed; a seed that is in both counts once, as the first tells it. The corpus was the same for both. */
export function mergeStorms(one: StormResults, other: StormResults): Result<StormResults, string> {
  if (one.style !== other.style) return err('they are storms of different styles.');
  const bySeed = new Map([...other.reports, ...one.reports].map((report) => [report.seed, report]));
  const failed = [...new Set([...one.corpus.failed, ...other.corpus.failed])].toSorted();
  return ok({
    style: one.style,
    reports: [...bySeed.values()].toSorted((a, b) => a.seed - b.seed),
    corpus: { held: Math.min(one.corpus.held, other.corpus.held), failed },
  });
}

export const stormJson = ({ style, reports, corpus }: StormResults): z.output<typeof fileSchema> => ({
  format: 'bulkhead-storm',
  version: VERSION,
  style,
  reports: [...reports],
  corpus,
});

/** Reads what `stormJson` made. A refusal says in a sentence what is wrong. */
export function parseStorms(input: unknown): Result<StormResults, string> {
  const parsed = fileSchema.safeParse(input);
  if (parsed.success) {
    const { style, reports, corpus } = parsed.data;
    return ok({ style, reports, corpus });
  }
  const [issue] = parsed.error.issues;
  return err(`it is no result of npm run storm: ${issue?.path.join('.') || 'the whole'} is wrong.`);
}

/** What the storms of many seeds come to. */
export interface StormTotals {
  readonly seeds: number;
  readonly orders: number;
  readonly completed: number;
  readonly undone: number;
  readonly crashes: number;
  readonly breakerOpenings: number;
  readonly parked: number;
  readonly deadLetters: number;
  readonly events: number;
  /** The largest share of its settling time that a storm needed, 0 … 1. */
  readonly settledShare: number;
  /** Seeds with a violation. */
  readonly failedSeeds: readonly number[];
  readonly passed: number;
  readonly failed: number;
}

export function stormTotals({ reports, corpus }: StormResults): StormTotals {
  const sum = (of: (report: StormReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const failedSeeds = reports.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed);
  return {
    seeds: reports.length,
    orders: sum(({ orders }) => orders),
    completed: sum(({ completed }) => completed),
    undone: sum(({ undone }) => undone),
    crashes: sum(({ crashes }) => crashes),
    breakerOpenings: sum(({ breakerOpenings }) => breakerOpenings),
    parked: sum(({ parked }) => parked),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    events: sum(({ events }) => events),
    settledShare: reports.reduce(
      (most, { settledMs, settlingMs }) => Math.max(most, settledMs === null ? 0 : settledMs / settlingMs),
      0,
    ),
    failedSeeds,
    passed: reports.length - failedSeeds.length + corpus.held,
    failed: failedSeeds.length + corpus.failed.length,
  };
}
