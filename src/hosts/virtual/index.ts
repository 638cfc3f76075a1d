// For who runs the Lab and keeps the log as text, and may not reach below this host.
export { encodeEvent, encodeHeader } from '../../run-log/index.ts';
export * from './event-queue.ts';
export * from './fork-run.ts';
export * from './lab-run.ts';
export * from './memory-database.ts';
export * from './virtual-host.ts';
export * from './virtual-time.ts';
