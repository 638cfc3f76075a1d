import {
  type DeployableService,
  type Deployment,
  type EventDraft,
  type EventId,
  err,
  labelOfModules,
  modulesOf,
  ok,
  type ReleaseSettings,
  type ReleaseStage,
  type ReleaseStrategy,
  type Result,
  type RunEvent,
  type RunSettings,
  type RunTimeUs,
  runTimeUs,
  type ServiceName,
  serviceOf,
  type Undo,
  type VersionLabel,
} from '../kernel/index.ts';
import { undeployed } from '../patterns/index.ts';
import { Rollout, type RolloutEnd } from './rollout-run.ts';
import { VersionsSeen } from './versions-seen.ts';

/** What releases need of a host. */
export interface ReleasePorts {
  /** Of the shop. */
  readonly services: readonly ServiceName[];
  settings(): RunSettings;
  now(): RunTimeUs;
  /** In run time. */
  schedule(delayMs: number, wake: () => void): Undo;
  write(draft: EventDraft, cause?: EventId | null): EventId;
  changeSettings(settings: RunSettings, cause: EventId): void;
  teamOf(service: DeployableService): string;
  /** What of consumers' contracts a version does not keep. */
  contractBreaks(service: DeployableService, version: VersionLabel): readonly { readonly problem: string }[];
  /** The number of the last release that the log knows. */
  readonly lastNumber?: number;
}

export interface ReleaseWish {
  readonly service: DeployableService;
  readonly version: VersionLabel;
  readonly strategy: ReleaseStrategy;
  readonly skipContractCheck: boolean;
}

/** One team's change on its way into the shop. */
interface Change extends ReleaseWish {
  readonly releaseId: string;
  readonly requestedUs: RunTimeUs;
  readonly cause: EventId;
  stage: ReleaseStage;
}

/** What goes the same way at the same time: one change, or all that are on a train. */
interface Delivery {
  readonly deployable: ServiceName;
  changes: readonly Change[];
  next: Undo | null;
  rollout: Rollout | null;
}

type StageOutcome = 'passed' | 'failed' | 'skipped';

/**
 * The run's pipelines, on any host: a service's own, in which its team waits for nobody, or the monolith's one
 * train for the changes of all teams. Build, test and contract check take their time; then instances of the new
 * version take the place of the old (`rollout-run.ts`).
 */
export class Releases {
  readonly #ports: ReleasePorts;
  readonly #seen = new VersionsSeen();
  readonly #deliveries = new Set<Delivery>();
  /** Changes that wait for the next train. */
  #waiting: readonly Change[] = [];
  #departs = false;
  #number: number;

  constructor(ports: ReleasePorts) {
    this.#ports = ports;
    this.#number = ports.lastNumber ?? 0;
  }

  hears(event: RunEvent): void {
    this.#seen.add(event);
    if (this.#deliveries.size === 0) return;
    for (const { rollout, deployable } of this.#deliveries) {
      if (rollout !== null && serviceOf(event.instance) === deployable && LIVES.has(event.type))
        rollout.look();
    }
  }

  /** Whether something of it, or with it, waits or is under way. */
  isReleasing(service: ServiceName): boolean {
    const deployables = [...this.#deliveries].map(({ deployable }) => deployable);
    return deployables.includes(service) || this.#changes().some((change) => change.service === service);
  }

  /** The new release's id, or why it cannot begin. */
  start(wish: ReleaseWish): Result<string, string> {
    const { service, version } = wish;
    const deployable = this.#deployableOf(service);
    if (deployable === null) return err(`this shop has no ${service} to release.`);
    if (this.#changes().some((change) => change.service === service))
      return err(`a release of ${service} is under way: wait, or abort it.`);
    const before = this.#runningVersion(service, deployable);
    if (before === version) return err(`${service} runs ${version} already.`);
    this.#number += 1;
    const releaseId = `rel-${this.#number}`;
    const cause = this.#ports.write({
      type: 'release.requested',
      releaseId,
      of: service,
      deployable,
      version,
      before,
      team: this.#ports.teamOf(service),
      strategy: wish.strategy,
      skipContractCheck: wish.skipContractCheck,
    });
    const change: Change = { ...wish, releaseId, requestedUs: this.#ports.now(), cause, stage: 'queue' };
    if (deployable === service) this.#runPipeline(deployable, [change]);
    else this.#wait(change);
    return ok(releaseId);
  }

  /** False when none is under way. */
  abort(service: DeployableService): boolean {
    const waiting = this.#waiting.find((change) => change.service === service);
    const reason = 'It was aborted by hand.';
    if (waiting !== undefined) {
      this.#waiting = this.#waiting.filter((change) => change !== waiting);
      this.#end(waiting, 'failed', reason);
      this.#aborted(waiting, reason, 'hand');
      return true;
    }
    const delivery = [...this.#deliveries].find(({ changes }) =>
      changes.some((change) => change.service === service),
    );
    if (delivery === undefined) return false;
    if (delivery.rollout !== null) return delivery.rollout.goBack(reason, 'hand');
    this.#derail(delivery, service, reason, 'hand');
    return true;
  }

  #changes(): readonly Change[] {
    return [...this.#waiting, ...[...this.#deliveries].flatMap(({ changes }) => changes)];
  }

  #deployableOf(service: DeployableService): ServiceName | null {
    const { services } = this.#ports;
    return services.includes(service) ? service : services.includes('monolith') ? 'monolith' : null;
  }

  #deploymentOf(deployable: ServiceName): Deployment {
    const { deployments, services } = this.#ports.settings();
    return deployments[deployable] ?? undeployed(services[deployable].instances);
  }

  #runningVersion(service: DeployableService, deployable: ServiceName): VersionLabel {
    const { stable } = this.#deploymentOf(deployable);
    return deployable === service ? stable : (modulesOf(stable)[service] ?? 'v1');
  }

  // The train.

  /** It leaves at each full period of the run, when somebody waits and no other is on its way. */
  #wait(change: Change): void {
    this.#waiting = [...this.#waiting, change];
    this.#begin(change, 'queue', this.#nextDeparture());
    if (!this.#departs) this.#scheduleDeparture();
  }

  #nextDeparture(): RunTimeUs {
    const periodUs = this.#ports.settings().releases.train.everyMs * 1000;
    return runTimeUs((Math.floor(this.#ports.now() / periodUs) + 1) * periodUs);
  }

  #scheduleDeparture(): void {
    this.#departs = true;
    const delayMs = (this.#nextDeparture() - this.#ports.now()) / 1000;
    this.#ports.schedule(delayMs, () => {
      this.#departs = false;
      if (this.#waiting.length === 0) return;
      const busy = [...this.#deliveries].some(({ deployable }) => deployable === 'monolith');
      if (busy) {
        this.#scheduleDeparture();
        return;
      }
      const changes = this.#waiting;
      this.#waiting = [];
      for (const change of changes) this.#end(change, 'passed', null);
      this.#runPipeline('monolith', changes);
    });
  }

  // The stages.

  #runPipeline(deployable: ServiceName, changes: readonly Change[]): void {
    const delivery: Delivery = { deployable, changes, next: null, rollout: null };
    this.#deliveries.add(delivery);
    this.#build(delivery);
  }

  #timesOf({ deployable }: Delivery): ReleaseSettings['pipeline'] {
    const { releases } = this.#ports.settings();
    return deployable === 'monolith' ? releases.train : releases.pipeline;
  }

  #build(delivery: Delivery): void {
    this.#stage(delivery, 'build', this.#timesOf(delivery).buildMs, () => {
      // In one program a change that others cannot live with does not compile; nobody can skip that.
      const broken = delivery.deployable === 'monolith' ? this.#firstBroken(delivery) : null;
      if (broken === null) {
        this.#pass(delivery, 'passed');
        this.#test(delivery);
      } else this.#derail(delivery, broken.change.service, `It does not compile: ${broken.detail}`, 'check');
    });
  }

  #test(delivery: Delivery): void {
    this.#stage(delivery, 'test', this.#timesOf(delivery).testMs, () => {
      this.#pass(delivery, 'passed');
      this.#checkContracts(delivery);
    });
  }

  #checkContracts(delivery: Delivery): void {
    const [change] = delivery.changes;
    // The compiler has looked already.
    if (delivery.deployable === 'monolith' || change === undefined) {
      this.#deploy(delivery);
    } else if (change.skipContractCheck) {
      this.#stage(delivery, 'contract-check', 0, () => {
        this.#pass(delivery, 'skipped');
        this.#deploy(delivery);
      });
    } else {
      this.#stage(delivery, 'contract-check', this.#timesOf(delivery).contractCheckMs, () => {
        const broken = this.#firstBroken(delivery);
        if (broken === null) {
          this.#pass(delivery, 'passed');
          this.#deploy(delivery);
        } else this.#derail(delivery, change.service, broken.detail, 'check');
      });
    }
  }

  #firstBroken({ changes }: Delivery): { readonly change: Change; readonly detail: string } | null {
    for (const change of changes) {
      const breaks = this.#ports.contractBreaks(change.service, change.version);
      if (breaks.length > 0) return { change, detail: breaks.map(({ problem }) => problem).join(' ') };
    }
    return null;
  }

  #deploy(delivery: Delivery): void {
    const { deployable, changes } = delivery;
    const [first] = changes;
    if (first === undefined) return;
    const { stable } = this.#deploymentOf(deployable);
    const to =
      deployable === 'monolith'
        ? labelOfModules({
            ...modulesOf(stable),
            ...Object.fromEntries(changes.map(({ service, version }) => [service, version])),
          })
        : first.version;
    for (const change of changes) this.#begin(change, 'deploy', null);
    const about = (change: Change) => ({
      releaseId: change.releaseId,
      of: change.service,
      deployable,
    });
    delivery.rollout = new Rollout({
      deployable,
      strategy: first.strategy,
      from: stable,
      to,
      deployment: () => this.#deploymentOf(deployable),
      replicas: () => this.#ports.settings().services[deployable].instances,
      settings: () => this.#ports.settings().releases,
      now: () => this.#ports.now(),
      schedule: (delayMs, wake) => this.#ports.schedule(delayMs, wake),
      lives: () => this.#seen.livesOf(deployable),
      figuresSince: (sinceUs) => this.#seen.figuresOf(deployable, sinceUs),
      apply: (deployment) => this.#apply(deployable, deployment, first.cause),
      shifted: (traffic) => {
        for (const change of changes)
          this.#ports.write({ type: 'release.traffic.shifted', ...about(change), traffic }, change.cause);
      },
      analysed: (analysis) => {
        for (const change of changes)
          this.#ports.write({ type: 'release.analysed', ...about(change), ...analysis }, change.cause);
      },
      goesBack: (reason, by) => {
        for (const change of changes) {
          this.#end(change, 'failed', reason);
          this.#aborted(change, reason, by);
        }
      },
      ended: (end) => this.#deployed(delivery, end),
    });
    this.#seen.watch(deployable);
    delivery.rollout.look();
  }

  #apply(deployable: ServiceName, deployment: Deployment, cause: EventId): void {
    const settings = this.#ports.settings();
    const deployments = { ...settings.deployments, [deployable]: deployment };
    this.#ports.changeSettings({ ...settings, deployments }, cause);
  }

  #deployed(delivery: Delivery, end: RolloutEnd): void {
    this.#deliveries.delete(delivery);
    this.#seen.forget(delivery.deployable);
    for (const change of delivery.changes) {
      const { releaseId, service: of, version, requestedUs, cause } = change;
      const about = { releaseId, of, deployable: delivery.deployable };
      if (end === 'back') {
        this.#ports.write({ type: 'release.rolled-back', ...about, version }, cause);
        continue;
      }
      this.#end(change, 'passed', null);
      const leadTimeMs = (this.#ports.now() - requestedUs) / 1000;
      this.#ports.write({ type: 'release.completed', ...about, version, leadTimeMs }, cause);
    }
  }

  /** One change is out; those who were on the same train wait for the next. */
  #derail(delivery: Delivery, service: DeployableService, reason: string, by: 'hand' | 'check'): void {
    delivery.next?.();
    this.#deliveries.delete(delivery);
    for (const change of delivery.changes) {
      if (change.service === service) {
        this.#end(change, 'failed', reason);
        this.#aborted(change, reason, by);
      } else {
        this.#end(change, 'failed', `The train was stopped by ${service}.`);
        this.#wait(change);
      }
    }
  }

  #stage(delivery: Delivery, stage: ReleaseStage, lastsMs: number, then: () => void): void {
    const untilUs = runTimeUs(this.#ports.now() + lastsMs * 1000);
    for (const change of delivery.changes) this.#begin(change, stage, untilUs);
    delivery.next = this.#ports.schedule(lastsMs, () => {
      delivery.next = null;
      then();
    });
  }

  #pass({ changes }: Delivery, outcome: StageOutcome): void {
    for (const change of changes) this.#end(change, outcome, null);
  }

  #about({ releaseId, service }: Change) {
    return { releaseId, of: service, deployable: this.#deployableOf(service) ?? service };
  }

  #begin(change: Change, stage: ReleaseStage, untilUs: RunTimeUs | null): void {
    change.stage = stage;
    this.#ports.write(
      { type: 'release.stage.started', ...this.#about(change), stage, untilUs },
      change.cause,
    );
  }

  #end(change: Change, outcome: StageOutcome, detail: string | null): void {
    const { stage, cause } = change;
    this.#ports.write({ type: 'release.stage.ended', ...this.#about(change), stage, outcome, detail }, cause);
  }

  #aborted(change: Change, reason: string, by: Extract<RunEvent, { type: 'release.aborted' }>['by']): void {
    const { version, cause } = change;
    this.#ports.write({ type: 'release.aborted', ...this.#about(change), version, reason, by }, cause);
  }
}

const LIVES: ReadonlySet<RunEvent['type']> = new Set([
  'instance.started',
  'instance.ready',
  'instance.draining',
  'instance.stopped',
  'instance.crashed',
] as const);
