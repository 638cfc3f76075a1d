import {
  Autoscaler,
  type Composition,
  type CompositionName,
  compositions,
  InstanceRoster,
  instancesOf,
  Releases,
  ShopOpening,
  withInstances,
} from '../../compositions/index.ts';
import type { Fault, ScheduledFault } from '../../faults/index.ts';
import {
  type CrashReason,
  type CryptoPort,
  type DeployableService,
  type EventId,
  type FaultId,
  type InstanceId,
  type Json,
  nobleCrypto,
  numberOfInstance,
  plusMs,
  type Result,
  RUN_START,
  type RunEvent,
  type RunSettings,
  runTimeUs,
  type ServiceDefinition,
  type ServiceName,
  serviceOf,
  versionOf,
} from '../../kernel/index.ts';
import { LogHash, textHash } from '../../run-log/index.ts';
import {
  type CommandedRun,
  type CommandResult,
  type ControlOutcome,
  executeCommand,
  misplacedFault,
  type ReleaseRequest,
  type RunCommand,
  type Setup,
  VERSION_CATALOGUE,
} from '../../setups/index.ts';
import { memoisedCrypto } from './memoised-crypto.ts';
import { type CodeChoice, codeChosenBy, codeOf, ServiceCode } from './service-code.ts';
import { VirtualHost } from './virtual-host.ts';
import type { Pump, Turn, VirtualTime } from './virtual-time.ts';

/** What a person did in a run, and when (ms of run time). */
export interface ScheduledCommand {
  readonly atMs: number;
  readonly command: RunCommand;
}

export interface LabOptions {
  readonly setup: Setup;
  /** In place of the setup's. */
  readonly seed?: number;
  /** In place of the setup's. */
  readonly composition?: CompositionName;
  readonly pump?: Pump;
  readonly turn: Turn;
  readonly commands?: readonly ScheduledCommand[];
  /** Hears each event as it is written. */
  readonly wrote?: (event: RunEvent) => void;
}

/** A signal as `AbortController` gives it. */
export interface StopSignal {
  readonly aborted: boolean;
}

/** Not sooner, so that a seed's customers come at the same moments to the services and to the monolith. */
const OPENS_AT_MS = 2000;
/** How long customers wait for the services to find each other, in run time. */
const OPEN_WITHIN_MS = 16_000;
/** How long a command may take to be answered, in run time. */
const ANSWER_WITHIN_MS = 600_000;
const NO_HOP: RunSettings['hop'] = { meanMs: 0, spread: 0 };
/** Shared by all runs of this thread. */
const labCrypto: CryptoPort = memoisedCrypto(nobleCrypto);

/**
 * One run of the shop in the Lab: its setup, its seed and what was commanded when decide every event of
 * its log. It opens as the live shop does: without hops until the services have found each other; then
 * the customers come, and the faults are armed.
 */
export class LabRun implements CommandedRun {
  readonly setup: Setup;
  readonly seed: number;
  readonly #host: VirtualHost;
  readonly #composition: Composition;
  readonly #code: ServiceCode;
  readonly #opening: ShopOpening;
  readonly #roster: InstanceRoster;
  readonly #autoscaler: Autoscaler;
  readonly #releases: Releases;
  #isOpen = false;
  #armed = false;
  readonly #made: ScheduledCommand[] = [];
  readonly #planned = new Set<ScheduledCommand>();
  readonly #hash = new LogHash();
  #toArm: readonly ScheduledFault[];

  /** Loads the services. Nothing has happened yet: the clock stands at 0:00. Throws when a fault of the setup sits where nobody is. */
  static async create(options: LabOptions): Promise<LabRun> {
    const { composition, load } = compositions[options.composition ?? options.setup.composition];
    const code = new ServiceCode(load);
    await code.load(composition.services, codeOf(options.setup.settings));
    const run = new LabRun(options, composition, code);
    await run.prepare(options.commands ?? []);
    return run;
  }

  private constructor(options: LabOptions, composition: Composition, code: ServiceCode) {
    const { setup } = options;
    this.setup = setup;
    this.seed = options.seed ?? setup.seed;
    this.#composition = composition;
    this.#code = code;
    this.#opening = new ShopOpening(composition.lookUps);
    this.#toArm = setup.faults;
    const instances = instancesOf(composition, setup.settings);
    setup.faults.forEach(({ fault }, index) => {
      const place = { services: composition.services, instances };
      const refusal = misplacedFault(fault, place, `faults[${index}].fault`);
      if (refusal !== null) throw new Error(`The setup cannot be started: ${refusal.message}`);
    });
    this.#host = new VirtualHost({
      pump: options.pump ?? 'counting',
      turn: options.turn,
      seed: this.seed,
      settings: setup.settings,
      crypto: labCrypto,
      wanted: () => this.instances(),
      ended: (instance) => this.#roster.ended(instance),
      // A shop that opens has had its time to get warm.
      cold: () => this.#isOpen,
      wrote: (event) => {
        this.#opens(event);
        this.#autoscaler.hears(event);
        this.#releases.hears(event);
        options.wrote?.(event);
      },
    });
    this.#roster = new InstanceRoster({
      runs: (instance) => this.#host.isUp(instance),
      start: (instance) => this.#host.start(instance),
      drain: (instance) => this.#host.drain(instance),
      stop: (instance) => this.#host.stop(instance),
      dismissed: (instance) => this.#host.write({ type: 'instance.stopped' }, { instance }),
      heldDown: (instance) => {
        // Whoever starts it, the fault at its end or the roster now, finds it there.
        this.#add(instance);
        return this.faults.instanceAdded(instance);
      },
      limitMs: () => this.#host.settings.drain.limitMs,
      schedule: (delayMs, wake) => this.#host.time.schedule(delayMs, wake),
    });
    this.#autoscaler = new Autoscaler({
      services: composition.services,
      settings: () => this.#host.settings,
      now: () => this.#host.time.nowUs,
      schedule: (delayMs, wake) => this.#host.time.schedule(delayMs, wake),
      write: (draft) => this.#host.write(draft),
      scale: (service, instances, cause) => {
        if (!this.#releases.isReleasing(service))
          this.#changeSettings(withInstances(this.#host.settings, service, instances), cause);
      },
    });
    this.#releases = new Releases({
      services: composition.services,
      settings: () => this.#host.settings,
      now: () => this.#host.time.nowUs,
      schedule: (delayMs, wake) => this.#host.time.schedule(delayMs, wake),
      write: (draft, cause) => this.#host.write(draft, { cause: cause ?? null }),
      changeSettings: (settings, cause) => this.#changeSettings(settings, cause),
      teamOf: (service) => VERSION_CATALOGUE[service].team,
      contractBreaks: (service, version) => this.#code.contractCheck(service, version),
    });
    this.#autoscaler.settingsChanged();
    this.#host.write({
      type: 'run.started',
      seed: this.seed,
      composition: composition.name,
      host: 'virtual',
      setup: setup.name,
    });
    this.#host.write({ type: 'run.settings.changed', settings: setup.settings as unknown as Json });
    this.#host.setHop(NO_HOP);
    for (const instance of instances) this.#add(instance);
    // In an event of its own, so that making a run does nothing yet.
    this.#host.time.schedule(0, () => {
      for (const instance of instances) if (serviceOf(instance) !== 'customers') this.#host.start(instance);
    });
    this.#host.time.schedule(OPEN_WITHIN_MS, () => this.#open());
    this.plan(options.commands ?? []);
  }

  get events(): readonly RunEvent[] {
    return this.#host.events;
  }

  get nowMs(): number {
    return this.#host.time.nowUs / 1000;
  }

  get time(): Pick<VirtualTime, 'nowUs' | 'advances' | 'holdForExternal' | 'turned'> {
    return this.#host.time;
  }

  get settings(): RunSettings {
    return this.#host.settings;
  }

  get services(): readonly ServiceName[] {
    return this.#composition.services;
  }

  get faults(): VirtualHost['faults'] {
    return this.#host.faults;
  }

  /** All that the settings ask for, up or down, and those that are still taking their leave. */
  instances(): readonly InstanceId[] {
    return [...new Set([...this.#wanted(), ...this.draining])];
  }

  get draining(): readonly InstanceId[] {
    return this.#roster.draining;
  }

  isReleasing(service: ServiceName): boolean {
    return this.#releases.isReleasing(service);
  }

  startRelease(request: ReleaseRequest): Result<string, string> {
    return this.#releases.start(request);
  }

  abortRelease(service: DeployableService): boolean {
    return this.#releases.abort(service);
  }

  /** See `InstanceRoster`. */
  startInstance(instance: InstanceId): void {
    this.#roster.startInstance(instance);
  }

  /** See `InstanceRoster`. */
  drainInstance(instance: InstanceId): void {
    this.#roster.drainInstance(instance);
  }

  isUp(instance: InstanceId): boolean {
    return this.#host.isUp(instance);
  }

  /** Lets everything happen up to and with `atMs` of run time; a signal stops it between two events. */
  async advanceTo(atMs: number, { signal }: { readonly signal?: StopSignal } = {}): Promise<void> {
    const until = runTimeUs(atMs * 1000);
    const end = await this.#host.time.run(until, () => signal?.aborted === true);
    if (end !== 'done') this.#host.time.standAt(until);
  }

  /** Goes on until `done()` holds between two events; false when that takes longer than until `atMostMs` of run time. */
  async advanceUntil(done: () => boolean, atMostMs: number): Promise<boolean> {
    return (await this.#host.time.run(runTimeUs(atMostMs * 1000), done)) === 'done';
  }

  /**
   * Does a command now, and keeps it, so that the run can be had again. One that has to be answered lets
   * the clock go on until it is, unless somebody else does so already.
   */
  async command(command: unknown): Promise<CommandResult> {
    const { time } = this.#host;
    const missing = this.#missing(command);
    if (missing !== null) await this.#loadCode(missing);
    let result: CommandResult | null = null;
    // awaited elsewhere: by the clock, which goes on until it has settled
    const executed = this.#execute(command).then((given) => {
      result = given;
    });
    await time.turned();
    if (result === null && !time.isDriven) {
      await time.run(plusMs(time.nowUs, ANSWER_WITHIN_MS), () => result !== null);
    }
    if (result === null && !time.isDriven) {
      const waited = `nobody answered within ${ANSWER_WITHIN_MS / 1000} s of run time`;
      return { ok: false, error: { message: waited } };
    }
    await executed;
    return result ?? { ok: false, error: { message: 'the run ended before it was answered' } };
  }

  /**
   * Does a command now, as `command`, but leaves the clock alone: one that has to be answered is answered when
   * others let it go on.
   */
  async begin(command: unknown): Promise<CommandResult> {
    const missing = this.#missing(command);
    if (missing !== null) await this.#loadCode(missing);
    return await this.#execute(command);
  }

  /** Loads the code that commands to come will choose: within the run, nothing can be waited for that is outside it. */
  async prepare(commands: readonly ScheduledCommand[]): Promise<void> {
    for (const { command } of commands) {
      const missing = this.#missing(command);
      if (missing !== null) await this.#loadCode(missing);
    }
  }

  /** Lets commands be done at moments to come, after everything else of those moments. `prepare` them first. */
  plan(commands: readonly ScheduledCommand[]): void {
    for (const planned of commands) {
      this.#planned.add(planned);
      this.#host.time.scheduleLast(runTimeUs(planned.atMs * 1000), () => {
        this.#planned.delete(planned);
        // awaited elsewhere: nowhere, its effects are what is wanted
        void this.#execute(planned.command);
      });
    }
  }

  /** What was commanded or is to be, and when. */
  get commands(): readonly ScheduledCommand[] {
    return [...this.#made, ...this.#planned];
  }

  /** As the live run's `crash`. */
  crash(instance: InstanceId, reason: CrashReason): boolean {
    return this.#host.crash(instance, reason);
  }

  restart(instance: InstanceId): void {
    this.#host.stop(instance);
    this.#host.start(instance);
  }

  changeSettings(settings: RunSettings): void {
    this.#changeSettings(settings, null);
  }

  #changeSettings(settings: RunSettings, cause: EventId | null): void {
    const before = this.#wanted();
    this.#host.write({ type: 'run.settings.changed', settings: settings as unknown as Json }, { cause });
    this.#host.changeSettings(settings);
    for (const instance of this.#host.instances) {
      this.#host.replace(instance, this.#codeOf(instance, settings));
    }
    this.#autoscaler.settingsChanged();
    this.#roster.changed(before, this.#wanted());
  }

  commanded(command: RunCommand): void {
    this.#made.push({ atMs: this.nowMs, command });
    this.#host.write({ type: 'run.commanded', command: command as unknown as Json });
  }

  async control(instance: InstanceId, command: Json): Promise<ControlOutcome> {
    return await new Promise((resolve) => {
      this.#host.control(instance, command, (outcome) => {
        // Promises of the outside wait for it: the clock stands until they have all settled.
        const over = this.#host.time.holdForExternal();
        resolve(outcome.ok ? outcome : { ok: false, message: messageOf(outcome.error) });
        // awaited elsewhere: by the clock, which stands until then
        void this.#host.time.turned().then(over);
      });
    });
  }

  addFault(fault: Fault): FaultId {
    return this.faults.add(fault);
  }

  scheduleFault(scheduled: ScheduledFault): FaultId {
    return this.faults.schedule(scheduled);
  }

  clearFault(id: FaultId): boolean {
    return this.faults.clear(id);
  }

  clearAllFaults(): void {
    this.#toArm = [];
    this.faults.clearAll();
  }

  remembered(): Promise<void> {
    return Promise.resolve();
  }

  heldDownBy(instance: InstanceId): FaultId | null {
    return this.faults.heldDownBy(instance);
  }

  /** Who advances the run decides when it rests; nothing of that is part of the run. */
  setPausedByUser(): void {}

  setSpeed(): void {}

  /** Every database's tables, rows in key order. */
  tables(): Record<ServiceName, Record<string, readonly Json[]>> {
    return this.#host.tables();
  }

  /** Of all events so far. */
  logHash(): string {
    this.#hash.add(this.events);
    return this.#hash.digest();
  }

  /** Of all that decides what happens next and can be seen from outside: the log, the databases, the clock and what it waits for. */
  stateHash(): string {
    const { time } = this.#host;
    return textHash(JSON.stringify([this.logHash(), this.tables(), time.nowUs, time.toCome()]));
  }

  #wanted(): readonly InstanceId[] {
    return instancesOf(this.#composition, this.#host.settings);
  }

  #add(instance: InstanceId): void {
    if (this.#host.has(instance)) return;
    this.#host.add(this.#codeOf(instance, this.#host.settings), numberOfInstance(instance));
  }

  #codeOf(instance: InstanceId, settings: RunSettings): ServiceDefinition {
    const service = serviceOf(instance);
    return this.#code.of(service, settings, versionOf(settings.deployments, service, instance));
  }

  /** Null when all that a command will choose is loaded. */
  #missing(command: unknown): CodeChoice | null {
    const chosen = codeChosenBy(command, this.#host.settings);
    return chosen === null || this.#code.has(this.#composition.services, chosen) ? null : chosen;
  }

  async #loadCode(chosen: CodeChoice): Promise<void> {
    const over = this.#host.time.holdForExternal();
    try {
      await this.#code.load(this.#composition.services, chosen);
    } finally {
      over();
    }
  }

  async #execute(command: unknown): Promise<CommandResult> {
    try {
      return await executeCommand(this, command);
    } catch (error) {
      return { ok: false, error: { message: messageOf(error) } };
    }
  }

  #opens(event: RunEvent): void {
    if (this.#armed) return;
    if (!this.#isOpen) {
      if (event.type !== 'discovery.refreshed' && event.type !== 'instance.ready') return;
      this.#opening.add(event);
      this.#host.time.schedule(0, () => {
        const shop = this.instances().filter((instance) => serviceOf(instance) !== 'customers');
        const ready = shop.every((instance) => this.#host.isReady(instance));
        if (!ready || !this.#opening.isOpenFor(shop)) return;
        this.#host.time.schedule(Math.max(0, OPENS_AT_MS - this.nowMs), () => this.#open());
      });
    } else if (event.type === 'instance.ready' && serviceOf(event.instance) === 'customers') {
      this.#host.time.schedule(0, () => this.#arm());
    }
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#host.setHop(null);
    for (const instance of this.instances())
      if (serviceOf(instance) === 'customers') this.#host.start(instance);
  }

  /** What crashes an instance while the shop opens would only keep it shut. */
  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.faults.arm(this.#toArm.filter(({ atMs }) => plusMs(RUN_START, atMs) > this.#host.time.nowUs));
    for (const due of this.#toArm) {
      if (plusMs(RUN_START, due.atMs) <= this.#host.time.nowUs) this.faults.addDue(due);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
