import {
  type DeployableService,
  FIRST_VERSION,
  type InstanceId,
  type ReleaseStage,
  type ReleaseStrategy,
  type RunEvent,
  type RunEventOf,
  type ServiceName,
  serviceOf,
  type VersionLabel,
} from '../kernel/index.ts';
import type { Projection } from './projection.ts';

/** One stage that a release went through; a train that was stopped makes it go through some of them twice. */
export interface StageView {
  readonly stage: ReleaseStage;
  readonly fromUs: number;
  /** When it will be over, where that is known. */
  readonly untilUs: number | null;
  /** null: it goes on. */
  readonly endedUs: number | null;
  readonly outcome: 'passed' | 'failed' | 'skipped' | null;
  readonly detail: string | null;
}

export interface ReleaseView {
  readonly releaseId: string;
  readonly of: DeployableService;
  readonly deployable: ServiceName;
  readonly version: VersionLabel;
  readonly before: VersionLabel;
  readonly team: string;
  readonly strategy: ReleaseStrategy;
  readonly requestedUs: number;
  readonly stages: readonly StageView[];
  readonly state: 'under-way' | 'completed' | 'aborted' | 'rolled-back';
  /** When it was completed or aborted. */
  readonly endedUs: number | null;
  /** Why it was aborted. */
  readonly reason: string | null;
  readonly analysis: Pick<RunEventOf<'release.analysed'>, 'candidate' | 'stable' | 'verdict'> | null;
}

export interface VersionFigures {
  readonly requests: number;
  readonly failures: number;
}

/** Releases, which version runs where, and what callers saw of each version. */
export interface Releases {
  // All are replaced, never changed.
  /** The oldest first. */
  all: readonly ReleaseView[];
  /** Of those that live. */
  versions: ReadonlyMap<InstanceId, VersionLabel>;
  /** Of services with a release, since their last one was asked for. */
  figures: ReadonlyMap<ServiceName, ReadonlyMap<VersionLabel, VersionFigures>>;
  traffic: ReadonlyMap<ServiceName, Readonly<Record<VersionLabel, number>> | null>;
}

const KEPT = 60;

export const runningVersion = ({ versions }: Releases, instance: InstanceId): VersionLabel =>
  versions.get(instance) ?? FIRST_VERSION;

/** How long it waited for a train, so far. */
export const waitedUs = ({ stages }: ReleaseView, nowUs: number): number =>
  stages
    .filter(({ stage }) => stage === 'queue')
    .reduce((sum, { fromUs, endedUs }) => sum + (endedUs ?? nowUs) - fromUs, 0);

type ReleaseEvent = Extract<RunEvent, { readonly releaseId: string }>;

function changed(
  state: Releases,
  { releaseId }: ReleaseEvent,
  change: (of: ReleaseView) => ReleaseView,
): void {
  state.all = state.all.map((release) => (release.releaseId === releaseId ? change(release) : release));
}

function counted(state: Releases, to: InstanceId, requests: number, failures: number): void {
  const service = serviceOf(to);
  const known = state.figures.get(service);
  if (known === undefined) return;
  const version = runningVersion(state, to);
  const before = known.get(version) ?? { requests: 0, failures: 0 };
  const after = { requests: before.requests + requests, failures: before.failures + failures };
  state.figures = new Map(state.figures).set(service, new Map(known).set(version, after));
}

/** As the canary's analysis counts (CAN-1). */
const asks = ({ plane, service }: { readonly plane: string; readonly service: ServiceName }): boolean =>
  plane === 'data' && service !== 'broker';

function ended(release: ReleaseView, event: RunEventOf<'release.stage.ended'>): ReleaseView {
  const { stage, outcome, detail, timeUs } = event;
  const last = release.stages.findLastIndex((each) => each.stage === stage);
  return {
    ...release,
    stages: release.stages.map((each, at) =>
      at === last ? { ...each, endedUs: timeUs, outcome, detail } : each,
    ),
  };
}

export const releases: Projection<Releases> = {
  initial: () => ({ all: [], versions: new Map(), figures: new Map(), traffic: new Map() }),
  apply(state, event) {
    switch (event.type) {
      case 'instance.started':
        if (event.version !== undefined)
          state.versions = new Map(state.versions).set(event.instance, event.version);
        else if (state.versions.has(event.instance)) state.versions = without(state.versions, event.instance);
        break;
      case 'response.received':
        if (asks(event)) counted(state, event.toInstance, 1, event.status >= 500 ? 1 : 0);
        break;
      case 'request.failed':
        if (asks(event) && event.error !== 'cancelled') counted(state, event.toInstance, 1, 1);
        break;
      case 'response.unreadable':
        if (asks(event)) counted(state, event.toInstance, 0, 1);
        break;
      case 'release.requested': {
        const { releaseId, of, deployable, version, before, team, strategy, timeUs } = event;
        const release: ReleaseView = {
          ...{ releaseId, of, deployable, version, before, team, strategy },
          requestedUs: timeUs,
          stages: [],
          state: 'under-way',
          endedUs: null,
          reason: null,
          analysis: null,
        };
        state.all = [...state.all, release].slice(-KEPT);
        state.figures = new Map(state.figures).set(deployable, new Map());
        break;
      }
      case 'release.stage.started': {
        const { stage, untilUs, timeUs } = event;
        const next: StageView = {
          ...{ stage, fromUs: timeUs, untilUs },
          endedUs: null,
          outcome: null,
          detail: null,
        };
        changed(state, event, (release) => ({ ...release, stages: [...release.stages, next] }));
        break;
      }
      case 'release.stage.ended':
        changed(state, event, (release) => ended(release, event));
        break;
      case 'release.traffic.shifted':
        state.traffic = new Map(state.traffic).set(event.deployable, event.traffic);
        break;
      case 'release.analysed': {
        const { candidate, stable, verdict } = event;
        changed(state, event, (release) => ({ ...release, analysis: { candidate, stable, verdict } }));
        break;
      }
      case 'release.completed':
        changed(state, event, (release) => ({ ...release, state: 'completed', endedUs: event.timeUs }));
        break;
      case 'release.aborted':
        changed(state, event, (release) => ({
          ...release,
          state: 'aborted',
          endedUs: event.timeUs,
          reason: event.reason,
        }));
        break;
      case 'release.rolled-back':
        changed(state, event, (release) => ({ ...release, state: 'rolled-back' }));
        break;
      default:
    }
    return state;
  },
  fork: (state) => ({ ...state }),
};

function without<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  const next = new Map(map);
  next.delete(key);
  return next;
}
