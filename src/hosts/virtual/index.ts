export * from './event-queue.ts';
export * from './fork-run.ts';
export * from './lab-run.ts';
export * from './memory-database.ts';
export * from './virtual-host.ts';
export * from './virtual-time.ts';
