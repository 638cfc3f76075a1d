import type {
  InstanceId,
  InstanceState,
  RegistrySettings,
  RenewalFigures,
  ServiceName,
} from '../kernel/index.ts';
import type { CopyView, Discovery, ListedView } from './discovery.ts';
import type { InstanceView, Topology } from './topology.ts';

/** How what is believed of an instance fits what is so. */
export type Verdict =
  | 'agrees'
  /** Believed, and dead or not ready. */
  | 'stale'
  /** Ready, and not believed. */
  | 'unknown';

/** One instance as a caller sees it. */
export interface BeliefView {
  readonly instance: InstanceId;
  readonly believed: boolean;
  readonly isListed: boolean;
  /** null: the log has not told of it. */
  readonly state: InstanceState | null;
  readonly passedOver: boolean;
  readonly verdict: Verdict;
}

/** What one caller believes of one service that it calls. */
export interface BeliefRow {
  readonly copy: CopyView;
  readonly callee: ServiceName;
  readonly beliefs: readonly BeliefView[];
}

/** A row of the registry's list beside what is so; without a row: alive, and not listed. */
export interface RegisteredView {
  readonly instance: InstanceId;
  readonly listed: ListedView | null;
  readonly state: InstanceState | null;
  readonly verdict: Verdict;
}

interface Sources {
  readonly discovery: Discovery;
  readonly topology: Topology;
}

/** Those who take requests. */
const isUp = (view: InstanceView | undefined): boolean =>
  view?.state === 'ready' || view?.state === 'draining';

const verdictOf = (believed: boolean, up: boolean): Verdict =>
  believed === up ? 'agrees' : believed ? 'stale' : 'unknown';

const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** A lease that is over counts only where the registry keeps it. */
const isShown = (
  row: ListedView | undefined,
  nowUs: number,
  settings: RegistrySettings | undefined,
): row is ListedView =>
  row !== undefined && (row.leaseUntilUs > nowUs || (settings?.selfPreservation ?? null) !== null);

/** Each caller, and each service that it calls: what its copy holds against what is so. */
export function beliefRows(
  { discovery, topology }: Sources,
  nowUs: number,
  settings: RegistrySettings | undefined,
): BeliefRow[] {
  const copies = [...discovery.copies.values()].sort((a, b) => byName(a.caller, b.caller));
  return copies.flatMap((copy) =>
    Object.entries(copy.known).map(([name, known]): BeliefRow => {
      const callee = name as ServiceName;
      const ready = [...topology.instances.values()].filter((view) => view.service === callee && isUp(view));
      const all = new Set([...known, ...ready.map(({ instance }) => instance)]);
      const beliefs = [...all].sort(byName).map((instance): BeliefView => {
        const view = topology.instances.get(instance);
        const believed = known.includes(instance);
        return {
          instance,
          believed,
          isListed: isShown(discovery.listed.get(instance), nowUs, settings),
          state: view?.state ?? null,
          passedOver: believed && copy.passedOver.includes(instance),
          verdict: verdictOf(believed, isUp(view)),
        };
      });
      return { copy, callee, beliefs };
    }),
  );
}

/** Who is listed, and who should be: each instance that some caller looks for. */
export function registeredRows(
  { discovery, topology }: Sources,
  nowUs: number,
  settings: RegistrySettings | undefined,
): RegisteredView[] {
  const registers = new Set([...discovery.listed.values()].map(({ service }) => service));
  for (const { known } of discovery.copies.values())
    for (const name of Object.keys(known)) registers.add(name as ServiceName);
  const alive = [...topology.instances.values()].filter((view) => registers.has(view.service) && isUp(view));
  const all = new Set([...discovery.listed.keys(), ...alive.map(({ instance }) => instance)]);
  return [...all].sort(byName).flatMap((instance) => {
    const row = discovery.listed.get(instance);
    const listed = isShown(row, nowUs, settings) ? row : null;
    const view = topology.instances.get(instance);
    if (listed === null && !isUp(view)) return [];
    return [
      { instance, listed, state: view?.state ?? null, verdict: verdictOf(listed !== null, isUp(view)) },
    ];
  });
}

export interface PreservationView extends RenewalFigures {
  /** `counting`: enough renew, or nobody is overdue; `too-few`: nobody would be evicted now; `keeping`: somebody is kept. */
  readonly state: 'counting' | 'too-few' | 'keeping';
  /** So far in this window. */
  readonly soFar: number;
  /** How much of this window is over. */
  readonly windowMs: number;
  readonly windowPassedMs: number;
}

/** Self-preservation as it is at this moment (DISC-13, DISC-14); null: it is off, or has nothing to count yet. */
export function preservationView(
  { discovery: { listed, renewals, keeping } }: Pick<Sources, 'discovery'>,
  nowUs: number,
  settings: RegistrySettings | undefined,
): PreservationView | null {
  const share = settings?.selfPreservation?.renewalShare;
  if (settings === undefined || share === undefined || renewals === null) return null;
  const windowMs = 2 * settings.heartbeatMs;
  const passed = Math.max(0, Math.floor((nowUs - renewals.sinceUs) / (windowMs * 1000)));
  const last = passed === 0 ? renewals.lastRenewals : passed === 1 ? renewals.renewals : 0;
  const expected = 2 * listed.size;
  const threshold = Math.floor(expected * share);
  return {
    state: keeping !== null ? 'keeping' : share > 0 && last <= threshold ? 'too-few' : 'counting',
    renewals: last,
    expected,
    threshold,
    soFar: passed === 0 ? renewals.renewals : 0,
    windowMs,
    windowPassedMs: (nowUs - renewals.sinceUs) / 1000 - passed * windowMs,
  };
}
