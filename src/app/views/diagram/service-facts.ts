import type { ServiceName } from '../../../kernel/index.ts';
import { faultBadgeWord, serviceLoad, serviceOfTarget } from '../../../projections/index.ts';
import type { RunState } from '../../state/run-store.ts';

/** What a node shows, flat, so that an unchanged node is not rendered again. */
export interface ServiceFacts {
  readonly state: 'ready' | 'starting' | 'down' | 'partly-down' | 'hung' | 'none' | 'unknown';
  readonly instances: number;
  readonly ready: number;
  readonly starting: number;
  readonly draining: number;
  readonly slotsUsed: number;
  readonly slots: number;
  readonly queued: number;
  readonly fault: string | null;
  readonly faultLeftS: number | null;
  readonly faults: number;
  /** Its database has committed a moment ago. */
  readonly flash: boolean;
}

/** Two ticks of the page, so that none is missed. An animation would repaint the page at every frame. */
const FLASH_US = 400_000;

export function serviceFacts(state: RunState, service: ServiceName): ServiceFacts {
  const { projections, nowUs } = state;
  const load = serviceLoad(projections.topology, service);
  let fault: string | null = null;
  let endsUs: number | null = null;
  let faults = 0;
  for (const view of projections.faults.byId.values()) {
    const { target } = view.description;
    if (view.endedUs !== null || target?.kind === 'edge' || serviceOfTarget(target) !== service) continue;
    fault = faultBadgeWord(view.description);
    endsUs = view.endsUs;
    faults += 1;
  }
  const lastCommitUs = projections.data.byService.get(service)?.lastCommitUs ?? null;
  const settings = projections.facts.settings?.services[service];
  const down = load.instances > 0 && load.ready === 0 && load.starting === 0 && load.hung === 0;
  return {
    state:
      load.instances === 0
        ? settings?.instances === 0
          ? 'none'
          : 'unknown'
        : down
          ? 'down'
          : load.hung > 0
            ? 'hung'
            : load.crashed > 0
              ? 'partly-down'
              : load.ready === 0
                ? 'starting'
                : 'ready',
    instances: Math.max(load.instances, settings?.instances ?? 1),
    ready: load.ready,
    starting: load.starting,
    draining: load.draining,
    slotsUsed: load.slotsUsed,
    slots:
      load.slots > 0
        ? load.slots + load.unheard * (settings?.requestSlots ?? 0)
        : (settings?.requestSlots ?? 0) * (settings?.instances ?? 1),
    queued: load.queued,
    fault,
    faultLeftS: endsUs === null ? null : Math.max(0, Math.ceil((endsUs - nowUs) / 1_000_000)),
    faults,
    flash: lastCommitUs !== null && nowUs - lastCommitUs < FLASH_US,
  };
}

/** Who of it comes and goes; null: nobody, or all of it starts. */
export function changingWord({ state, starting, draining }: ServiceFacts): string | null {
  if (draining > 0) return `${draining} draining`;
  return starting > 0 && state !== 'starting' ? `${starting} starting` : null;
}

/** The same for people who listen. */
export function serviceSentence(title: string, facts: ServiceFacts): string {
  const parts = [title];
  if (facts.state === 'down') parts.push('down');
  else if (facts.state === 'starting') parts.push('starting');
  else if (facts.state === 'hung') parts.push('hangs');
  else if (facts.state === 'partly-down')
    parts.push(`${facts.instances - facts.ready} of ${facts.instances} instances down`);
  else if (facts.state === 'none') parts.push('scaled to none');
  if (facts.instances > 1) parts.push(`${facts.instances} instances`);
  const changing = changingWord(facts);
  if (changing !== null) parts.push(changing);
  if (facts.slots > 0) parts.push(`${facts.slotsUsed} of ${facts.slots} request slots in use`);
  if (facts.queued > 0) parts.push(`${facts.queued} waiting`);
  if (facts.fault !== null) parts.push(`fault: ${facts.fault}`);
  return parts.join(', ');
}
