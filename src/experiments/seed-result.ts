import * as z from 'zod/mini';
import { samplesSchema } from './samples.ts';

const count = z.int().check(z.minimum(0));
const counts = z.record(z.string(), count);

/** What became of one kind of intent. */
const intentCounts = z.strictObject({
  begun: count,
  good: count,
  /** Good, and within the deadline of the kind. */
  inTime: count,
  /** Technical failures, undone orders among them. */
  failed: count,
  /** The business said no. */
  declined: count,
  /** Taken back by the customer. */
  cancelled: count,
  /** Not ended when the run was over. */
  unfinished: count,
});

/** How orders ended; each intent of the kind `order` is in one of these. */
const orderEnds = z.strictObject({
  confirmed: count,
  declined: count,
  /** Stored, then given up for a technical reason and compensated. */
  undone: count,
  /** Failed without being stored. */
  notPlaced: count,
  cancelled: count,
  unfinished: count,
});

/**
 * What one run gave, without loss: counts, and exact samples in whole microseconds. Intents are those that
 * began in the measured span of the plan, orders by hand among them; breakers, extra calls, events and violations
 * are of the whole run.
 */
export const seedResultSchema = z.strictObject({
  seed: count,
  /** SHA-256 of the whole log. */
  logHash: z.string().check(z.regex(/^[0-9a-f]{64}$/, { error: 'must be 64 hex digits' })),
  /** How far the run came; less than the plan's length when it was cut. */
  runUs: count,
  intents: z.strictObject({ order: intentCounts, browse: intentCounts, status: intentCounts }),
  orderEnds,
  /** From the send to the good end; of an order, the end state of its row. */
  goodUs: z.strictObject({ order: samplesSchema, browse: samplesSchema, status: samplesSchema }),
  /** From the send of an order until it was undone. */
  undoneUs: samplesSchema,
  halfDone: z.strictObject({
    /** The sum over all half-done orders of how long each was so, within the measured span. */
    integralUs: count,
    /** The same, of those with stock or a parcel held and not only money. */
    goodsIntegralUs: count,
    maximum: count,
    /** How old the oldest ever was. */
    oldestUs: count,
  }),
  /** By edge `order->shipping`. */
  extraCalls: z.record(z.string(), z.strictObject({ attempts: count, calls: count })),
  /** By edge; how often a breaker became OPEN. */
  breakerOpenings: counts,
  violations: z.array(
    z.strictObject({ invariant: z.string(), message: z.string(), events: z.array(z.string()) }),
  ),
  events: count,
  clockAdvances: count,
});

export type SeedResult = Readonly<z.output<typeof seedResultSchema>>;
export type IntentCounts = z.output<typeof intentCounts>;
export type OrderEnds = z.output<typeof orderEnds>;

/** The kinds of intents that are counted, each apart: a blend would hide one behind another. */
export const KINDS = ['order', 'browse', 'status'] as const;
export type Kind = (typeof KINDS)[number];
