import * as z from 'zod/mini';

const count = z.int().check(z.minimum(0));
const ms = z.number().check(z.minimum(0));

const violationSchema = z.strictObject({
  invariant: z.string(),
  message: z.string(),
  events: z.array(z.string()),
});

/** What became of one storm, as JSON carries it. */
export const stormReportSchema = z.strictObject({
  seed: count,
  /** Names of the classes of faults and actions that were on. */
  classes: z.array(z.string()),
  /** Taken by the shop. */
  orders: count,
  completed: count,
  undone: count,
  crashes: count,
  breakerOpenings: count,
  parked: count,
  deadLetters: count,
  events: count,
  /** When it was healed, in run time. */
  stormMs: ms,
  /** From the heal until all had come to rest; null: it never did. */
  settledMs: z.nullable(ms),
  /** In which it had to. */
  settlingMs: ms,
  violations: z.array(violationSchema),
});

export type StormReport = z.output<typeof stormReportSchema>;
