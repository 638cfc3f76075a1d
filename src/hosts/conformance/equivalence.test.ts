import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../../invariants/index.ts';
import { canonicalHistory, endsOf } from './canonical-history.ts';
import { closedSetups } from './equivalence-setups.ts';
import { closedSetup, playScript } from './scripted-run.ts';
import { openLabRun } from './testing/lab-scripted-run.ts';

const turn = (next: () => void) => void setImmediate(next);

const played = closedSetups.flatMap((closed) =>
  closed.compositions.map((composition) => ({ closed, composition, name: closed.name })),
);

describe('the setups of the equivalence', () => {
  it('are at least twenty', () => {
    expect(new Set(closedSetups.map(({ name }) => name)).size).toBeGreaterThanOrEqual(20);
  });

  // A setup that shows nothing would be equal everywhere.
  it.each(played)('$name, as $composition, shows what it is there for', async ({ closed, composition }) => {
    const run = await openLabRun(closedSetup(closed, composition), turn);
    const answers = await playScript(run, closed.script, composition);
    const events = run.events();
    expect(endsOf(events)).toEqual(closed.ends);
    const types = new Set(events.map(({ type }) => type));
    expect((closed.sees ?? []).filter((type) => !types.has(type))).toEqual([]);
    const tables = await run.tables();
    expect(checkInvariants(events, tables, { healed: true })).toEqual([]);
    expect(canonicalHistory(events, tables, answers)).toContain('# money');
  });
});
