import type { LiveRun } from '../../hosts/live/index.ts';

export type { LiveRun, Notice } from '../../hosts/live/index.ts';
export type { CommandResult } from '../../setups/index.ts';

/** Begins a run; what it says on the way is for the person who waits. */
export type StartRun = (onProgress: (text: string) => void) => Promise<StartedRun>;

export interface StartedRun {
  readonly run: LiveRun;
  readonly setupTitle: string;
}
