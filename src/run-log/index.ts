export * from './codec.ts';
export * from './known-events.ts';
export * from './log-hash.ts';
export * from './run-log.ts';
export * from './sequencer.ts';
