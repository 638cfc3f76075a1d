import type { Fault } from '../../faults/index.ts';
import {
  elapsedMs,
  type FaultId,
  type InstanceId,
  type RunEvent,
  type RunEventOf,
  type RunTimeUs,
} from '../../kernel/index.ts';

interface OpenFault {
  readonly faultId: FaultId;
  readonly fault: Fault;
  readonly startedUs: RunTimeUs;
}

interface OpenRelease {
  readonly requested: RunEventOf<'release.requested'>;
  readonly deploys: boolean;
  /** It was on its way back. */
  readonly aborted: boolean;
}

/** What a run that goes on after a reload must know of what has been. */
export interface Past {
  add(event: RunEvent): void;
  readonly nextSeq: number;
  readonly lastUs: RunTimeUs;
  readonly paused: boolean;
  /** Instances whose last life has not been said to end. */
  readonly alive: readonly InstanceId[];
  readonly openFaults: readonly OpenFault[];
  /** Faults that the log says will begin. */
  readonly plannedFaults: readonly FaultId[];
  readonly lastFaultNumber: number;
  /** Neither completed nor rolled back. */
  readonly openReleases: readonly OpenRelease[];
  readonly lastReleaseNumber: number;
  /** Faults that were on, with what is left of them. */
  activeFaults(now: RunTimeUs): Fault[];
}

export function pastOf(lastUs: RunTimeUs): Past {
  const alive = new Set<InstanceId>();
  const faults = new Map<FaultId, OpenFault>();
  const planned = new Set<FaultId>();
  let nextSeq = 0;
  let latest = lastUs;
  let paused = false;
  let lastFaultNumber = 0;
  const releases = new Map<string, OpenRelease>();
  let lastReleaseNumber = 0;
  return {
    add(event) {
      nextSeq = event.seq + 1;
      if (event.timeUs > latest) latest = event.timeUs;
      switch (event.type) {
        case 'run.paused':
          paused = true;
          return;
        case 'run.resumed':
          paused = false;
          return;
        case 'instance.started':
          alive.add(event.instance);
          return;
        case 'instance.stopped':
        case 'instance.crashed':
          alive.delete(event.instance);
          return;
        case 'fault.planned':
        case 'fault.started': {
          const { faultId, type } = event;
          if (type === 'fault.planned') planned.add(faultId);
          else planned.delete(faultId);
          if (type === 'fault.started')
            faults.set(faultId, { faultId, fault: event.fault as unknown as Fault, startedUs: event.timeUs });
          lastFaultNumber = Math.max(
            lastFaultNumber,
            Number(faultId.slice(faultId.lastIndexOf('-') + 1)) || 0,
          );
          return;
        }
        case 'release.requested':
          releases.set(event.releaseId, { requested: event, deploys: false, aborted: false });
          lastReleaseNumber = Math.max(lastReleaseNumber, Number(event.releaseId.slice('rel-'.length)) || 0);
          return;
        case 'release.stage.started': {
          const open = releases.get(event.releaseId);
          if (open !== undefined && event.stage === 'deploy')
            releases.set(event.releaseId, { ...open, deploys: true });
          return;
        }
        case 'release.aborted': {
          const open = releases.get(event.releaseId);
          // What was not deployed has nothing to take back.
          if (open?.deploys === true) releases.set(event.releaseId, { ...open, aborted: true });
          else releases.delete(event.releaseId);
          return;
        }
        case 'release.completed':
        case 'release.rolled-back':
          releases.delete(event.releaseId);
          return;
        case 'fault.ended':
          planned.delete(event.faultId);
          faults.delete(event.faultId);
          return;
        default:
      }
    },
    get nextSeq() {
      return nextSeq;
    },
    get lastUs() {
      return latest;
    },
    get paused() {
      return paused;
    },
    get alive() {
      return [...alive];
    },
    get openFaults() {
      return [...faults.values()];
    },
    get plannedFaults() {
      return [...planned];
    },
    get lastFaultNumber() {
      return lastFaultNumber;
    },
    get openReleases() {
      return [...releases.values()];
    },
    get lastReleaseNumber() {
      return lastReleaseNumber;
    },
    activeFaults(now) {
      return [...faults.values()].flatMap(({ fault, startedUs }) => {
        if (fault.kind === 'crash-at' || fault.lengthMs === null) return [fault];
        const lengthMs = fault.lengthMs - elapsedMs(startedUs, now);
        return lengthMs > 0 ? [{ ...fault, lengthMs }] : [];
      });
    },
  };
}
