import type { CompositionName } from '../../compositions/index.ts';
import { LabRun, type ScheduledCommand } from '../../hosts/virtual/index.ts';
import type { RunEvent } from '../../kernel/index.ts';
import { classroom, type Setup } from '../../setups/index.ts';
import type { FinalTables } from '../invariant.ts';

declare function setImmediate(callback: () => void): unknown;

export interface ShopRun {
  readonly events: readonly RunEvent[];
  readonly tables: FinalTables;
}

export interface ShopRunOptions {
  readonly seed?: number;
  readonly composition?: CompositionName;
  readonly faults?: Setup['faults'];
  readonly commands?: readonly ScheduledCommand[];
  readonly settings?: Setup['settings'];
}

/** 40 s of the real shop with some declined cards, then healed and left alone until all has come to rest. */
export async function shopRun(options: ShopRunOptions = {}): Promise<ShopRun> {
  const { seed = 7, composition = 'microservices', faults = [], commands = [] } = options;
  const settings = options.settings ?? { ...classroom.settings, payment: { declineShare: 0.2 } };
  const run = await LabRun.create({
    setup: { ...classroom, composition, settings, faults },
    seed,
    commands,
    turn: (next) => setImmediate(next),
  });
  await run.advanceTo(40_000);
  await run.command({ type: 'fault.clear-all' });
  await run.command({ type: 'load.set', running: false });
  await run.advanceTo(140_000);
  return { events: run.events, tables: run.tables() };
}
