export * from './corpus.ts';
export * from './run-storm.ts';
export * from './settling-time.ts';
export * from './shrink-plan.ts';
export * from './storm-file.ts';
export * from './storm-plan.ts';
export * from './storm-report.ts';
