export * from './comparison.ts';
export * from './run-seed.ts';
export * from './samples.ts';
export * from './seed-result.ts';
export * from './statistics.ts';
export * from './sweep.ts';
export * from './sweep-file.ts';
export * from './sweep-summary.ts';
