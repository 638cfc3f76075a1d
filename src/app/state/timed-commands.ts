import type { RunEvent } from '../../kernel/index.ts';
import type { ScheduledCommand } from '../../setups/index.ts';
import type { PageRun } from './page-run.ts';

/** How often a live run's clock is looked at for the commands of its setup. */
const LOOK_EVERY_MS = 50;

/**
 * Lets a live run have the commands of its setup at their times, also after a reload: what the log has
 * been told of already is not done again.
 */
export function doOnTime(run: PageRun, commands: readonly ScheduledCommand[]): PageRun {
  if (commands.length === 0) return run;
  let doneUntilMs = 0;
  // It listens in passing: the one who subscribes is to have all that was kept.
  const hear = (events: readonly RunEvent[]) => {
    for (const event of events) {
      if (event.seq === 0) doneUntilMs = 0;
      if (event.type !== 'run.commanded') continue;
      const done = commands.find(
        ({ atMs, command }) =>
          event.timeUs / 1000 >= atMs && JSON.stringify(command) === JSON.stringify(event.command),
      );
      if (done !== undefined) doneUntilMs = Math.max(doneUntilMs, done.atMs + 1);
    }
  };
  const timer = setInterval(() => {
    const { nowUs, paused } = run.clock();
    if (paused) return;
    for (const { atMs, command } of commands) {
      if (atMs < doneUntilMs || atMs * 1000 > nowUs) continue;
      doneUntilMs = atMs + 1;
      void run.command(command);
    }
  }, LOOK_EVERY_MS);
  return {
    ...run,
    subscribe: (listener) =>
      run.subscribe((events) => {
        hear(events);
        listener(events);
      }),
    stop: async () => {
      clearInterval(timer);
      await run.stop();
    },
  };
}
