import {
  assertNever,
  type DeployedInstance,
  type Deployment,
  freeNumbers,
  type ReleaseSettings,
  type ReleaseStrategy,
  type VersionLabel,
} from '../../kernel/index.ts';

// How instances of one version take the place of another's. Pure: what there is goes in, what there should be next
// comes out. Rolling is Kubernetes' Deployment; recreate its other strategy; blue-green and canary are those of
// Argo Rollouts with a router in front. Who asks, and when, is compositions/releasing.ts.

export type InstanceCondition = 'starting' | 'ready' | 'draining' | 'down';

/** One that lives, or should. */
export interface RolloutInstance extends DeployedInstance {
  readonly condition: InstanceCondition;
}

export interface RolloutQuestion {
  /** As many as the service has when nothing is released. */
  readonly replicas: number;
  readonly to: VersionLabel;
  /** Those that are wanted, in the order in which they came. */
  readonly wanted: readonly RolloutInstance[];
  /** Those that are not wanted any more and still live. */
  readonly leaving: readonly RolloutInstance[];
}

/** What should be there now. `done`: nothing more is to do. */
export interface RolloutStep {
  readonly instances: readonly DeployedInstance[];
  readonly traffic: Deployment['traffic'];
  readonly done: boolean;
}

const isNew =
  (to: VersionLabel) =>
  ({ version }: DeployedInstance): boolean =>
    version === to;
const isReady = ({ condition }: RolloutInstance): boolean => condition === 'ready';
const bare = ({ number, version }: DeployedInstance): DeployedInstance => ({ number, version });

function added({ wanted, leaving, to }: RolloutQuestion, count: number): readonly DeployedInstance[] {
  const taken = [...wanted, ...leaving].map(({ number }) => number);
  return freeNumbers(taken, Math.max(0, count)).map((number) => ({ number, version: to }));
}

/** All old ones go; when the last is gone, the new ones come (REL-1). */
function recreate(question: RolloutQuestion): RolloutStep {
  const { wanted, leaving, to, replicas } = question;
  const fresh = wanted.filter(isNew(to));
  const left = leaving.filter(({ version }) => version !== to);
  const old = wanted.length - fresh.length;
  if (old > 0 || left.length > 0) return { instances: fresh.map(bare), traffic: null, done: false };
  const instances = [...fresh.map(bare), ...added(question, replicas - fresh.length)];
  return { instances, traffic: null, done: fresh.length >= replicas && fresh.every(isReady) };
}

/**
 * As many at once as `maxSurge` and `maxUnavailable` allow: never more than replicas + maxSurge are wanted, and
 * never fewer than replicas − maxUnavailable are ready because of the release (REL-2…4).
 */
function rolling(question: RolloutQuestion, settings: ReleaseSettings['rolling']): RolloutStep {
  const { wanted, leaving, to, replicas } = question;
  const fresh = wanted.filter(isNew(to));
  const old = wanted.filter((each) => !isNew(to)(each));
  const more = Math.min(replicas - fresh.length, replicas + settings.maxSurge - wanted.length);
  const comes = added(question, more);

  const leastReady = Math.max(0, replicas - settings.maxUnavailable);
  const ready = wanted.filter(isReady).length;
  // Those that are not ready serve nobody: they go first, and cost no availability.
  const gone = new Set(old.filter((each) => !isReady(each)));
  let spare = ready - leastReady;
  for (const each of old) {
    if (spare <= 0) break;
    if (!isReady(each)) continue;
    gone.add(each);
    spare -= 1;
  }
  const kept = wanted.filter((each) => !gone.has(each));
  return {
    instances: [...kept.map(bare), ...comes],
    traffic: null,
    done: old.length === 0 && leaving.length === 0 && fresh.length === replicas && fresh.every(isReady),
  };
}

/** Where a release with two versions side by side is: which share the new one has, and what may go. */
type SideBySide =
  /** The new ones come; all requests go to the old. */
  | { readonly kind: 'prepare'; readonly instances: number }
  /** So much of the requests goes to the new version. */
  | { readonly kind: 'shared'; readonly instances: number; readonly share: number }
  /** The old ones go. */
  | { readonly kind: 'finish' };

/** Blue-green and canary (REL-5…8): `from` keeps all its instances until the end. `done`: the phase has what it wants. */
function sideBySide(question: RolloutQuestion, phase: SideBySide, from: VersionLabel): RolloutStep {
  const { wanted, to, replicas } = question;
  const fresh = wanted.filter(isNew(to));
  const old = wanted.filter((each) => !isNew(to)(each));
  switch (phase.kind) {
    case 'prepare':
    case 'shared': {
      const instances = [...wanted.map(bare), ...added(question, phase.instances - fresh.length)];
      const share = phase.kind === 'shared' ? phase.share : 0;
      const traffic =
        share === 1 ? { [to]: 1 } : { [from]: 1 - share, ...(share > 0 ? { [to]: share } : {}) };
      return { instances, traffic, done: fresh.length >= phase.instances && fresh.every(isReady) };
    }
    case 'finish': {
      const instances = [...fresh.map(bare), ...added(question, replicas - fresh.length)].slice(0, replicas);
      // Until the last is gone: old copies of the registry still name them.
      const over = old.length === 0 && question.leaving.length === 0;
      return { instances, traffic: over ? null : { [to]: 1 }, done: over && fresh.length === replicas };
    }
    default:
      return assertNever(phase);
  }
}

/** How many instances a share of the requests needs: as large a share of them, and `least` at least (REL-7). */
const instancesFor = (share: number, replicas: number, least: number): number =>
  Math.min(replicas, Math.max(Math.min(least, replicas), Math.ceil(share * replicas)));

/** What a release does, one after another. A phase ends when its instances are there and, where it lasts, its time is over. */
export type Phase =
  | { readonly kind: 'recreate' }
  | { readonly kind: 'rolling' }
  | (SideBySide & {
      /** What callers see of the new version decides whether it goes on; null: it is not looked at. */
      readonly analysed: { readonly lastsMs: number; readonly waitsForRequests: boolean } | null;
    });

/** The phases of a strategy (REL-1…8). Without any instances there is nothing to be careful with. */
export function phasesOf(
  strategy: ReleaseStrategy,
  replicas: number,
  { canary, blueGreen }: Pick<ReleaseSettings, 'canary' | 'blueGreen'>,
): readonly Phase[] {
  if (replicas === 0) return [{ kind: 'recreate' }];
  switch (strategy) {
    case 'recreate':
    case 'rolling':
      return [{ kind: strategy }];
    case 'blue-green':
      return [
        { kind: 'prepare', instances: replicas, analysed: null },
        {
          kind: 'shared',
          instances: replicas,
          share: 1,
          // It goes on when the time is up, however few have asked: going back is what the time is for.
          analysed: { lastsMs: blueGreen.keepOldMs, waitsForRequests: false },
        },
        { kind: 'finish', analysed: null },
      ];
    case 'canary': {
      const { steps, stepMs } = canary;
      const last = steps.at(-1) ?? 1;
      return [
        {
          kind: 'prepare',
          instances: instancesFor(steps[0] ?? 1, replicas, canary.instances),
          analysed: null,
        },
        ...steps.map(
          (share): Phase => ({
            kind: 'shared',
            instances: instancesFor(share, replicas, canary.instances),
            share,
            analysed: { lastsMs: stepMs, waitsForRequests: true },
          }),
        ),
        { kind: 'shared', instances: replicas, share: last, analysed: null },
        { kind: 'finish', analysed: null },
      ];
    }
    default:
      return assertNever(strategy);
  }
}

/** The way back to the old version. Side by side it never left. */
export const phasesBack = (strategy: ReleaseStrategy): readonly Phase[] =>
  strategy === 'recreate' || strategy === 'rolling'
    ? [{ kind: strategy }]
    : [{ kind: 'finish', analysed: null }];

/** What a phase wants there to be now. */
export function nextStep(
  phase: Phase,
  question: RolloutQuestion,
  { from, settings }: { readonly from: VersionLabel; readonly settings: ReleaseSettings['rolling'] },
): RolloutStep {
  switch (phase.kind) {
    case 'recreate':
      return recreate(question);
    case 'rolling':
      return rolling(question, settings);
    default:
      return sideBySide(question, phase, from);
  }
}
