import { type LiveRun, type LiveRunOptions, startRun } from './live-run.ts';

export { HIDDEN_NOTICE } from './hidden-notice.ts';
export type { LiveRun, LiveRunOptions } from './live-run.ts';
export type { Notice } from './messages.ts';

/** Starts the setup's shop in this tab, as services or as a monolith, or goes on with its run after a reload. */
export const startLiveRun = (options: LiveRunOptions): Promise<LiveRun> =>
  startRun(options, {
    hub: () => new Worker(new URL('./hub.worker.ts', import.meta.url), { type: 'module', name: 'hub' }),
    composition: options.setup.composition,
  });
