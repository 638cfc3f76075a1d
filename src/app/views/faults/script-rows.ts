import { nextTime, type ScheduledFault } from '../../../faults/index.ts';
import { createRandom, type Json } from '../../../kernel/index.ts';
import { describeFault, type Faults, faultWord, targetWord } from '../../../projections/index.ts';
import type { Scenario } from '../../../setups/index.ts';

/** One time that a fault was on, is on, or will be. */
export interface ScriptRow {
  readonly key: string;
  readonly fromUs: number;
  /** null: until it is cleared. */
  readonly toUs: number | null;
  readonly state: 'over' | 'on' | 'planned';
  readonly title: string;
}

/** So many times to come are shown of one that comes again. */
const TIMES_SHOWN = 20;

/** What has gone wrong and what is planned to, by the time at which it begins. */
export function scriptRows(faults: Faults, scenario: Scenario | null, nowUs: number): readonly ScriptRow[] {
  const rows: ScriptRow[] = [...faults.byId.values()].map((view) => ({
    key: view.faultId,
    fromUs: view.startedUs,
    toUs: view.endedUs ?? view.endsUs,
    state: view.endedUs === null ? 'on' : 'over',
    title: titleOf(view.fault),
  }));
  const seed = scenario?.setup.seed ?? 0;
  const toCome = [
    ...(faults.allCleared
      ? []
      : (scenario?.setup.faults ?? []).map((scheduled) => ({ scheduled, key: 'setup' }))),
    ...[...faults.planned.values()].map(({ faultId, fault, atUs, repeat }) => ({
      key: faultId,
      scheduled: {
        atMs: atUs / 1000,
        fault,
        ...(repeat === null ? {} : { repeat }),
      } as unknown as ScheduledFault,
    })),
  ];
  toCome.forEach(({ scheduled, key }, index) => {
    // The times of a setup's line after its first are in the log, each as soon as the one before begins.
    if (key === 'setup' && scheduled.atMs * 1000 <= nowUs) return;
    rows.push(...timesOf(scheduled, seed, `${key}-${index}`));
  });
  return rows.sort((one, other) => one.fromUs - other.fromUs);
}

function timesOf(scheduled: ScheduledFault, seed: number, key: string): ScriptRow[] {
  const random = createRandom(seed);
  const title = titleOf(scheduled.fault as unknown as Json);
  const rows: ScriptRow[] = [];
  let next: ScheduledFault | null = scheduled;
  while (next !== null && rows.length < TIMES_SHOWN) {
    const { atMs, fault } = next;
    const lengthMs = fault.kind === 'crash-at' ? null : fault.lengthMs;
    rows.push({
      key: `${key}-${rows.length}`,
      fromUs: atMs * 1000,
      toUs: lengthMs === null ? null : (atMs + lengthMs) * 1000,
      state: 'planned',
      title,
    });
    next = nextTime(next, random);
  }
  return rows;
}

function titleOf(fault: Json): string {
  const described = describeFault(fault);
  return `${targetWord(described.target)}: ${faultWord(described)}`;
}
