import {
  type DeployedInstance,
  type Deployment,
  elapsedMs,
  instanceId,
  numberOfInstance,
  type ReleaseFigures,
  type ReleaseSettings,
  type ReleaseStrategy,
  type RunEventPayloads,
  type RunTimeUs,
  type ServiceName,
  type Undo,
  type VersionLabel,
} from '../kernel/index.ts';
import {
  type InstanceCondition,
  judgeCanary,
  nextStep,
  type Phase,
  phasesBack,
  phasesOf,
  type RolloutInstance,
  type RolloutStep,
} from '../patterns/index.ts';
import type { SeenLife } from './versions-seen.ts';

export type RolloutEnd = 'forward' | 'back';
type AbortedBy = RunEventPayloads['release.aborted']['by'];
type Analysis = Pick<
  RunEventPayloads['release.analysed'],
  'candidate' | 'stable' | 'maxErrorRate' | 'verdict'
>;

export interface RolloutPorts {
  readonly deployable: ServiceName;
  readonly strategy: ReleaseStrategy;
  readonly from: VersionLabel;
  readonly to: VersionLabel;
  deployment(): Deployment;
  replicas(): number;
  settings(): ReleaseSettings;
  now(): RunTimeUs;
  schedule(delayMs: number, wake: () => void): Undo;
  /** Those that have not ended. */
  lives(): readonly SeenLife[];
  figuresSince(sinceUs: RunTimeUs): ReadonlyMap<VersionLabel, ReleaseFigures>;
  apply(deployment: Deployment): void;
  shifted(traffic: Deployment['traffic']): void;
  analysed(analysis: Analysis): void;
  goesBack(reason: string, by: AbortedBy): void;
  ended(end: RolloutEnd): void;
}

/** Between two looks at what callers see, and at whether anything moves. */
const LOOK_MS = 500;

/** One deployment on its way, or on its way back. */
export class Rollout {
  readonly #ports: RolloutPorts;
  #phases: readonly Phase[];
  #to: VersionLabel;
  #end: RolloutEnd = 'forward';
  /** When what the phase wants was there; null: it is not yet. */
  #sinceUs: RunTimeUs | null = null;
  #movedUs: RunTimeUs;
  #ready = 0;
  #next: Undo | null = null;
  #over = false;

  constructor(ports: RolloutPorts) {
    this.#ports = ports;
    this.#to = ports.to;
    this.#phases = phasesOf(ports.strategy, ports.replicas(), ports.settings());
    this.#movedUs = ports.now();
  }

  /** Something may have changed: looks in a moment, outside of what has changed it. */
  look(delayMs = 0): void {
    if (this.#over) return;
    this.#next?.();
    this.#next = this.#ports.schedule(delayMs, () => {
      this.#next = null;
      this.#step();
    });
  }

  /** False when it is on its way back already, or when there is no way back any more. */
  goBack(reason: string, by: AbortedBy): boolean {
    const [phase] = this.#phases;
    if (this.#over || this.#end === 'back') return false;
    if (phase?.kind === 'finish') return false;
    this.#end = 'back';
    this.#to = this.#ports.from;
    this.#phases = phasesBack(this.#ports.replicas() === 0 ? 'recreate' : this.#ports.strategy);
    this.#sinceUs = null;
    this.#ready = 0;
    this.#ports.goesBack(reason, by);
    this.look();
    return true;
  }

  #step(): void {
    for (;;) {
      const [phase] = this.#phases;
      if (phase === undefined) break;
      const step = this.#stepOf(phase);
      this.#apply(step);
      // What was there once is not waited for again: an instance that crashes is what callers see of it.
      if (!step.done && this.#sinceUs === null) {
        this.#watchProgress(phase);
        return;
      }
      this.#sinceUs ??= this.#ports.now();
      if (!this.#isPast(phase)) return;
      this.#phases = this.#phases.slice(1);
      this.#sinceUs = null;
      this.#movedUs = this.#ports.now();
    }
    this.#over = true;
    this.#next?.();
    const { instances } = this.#ports.deployment();
    this.#ports.apply({ stable: this.#to, instances, traffic: null });
    this.#ports.ended(this.#end);
  }

  #stepOf(phase: Phase): RolloutStep {
    const { deployable, from } = this.#ports;
    const lives = new Map(this.#ports.lives().map((life) => [life.instance, life]));
    const { instances } = this.#ports.deployment();
    const wanted = instances.map((each): RolloutInstance => {
      const life = lives.get(instanceId(deployable, each.number));
      lives.delete(instanceId(deployable, each.number));
      // A name has one life at a time: the one before may still be leaving.
      const own = life !== undefined && life.version === each.version && life.condition !== 'draining';
      return { ...bare(each), condition: own ? this.#conditionOf(life) : 'down' };
    });
    const leaving = [...lives.values()].map(({ instance, version, condition }) => ({
      number: numberOfInstance(instance),
      version,
      condition,
    }));
    const question = { replicas: this.#ports.replicas(), to: this.#to, wanted, leaving };
    const ready = wanted.filter(
      ({ version, condition }) => version === this.#to && condition === 'ready',
    ).length;
    if (ready > this.#ready) {
      this.#ready = ready;
      this.#movedUs = this.#ports.now();
    }
    return nextStep(phase, question, { from, settings: this.#ports.settings().rolling });
  }

  /** REL-5 */
  #conditionOf({ condition, readyUs, version }: SeenLife): InstanceCondition {
    if (condition !== 'ready' || readyUs === null || version !== this.#to) return condition;
    const { minReadyMs } = this.#ports.settings();
    return elapsedMs(readyUs, this.#ports.now()) >= minReadyMs ? 'ready' : 'starting';
  }

  #apply({ instances, traffic }: RolloutStep): void {
    const before = this.#ports.deployment();
    if (sameInstances(before.instances, instances) && sameTraffic(before.traffic, traffic)) return;
    if (!sameTraffic(before.traffic, traffic)) this.#ports.shifted(traffic);
    if (!sameInstances(before.instances, instances)) this.#movedUs = this.#ports.now();
    this.#ports.apply({ stable: this.#ports.from, instances, traffic });
    // Those that go may be gone at once, and nobody says so.
    this.look();
  }

  /** A phase that does not get what it wants ends the release after a while (REL-9). */
  #watchProgress(phase: Phase): void {
    if (this.#next === null) this.look(LOOK_MS);
    if (this.#end === 'back' || phase.kind === 'finish') return;
    const { progressDeadlineMs } = this.#ports.settings();
    if (elapsedMs(this.#movedUs, this.#ports.now()) < progressDeadlineMs) return;
    this.goBack(`No more instances became ready for ${progressDeadlineMs / 1000} s.`, 'progress-deadline');
  }

  /** Whether a phase that has what it wants is over; otherwise it is looked at again. */
  #isPast(phase: Phase): boolean {
    if (phase.kind === 'recreate' || phase.kind === 'rolling' || phase.analysed === null) return true;
    const { maxErrorRate } = this.#ports.settings().canary;
    const sinceUs = this.#sinceUs ?? this.#ports.now();
    const figures = this.#ports.figuresSince(sinceUs);
    const of = (version: VersionLabel) => figures.get(version) ?? { version, requests: 0, failures: 0 };
    const candidate = of(this.#ports.to);
    const stable = of(this.#ports.from);
    const { lastsMs: stepMs, waitsForRequests } = phase.analysed;
    const { minimumRequests } = this.#ports.settings().canary;
    const verdict = judgeCanary({
      candidate,
      stable,
      elapsedMs: elapsedMs(sinceUs, this.#ports.now()),
      settings: { stepMs, minimumRequests, maxErrorRate, waitsForRequests },
    });
    if (verdict === 'wait') {
      this.look(LOOK_MS);
      return false;
    }
    this.#ports.analysed({ candidate, stable, maxErrorRate, verdict });
    if (verdict === 'go-on') return true;
    const percent = Math.round((100 * candidate.failures) / candidate.requests);
    this.goBack(
      `${candidate.failures} of ${candidate.requests} requests to ${this.#ports.to} failed (${percent} %).`,
      'analysis',
    );
    return false;
  }
}

const bare = ({ number, version }: DeployedInstance): DeployedInstance => ({ number, version });

const sameInstances = (one: readonly DeployedInstance[], other: readonly DeployedInstance[]): boolean =>
  one.length === other.length &&
  one.every(({ number, version }, at) => other[at]?.number === number && other[at]?.version === version);

const sameTraffic = (one: Deployment['traffic'], other: Deployment['traffic']): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
