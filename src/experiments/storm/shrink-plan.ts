import type { ScheduledFault } from '../../faults/index.ts';
import type { RunSettings } from '../../kernel/index.ts';
import { classroomSettings, type ScheduledCommand, withSafetyNets } from '../../setups/index.ts';
import { minimalFailing, simplified } from './shrink.ts';
import { type StormPlan, shortened } from './storm-plan.ts';

/** What can be left out of a storm. */
type Part =
  | { readonly kind: 'fault'; readonly fault: ScheduledFault }
  | { readonly kind: 'command'; readonly command: ScheduledCommand }
  | { readonly kind: 'cancellation'; readonly atMs: number };

const partsOf = ({ faults, commands, cancellations }: StormPlan): readonly Part[] => [
  ...faults.map((fault) => ({ kind: 'fault', fault }) as const),
  ...commands.map((command) => ({ kind: 'command', command }) as const),
  ...cancellations.map((atMs) => ({ kind: 'cancellation', atMs }) as const),
];

const withParts = (plan: StormPlan, parts: readonly Part[]): StormPlan => ({
  ...plan,
  faults: parts.flatMap((part) => (part.kind === 'fault' ? [part.fault] : [])),
  commands: parts.flatMap((part) => (part.kind === 'command' ? [part.command] : [])),
  cancellations: parts.flatMap((part) => (part.kind === 'cancellation' ? [part.atMs] : [])),
});

type Change = (plan: StormPlan) => StormPlan;

const SHORTER: readonly Change[] = [
  (plan) => ({ ...plan, leastOrders: 0 }),
  ...[0.5, 0.5, 0.5, 0.5, 0.75, 0.75].map(
    (share): Change =>
      (plan) =>
        shortened(plan, Math.round(plan.stormMs * share)),
  ),
];

const set =
  (settings: (of: RunSettings) => RunSettings): Change =>
  (plan) => ({ ...plan, settings: settings(plan.settings) });

/** One group of settings after the other as the classroom has it, and one instance of each service. */
function plainer(): readonly Change[] {
  const plain = classroomSettings();
  const groups = [
    'deadlines',
    'saga',
    'compensation',
    'registry',
    'messaging',
    'tracking',
    'payment',
    'drain',
    'autoscaler',
    'services',
  ] as const;
  return [
    set((of) => withSafetyNets(of, 'none')),
    set((of) => withSafetyNets(of, 'classroom')),
    ...groups.map((group) => set((of) => ({ ...of, [group]: plain[group] }))),
    set((of) => ({ ...of, hop: { meanMs: 10, spread: 0 } })),
    ...(Object.keys(plain.services) as (keyof RunSettings['services'])[]).map((name) =>
      set((of) =>
        of.services[name].instances <= 1
          ? of
          : { ...of, services: { ...of.services, [name]: { ...of.services[name], instances: 1 } } },
      ),
    ),
    set((of) => ({ ...of, load: { ...of.load, browsesPerSecond: 0, statusesPerSecond: 0 } })),
    set((of) => ({ ...of, load: { ...of.load, arrivals: 'even', spread: 0 } })),
  ];
}

/** A change after which there are faults on instances that are no more is no simpler storm. */
const isWhole = ({ settings, faults }: StormPlan): boolean =>
  faults.every(({ fault }) => {
    const instances =
      fault.kind === 'crash-at'
        ? [fault.instance]
        : 'instances' in fault
          ? [...fault.instances, ...(fault.others ?? [])]
          : fault.target.kind === 'instance'
            ? [fault.target.instance]
            : [];
    return instances.every((instance) => {
      const dash = instance.lastIndexOf('-');
      const service = instance.slice(0, dash) as keyof RunSettings['services'];
      return Number(instance.slice(dash + 1)) <= settings.services[service].instances;
    });
  });

/**
 * A smaller storm that still fails: shorter, with as few faults and commands as can be, then with plainer settings.
 * `plan` itself is taken to fail; the best so far is given once `mayGoOn` says no.
 */
export async function shrunkPlan(
  plan: StormPlan,
  fails: (plan: StormPlan) => Promise<boolean>,
  mayGoOn: () => boolean = () => true,
): Promise<StormPlan> {
  const stillFails = async (smaller: StormPlan) => isWhole(smaller) && (await fails(smaller));
  const fewer = async (from: StormPlan) =>
    withParts(
      from,
      await minimalFailing(partsOf(from), (parts) => stillFails(withParts(from, parts)), mayGoOn),
    );
  const short = await simplified(plan, SHORTER, stillFails, mayGoOn);
  const few = await fewer(short);
  const plain = await simplified(few, [...plainer(), ...SHORTER], stillFails, mayGoOn);
  return await fewer(plain);
}
