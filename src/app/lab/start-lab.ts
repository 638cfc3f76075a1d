import type { PageRun } from '../state/page-run.ts';
import type { LabPort } from './lab-link.ts';
import { startLabRuns } from './lab-page-run.ts';
import type { LabPlan } from './messages.ts';

/** Begins runs in the Lab, each in a worker of its own, under one clock. */
export const startLab = (plans: readonly LabPlan[]): Promise<readonly PageRun[]> =>
  startLabRuns({
    plans,
    newPort: () =>
      new Worker(new URL('./lab.worker.ts', import.meta.url), {
        type: 'module',
        name: 'lab',
      }) as unknown as LabPort,
  });
