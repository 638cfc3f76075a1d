import type { Brand } from './brand.ts';

/** A moment of run time: integer microseconds since the run began. It stands still while the run is paused. */
export type RunTimeUs = Brand<number, 'RunTimeUs'>;

/** Makes a moment of run time of a number of microseconds, rounded to an integer. */
export const runTimeUs = (microseconds: number): RunTimeUs => Math.round(microseconds) as RunTimeUs;

export const RUN_START = runTimeUs(0);

/** The moment `milliseconds` after `moment` (before it, when negative). */
export const plusMs = (moment: RunTimeUs, milliseconds: number): RunTimeUs =>
  runTimeUs(moment + milliseconds * 1000);

/** How many milliseconds lie between two moments; negative when `to` is the earlier one. */
export const elapsedMs = (from: RunTimeUs, to: RunTimeUs): number => (to - from) / 1000;
