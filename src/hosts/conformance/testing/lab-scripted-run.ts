import type { Setup } from '../../../setups/index.ts';
import { LabRun, type Turn } from '../../virtual/index.ts';
import type { ScriptedRun } from '../scripted-run.ts';

const OPEN_WITHIN_MS = 60_000;

/** The setup's shop in the Lab, open. */
export async function openLabRun(setup: Setup, turn: Turn): Promise<ScriptedRun> {
  const lab = await LabRun.create({ setup, turn });
  const isOpen = () =>
    lab.events.some(({ type, instance }) => type === 'instance.ready' && instance === 'customers-1');
  if (!(await lab.advanceUntil(isOpen, OPEN_WITHIN_MS))) throw new Error('the shop did not open');
  // What follows from that at the same moment (the setup's faults) shall have happened.
  await lab.advanceTo(lab.nowMs);
  return {
    command: (command) => lab.command(command),
    events: () => lab.events,
    nowMs: () => lab.nowMs,
    async until(look, withinMs) {
      let found = look();
      if (!found) {
        const done = () => {
          found = look();
          return Boolean(found);
        };
        await lab.advanceUntil(done, lab.nowMs + withinMs);
      }
      if (!found) throw new Error(`${String(look)}: not within ${withinMs} ms`);
      return found;
    },
    pass: (ms) => lab.advanceTo(lab.nowMs + ms),
    tables: () => Promise.resolve(lab.tables()),
    stop: () => Promise.resolve(),
  };
}
