import {
  forComposition,
  monolithCounterpart,
  type RunCommand,
  type Scenario,
  type ScheduledCommand,
} from '../../setups/index.ts';
import { startLab } from '../lab/start-lab.ts';
import { Mirror } from './mirror.ts';
import { browserPacking } from './packing.ts';
import { createRunStore, type RunStore } from './run-store.ts';
import { type ByHand, recordedScenario } from './take-to-lab.ts';

/** When a fault that was set by hand was over, by a length of its own or because somebody cleared it; null: never. */
function endMs({ atMs, command, faultId }: ByHand, byHand: readonly ByHand[]): number | null {
  const cleared = byHand.find(
    (later) =>
      later.atMs >= atMs &&
      (later.command.type === 'fault.clear-all' ||
        (later.command.type === 'fault.clear' && later.command.faultId === faultId)),
  );
  const lengthMs =
    command.type === 'fault.add' && 'lengthMs' in command.fault ? command.fault.lengthMs : null;
  const ends = [cleared?.atMs, lengthMs === null ? undefined : atMs + lengthMs].filter(
    (end) => end !== undefined,
  );
  return ends.length === 0 ? null : Math.min(...ends);
}

/**
 * The same for a monolith: the setup's own counterpart, and that of each thing done by hand. Faults have other
 * names there, so that one which was cleared lasts as long as it did instead.
 */
export function asMonolith({ setup, commands }: Scenario, byHand: readonly ByHand[]): Scenario {
  const there = forComposition({ setup, commands }, 'monolith');
  const done = byHand.flatMap((one): ScheduledCommand[] => {
    const { atMs, command } = one;
    if (command.type === 'fault.clear' || command.type === 'fault.clear-all') return [];
    const counterpart = monolithCounterpart(command, setup.settings);
    const end = command.type === 'fault.add' ? endMs(one, byHand) : null;
    return [
      ...counterpart.commands.map((other) => ({
        atMs,
        command: end === null ? other : lasting(other, end - atMs),
      })),
      ...(end === null ? [] : counterpart.undo.map((other) => ({ atMs: end, command: other }))),
    ];
  });
  return {
    setup: there.setup,
    commands: [...there.commands, ...done].sort((one, other) => one.atMs - other.atMs),
  };
}

const lasting = (command: RunCommand, lengthMs: number): RunCommand =>
  command.type === 'fault.add' && 'lengthMs' in command.fault
    ? { ...command, fault: { ...command.fault, lengthMs: Math.max(1, Math.round(lengthMs)) } }
    : command;

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
    commands: [...services.commands, ...byHand.map(({ atMs, command }) => ({ atMs, command }))].sort(
      (one, other) => one.atMs - other.atMs,
    ),
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
