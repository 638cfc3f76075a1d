import type { FaultId } from '../../kernel/index.ts';
import {
  type Counterpart,
  forComposition,
  monolithCounterpart,
  type RunCommand,
  type Scenario,
  type ScheduledCommand,
} from '../../setups/index.ts';
import { startLab } from '../lab/start-lab.ts';
import { Mirror, NO_COUNTERPART } from './mirror.ts';
import { browserPacking } from './packing.ts';
import { createRunStore, type RunStore, whenReady } from './run-store.ts';
import { type ByHand, type Recorded, readRecording, withCommands, withCustomers } from './take-to-lab.ts';

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
export function asMonolith(scenario: Scenario, byHand: readonly ByHand[]): Scenario {
  const done = byHand.flatMap((one): ScheduledCommand[] => {
    const { atMs, command } = one;
    if (command.type === 'fault.clear' || command.type === 'fault.clear-all') return [];
    const counterpart = monolithCounterpart(command, scenario.setup.settings);
    const end = command.type === 'fault.add' ? endMs(one, byHand) : null;
    return [
      ...counterpart.commands.map((other) => ({
        atMs,
        command: end === null ? other : lasting(other, end - atMs),
      })),
      ...(end === null ? [] : counterpart.undo.map((other) => ({ atMs: end, command: other }))),
    ];
  });
  return withCommands(forComposition(scenario, 'monolith'), done);
}

const lasting = (command: RunCommand, lengthMs: number): RunCommand =>
  command.type === 'fault.add' && 'lengthMs' in command.fault
    ? { ...command, fault: { ...command.fault, lengthMs: Math.max(1, Math.round(lengthMs)) } }
    : command;

/**
 * What both sides of a comparison run. Throws a sentence for the page when what was done by hand cannot be done
 * to services.
 */
export function comparedPlans(
  scenario: Scenario,
  { customersCame, byHand }: Recorded,
): { readonly services: Scenario; readonly monolith: Scenario } {
  if (scenario.setup.composition === 'monolith' && byHand.some(({ command }) => isTrouble(command)))
    throw new Error(
      'What was broken in the monolith by hand has no place among the services. Reset, compare, and break it there.',
    );
  const services = forComposition(scenario, 'microservices');
  return {
    services: withCommands(withCustomers(services, customersCame), byHand),
    monolith: withCustomers(asMonolith(services, byHand), customersCame),
  };
}

const isTrouble = ({ type }: RunCommand): boolean =>
  type.startsWith('fault.') || type.startsWith('instance.');

/** Two runs side by side, while they are. */
export interface Comparison {
  /** null: the same setup in both compositions; else the peer's branch of the run that is shown. */
  readonly branch: string | null;
  readonly peer: RunStore;
  /** Of the run that the controls and keys are for, and of its peer. */
  readonly titles: readonly [string, string];
  /** Counted is what begins from here on, in µs of run time; of compositions later, once there is a fault (`counted-from.ts`). */
  readonly fromUs: number;
  /** Does on both sides what is done to one; its end ends the comparison. */
  readonly mirror: Mirror;
}

/** Customers come from here on; what the shops do to open is not compared. */
const OPEN_US = 2_000_000;

/**
 * What the run is, in both compositions, side by side in the Lab: the same seed, arrivals and faults, one
 * clock. They stand where the run stood.
 */
export async function openCompositions(store: RunStore, tell: (note: string) => void): Promise<Comparison> {
  const recording = store.recording();
  if (recording === null) throw new Error('The shop has not started yet.');
  const { nowUs } = store.getState();
  const plans = comparedPlans(recording.scenario, await readRecording(recording));
  const seed = recording.run.lab?.seed ?? recording.scenario.setup.seed;
  const [left, right] = await startLab([
    { scenario: plans.services, seed, composition: 'microservices' },
    { scenario: plans.monolith, seed, composition: 'monolith' },
  ]);
  if (left === undefined || right === undefined) throw new Error('the Lab gave no two runs');
  // What was done by hand is found in the log again, should somebody compare this one.
  const scenario = forComposition(recording.scenario, 'microservices');
  await store.open(async () => ({ run: left, scenario }));
  if (store.recording()?.run !== left) {
    await Promise.all([left.stop(), right.stop()]);
    throw new Error(store.getState().failure ?? 'Another run was begun meanwhile.');
  }
  const peer = createRunStore(async () => ({ run: right, scenario: plans.monolith }), browserPacking);
  const close = () => {
    store.setPeer(null);
    peer.stop();
  };
  try {
    await whenReady(peer);
    store.setPeer(peer);
    await store.runTo(nowUs);
  } catch (error) {
    close();
    throw error;
  }
  const counterpart = (command: RunCommand): Counterpart => {
    const { settings } = peer.getState().projections.facts;
    return settings === null ? NO_COUNTERPART : monolithCounterpart(command, settings);
  };
  const other = { store: peer, title: 'Monolith', counterpart, earlierFault: () => null };
  return {
    branch: null,
    peer,
    titles: ['As services', 'As a monolith'],
    fromUs: OPEN_US,
    mirror: new Mirror(store, other, tell, close),
  };
}

/**
 * The run that is shown beside another branch of it: both go on from the later one's moment, under one clock, and
 * what is done to one is done to both. Both are kept when it ends. Null: it was cancelled.
 */
export async function openBranches(
  store: RunStore,
  branch: string,
  tell: (note: string) => void,
): Promise<Comparison | null> {
  const beside = await store.beside(branch);
  if (beside === null) return null;
  const { both, partedUs, part } = beside;
  const [one, recording] = both;
  const peer = createRunStore(
    async () => ({ run: recording.run, scenario: recording.scenario, recording }),
    browserPacking,
  );
  const close = () => {
    store.setPeer(null);
    peer.stop();
    part();
  };
  try {
    await whenReady(peer);
  } catch (error) {
    close();
    throw error;
  }
  store.setPeer(peer);
  const earlierFault = (faultId: FaultId): FaultId | null => {
    const [here, there] = [store, peer].map(({ getState }) =>
      getState().projections.faults.byId.get(faultId),
    );
    // Names are given in order: after the parting the same name is another fault's.
    return here !== undefined && there?.startedUs === here.startedUs && there.startedUs < partedUs
      ? faultId
      : null;
  };
  const counterpart = (command: RunCommand): Counterpart => ({ ...NO_COUNTERPART, commands: [command] });
  return {
    branch,
    peer,
    titles: [one.title, recording.title],
    fromUs: Math.max(OPEN_US, partedUs),
    mirror: new Mirror(
      store,
      { store: peer, title: recording.title, counterpart, earlierFault },
      tell,
      close,
    ),
  };
}
