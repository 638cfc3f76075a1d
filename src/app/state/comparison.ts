import { forComposition, monolithCounterpart, type Scenario } from '../../setups/index.ts';
import { startLab } from '../lab/start-lab.ts';
import { Mirror } from './mirror.ts';
import { browserPacking } from './packing.ts';
import { createRunStore, type RunStore } from './run-store.ts';
import { recordedScenario } from './take-to-lab.ts';

/** The same for a monolith: the setup's own counterpart, and that of each thing done by hand. */
export function asMonolith({ setup, commands }: Scenario, byHand: Scenario['commands']): Scenario {
  const there = forComposition({ setup, commands }, 'monolith');
  const done = byHand.flatMap(({ atMs, command }) =>
    monolithCounterpart(command, setup.settings).commands.map((other) => ({ atMs, command: other })),
  );
  return {
    setup: there.setup,
    commands: [...there.commands, ...done].sort((one, other) => one.atMs - other.atMs),
  };
}

/**
 * What the run is, in both compositions, side by side in the Lab: the same seed, arrivals and faults, one
 * clock. They stand where the run stood.
 */
export async function openComparison(
  store: RunStore,
  tell: (note: string) => void,
): Promise<{ readonly peer: RunStore; readonly mirror: Mirror }> {
  const recording = store.recording();
  if (recording === null) throw new Error('The shop has not started yet.');
  const { nowUs } = store.getState();
  const { scenario } = recording;
  const byHand = await recordedScenario(recording);
  const services = forComposition(scenario, 'microservices');
  const own: Scenario = {
    setup: services.setup,
    commands: [...services.commands, ...byHand].sort((one, other) => one.atMs - other.atMs),
  };
  const monolith = asMonolith(services, byHand);
  const seed = recording.run.lab?.seed ?? scenario.setup.seed;
  const [left, right] = await startLab([
    { scenario: own, seed, composition: 'microservices' },
    { scenario: monolith, seed, composition: 'monolith' },
  ]);
  if (left === undefined || right === undefined) throw new Error('the Lab gave no two runs');
  await store.open(async () => ({ run: left, scenario: own }));
  const peer = createRunStore(async () => ({ run: right, scenario: monolith }), browserPacking);
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      const { phase, failure } = peer.getState();
      if (phase === 'ready') resolve();
      else if (phase === 'failed') reject(new Error(failure ?? 'the monolith did not start'));
    };
    peer.subscribe(look);
    look();
  });
  store.setPeer(peer);
  await store.runTo(nowUs);
  const mirror = new Mirror(store, peer, tell, () => {
    store.setPeer(null);
    peer.stop();
  });
  return { peer, mirror };
}
