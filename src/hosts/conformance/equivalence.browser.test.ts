import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../../invariants/index.ts';
import { canonicalHistory, endsOf } from './canonical-history.ts';
import { type ClosedSetup, type CompositionName, closedSetups } from './equivalence-setups.ts';
import { closedSetup, playScript, type ScriptedRun } from './scripted-run.ts';
import { openLabRun } from './testing/lab-scripted-run.ts';
import { openLiveRun } from './testing/live-scripted-run.ts';
import { messageTurn } from './testing/message-turn.ts';

/** Of the live runs: as fast as their timeouts, of seconds, leave a busy machine room. */
const SPEED = 4;

/** Plays a setup's script to its end; what must hold on any host does, and the history is given. */
async function historyOn(
  run: ScriptedRun,
  { script, ends }: ClosedSetup,
  composition: CompositionName,
): Promise<string> {
  try {
    const answers = await playScript(run, script, composition);
    const tables = await run.tables();
    const events = run.events();
    expect(endsOf(events)).toEqual(ends);
    expect(checkInvariants(events, tables, { healed: true })).toEqual([]);
    return canonicalHistory(events, tables, answers);
  } finally {
    await run.stop();
  }
}

describe.each(['microservices', 'monolith'] as const)('one order at a time, as %s', (composition) => {
  const played = closedSetups.filter(({ compositions }) => compositions.includes(composition));
  it.each(played)('$name: the same history on both hosts', { timeout: 120_000 }, async (closed) => {
    const setup = closedSetup(closed, composition);
    const lab = await historyOn(await openLabRun(setup, messageTurn()), closed, composition);
    const live = await historyOn(await openLiveRun(setup, SPEED), closed, composition);
    expect(live).toBe(lab);
  });
});
