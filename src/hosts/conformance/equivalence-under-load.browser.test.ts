import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../../invariants/index.ts';
import { type ConcurrentSetup, concurrentSetups, judgement } from './equivalence-setups.ts';
import { type LoadFigures, liesIn, playLoad, predictionInterval } from './loaded-run.ts';
import { concurrentSetup, type ScriptedRun } from './scripted-run.ts';
import { openLabRun } from './testing/lab-scripted-run.ts';
import { openLiveRun } from './testing/live-scripted-run.ts';
import { messageTurn } from './testing/message-turn.ts';

/** Of the live runs: so that a busy machine does not add to the shop's own waiting. */
const SPEED = 2;

async function figuresOf(run: ScriptedRun, concurrent: ConcurrentSetup): Promise<LoadFigures> {
  try {
    const figures = await playLoad(run, concurrent);
    const tables = await run.tables();
    expect(checkInvariants(run.events(), tables, { healed: true })).toEqual([]);
    return figures;
  } finally {
    await run.stop();
  }
}

describe.each(concurrentSetups)('$name, as $composition', (concurrent) => {
  it('holds every invariant on both hosts; shares and openings lie where the Lab predicts them', {
    timeout: 600_000,
  }, async () => {
    const lab: LoadFigures[] = [];
    for (let seed = 1; seed <= judgement.labSeeds; seed += 1) {
      lab.push(
        await figuresOf(await openLabRun(concurrentSetup(concurrent, seed), messageTurn()), concurrent),
      );
    }
    const fewest = Math.min(...lab.map(({ orders }) => orders));
    expect(fewest).toBeGreaterThan(50);
    const { studentT } = judgement;
    const share = predictionInterval(
      lab.map(({ confirmedShare }) => confirmedShare),
      studentT,
      1 / fewest,
    );
    const openings = predictionInterval(
      lab.map((figures) => figures.openings),
      studentT,
      1,
    );
    for (const seed of judgement.liveSeeds) {
      const setup = concurrentSetup(concurrent, seed);
      const twin = await figuresOf(await openLabRun(setup, messageTurn()), concurrent);
      const live = await figuresOf(await openLiveRun(setup, SPEED), concurrent);
      const common = [...live.ends].filter(([orderId]) => twin.ends.has(orderId));
      const alike = common.filter(([orderId, end]) => twin.ends.get(orderId) === end);
      const { orders, confirmedShare } = live;
      const figures = { orders, confirmedShare, openings: live.openings };
      const of = `${alike.length} of ${common.length} orders end as in the Lab with this seed`;
      const told = `${JSON.stringify({ figures, share, openings })}, ${of}`;
      console.info(`${concurrent.name}, seed ${seed}: ${told}`);
      const wrong: string[] = [];
      const demand = (holds: boolean, what: string) => holds || wrong.push(`${what}: ${told}`);
      demand(orders > 50 && common.length > 40, 'too few orders');
      demand(liesIn(confirmedShare, share), 'share of confirmed orders');
      demand(liesIn(live.openings, openings), 'openings');
      // Where no fault picks its victims by the time, each order has the same fate: it is drawn by its id.
      if (concurrent.faults.length === 0) demand(alike.length === common.length, 'another fate');
      expect(wrong).toEqual([]);
    }
  });
});
