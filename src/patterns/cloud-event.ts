import * as z from 'zod/mini';
import type { Json, RunTimeUs } from '../kernel/index.ts';
import { RUN_EPOCH_S } from './token.ts';

// CloudEvents 1.0, JSON format, structured mode, with the Distributed Tracing and Partitioning extensions.

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';

export interface CloudEvent<Data = Json> {
  readonly specversion: '1.0';
  /** Unique within `source`; the two together tell a repetition from a new event. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string | undefined;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Decides the partition: events of one key stay in order. */
  readonly partitionkey: string;
  /** Of the span in which the event was written. */
  readonly traceparent?: string | undefined;
  readonly data: Data;
}

export const cloudEventSchema = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.string().check(z.minLength(1), z.maxLength(200)),
  source: z.string().check(z.minLength(1), z.maxLength(200)),
  type: z.string().check(z.minLength(1), z.maxLength(100)),
  subject: z.optional(z.string().check(z.maxLength(200))),
  time: z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/)),
  datacontenttype: z.literal('application/json'),
  partitionkey: z.string().check(z.minLength(1), z.maxLength(200)),
  traceparent: z.optional(z.string()),
  // What comes out of a parsed body is JSON: to look at each of its values again would cost more than all the rest.
  data: z.unknown() as unknown as z.ZodMiniType<Json>,
});

/** A moment of run time as RFC 3339 in UTC, with milliseconds. Run time begins on 1 January 2026. */
export function rfc3339(moment: RunTimeUs): string {
  const milliseconds = Math.floor(moment / 1000);
  const seconds = RUN_EPOCH_S + Math.floor(milliseconds / 1000);
  const days = Math.floor(seconds / 86_400);
  const ofDay = seconds - days * 86_400;
  const { year, month, day } = civilDate(days);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60].map(two).join(':');
  const fraction = String(milliseconds % 1000).padStart(3, '0');
  return `${year}-${two(month)}-${two(day)}T${time}.${fraction}Z`;
}

/** The Gregorian date of a day since 1970-01-01 (Howard Hinnant's `civil_from_days`). */
function civilDate(daysSince1970: number): { year: number; month: number; day: number } {
  const shifted = daysSince1970 + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
