import {
  Autoscaler,
  type Composition,
  type ContractCheck,
  entryOf,
  InstanceRoster,
  instancesOf,
  loadContractCheck,
  Releases,
  withInstances,
} from '../../compositions/index.ts';
import {
  type Fault,
  FaultSchedule,
  faultyNetwork,
  hasSides,
  type ScheduledFault,
  sitsAt,
  sitsBetween,
} from '../../faults/index.ts';
import {
  type CrashReason,
  callId,
  createRandom,
  type Deliver,
  type DeployableService,
  type EventDraft,
  type EventId,
  elapsedMs,
  eventId,
  type FaultId,
  formatTraceparent,
  type HttpRequest,
  hopNetwork,
  type InstanceId,
  instanceId,
  type Json,
  OUTSIDE,
  type OutboundMessage,
  parseTraceparent,
  type Reply,
  type Result,
  RUN_START,
  type RunEvent,
  type RunId,
  type RunSettings,
  type ServiceName,
  serviceOf,
  settledDeployments,
  spanIdFor,
  traceIdFor,
  type Undo,
} from '../../kernel/index.ts';
import { KnownEvents, Sequencer } from '../../run-log/index.ts';
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
import { Fleet } from './fleet.ts';
import { LogKeeper } from './log-keeper.ts';
import type { LogStorage, RunMemory } from './log-storage.ts';
import type { HubToPage, InstanceBoot, Notice, PageToHub } from './messages.ts';
import { PageRelay } from './page-relay.ts';
import {
  type ClockState,
  changedClock,
  LOOK_AT_CLOCK_MS,
  MOST_STEP_MS,
  PauseGate,
  RunClock,
  RunTimers,
  startedClock,
  wallNowMs,
  wallOffsetMs,
} from './run-clock.ts';
import { type Past, pastOf } from './run-past.ts';
import { AwaitedOpening } from './shop-opening.ts';
import { ToldCommits } from './told-commits.ts';

export interface HubOptions {
  post(message: HubToPage): void;
  spawn(instance: InstanceId): Worker;
  readonly composition: Composition;
  /** The network between services, over `deliver`. */
  network(deliver: Deliver): Deliver;
  /** Gives null where nothing can be kept. */
  openStorage(run: RunId): Promise<LogStorage | null>;
  /** The hub exists and takes messages; it is not ready yet. */
  made(hub: Hub): void;
}

type Boot = Extract<PageToHub, { readonly type: 'boot' }>;

const RUN_INSTANCE = instanceId('run', 1);
const READY_WITHIN_MS = 60_000;
/** How long customers wait for services to find each other, in the host's own time. */
const OPEN_WITHIN_MS = 8000;
/** While the shop opens nobody is watching: no hop takes time, so that it is open at about 0:02. */
const OPENING_SPEED = 2;
const NO_HOP: Pick<RunSettings, 'hop'> = { hop: { meanMs: 0, spread: 0 } };

/** A crash at a step would keep the shop shut, and what hangs has to be there first. */
const waitsForTheShop = ({ kind }: Fault): boolean => kind === 'crash-at' || kind === 'hang';

/** What the services store is theirs and stays; only what the log says of it ends here. */
const notStored = (error: unknown): Notice => {
  const isFull = error instanceof Error && error.name === 'QuotaExceededError';
  const why = isFull
    ? "The disk space that the browser gives this page is full, so the run's log is not stored any more."
    : `The browser does not store the run's log any more (${String(error)}).`;
  return {
    id: 'log-storage',
    level: 'warning',
    text: `${why} The run goes on, but after a reload its log will lack what happens from now on.`,
  };
};

const isRelease = (command: unknown): boolean =>
  typeof command === 'object' && command !== null && 'type' in command && command.type === 'release.start';

/** One run, all of it but the services: its clock, log, network, faults and instances. */
export class Hub implements CommandedRun {
  readonly #options: HubOptions;
  readonly #composition: Composition;
  /** Who answers customers. */
  readonly #entry: InstanceId;
  readonly #runId: RunId;
  readonly #setup: Setup;
  readonly #clock: RunClock;
  readonly #timers: RunTimers;
  readonly #gate: PauseGate;
  readonly #storage: LogStorage | null;
  /** null: nothing is on disk. */
  readonly #commits: ToldCommits | null;
  readonly #log: LogKeeper;
  readonly #sequencer: Sequencer;
  readonly #fleet: Fleet;
  readonly #roster: InstanceRoster;
  readonly #autoscaler: Autoscaler;
  readonly #releases: Releases;
  readonly #faults: FaultSchedule;
  readonly #relay: PageRelay;
  readonly #deliver: Deliver;
  readonly #network: Deliver;
  readonly #opening: AwaitedOpening;
  /** Instances whose workers are not loaded yet; run time begins when all are. */
  readonly #loading = new Set<InstanceId>();
  readonly #starts: number;
  readonly #past: Past;
  #contractCheck: ContractCheck | null = null;
  #settings: RunSettings;
  #incarnations: Record<string, number>;
  #speed: number;
  #pausedByUser = false;
  #heldByPage = false;
  #edgeReady = false;
  #isOpen = false;
  /** Faults that begin once the shop is open. */
  #toArm: readonly ScheduledFault[] = [];
  #events = 0;
  #outside = 0;
  #over = false;
  readonly #faultStarts = new Map<FaultId, EventId>();
  readonly #edgeRequests = new Map<number, Undo>();
  #clockLook: ReturnType<typeof setInterval> | null = null;

  /** Reads what is left of the run, and starts it. */
  static async create(boot: Boot, options: HubOptions): Promise<Hub> {
    const offsetMs = wallOffsetMs(boot.wallMs, wallNowMs());
    const storage = await options.openStorage(boot.runId);
    const memory = (await storage?.memory()) ?? null;
    const known = new KnownEvents();
    const past = pastOf(memory?.lastUs ?? RUN_START);
    if (memory !== null) {
      options.post({ type: 'progress', text: 'Reading what happened before the reload…' });
      await storage?.read((events) => {
        for (const event of events) {
          known.add(event.id);
          past.add(event);
        }
        options.post({ type: 'events', events });
      });
    }
    if (memory === null) {
      const { settings, faults } = boot.setup;
      const place = {
        services: options.composition.services,
        instances: instancesOf(options.composition, settings),
      };
      faults.forEach(({ fault }, index) => {
        const refusal = misplacedFault(fault, place, `faults[${index}].fault`);
        if (refusal !== null) throw new Error(`The setup cannot be started: ${refusal.message}`);
      });
    }
    const hub = new Hub(boot, options, storage, memory, known, past, offsetMs);
    options.made(hub);
    await hub.#start(memory);
    return hub;
  }

  private constructor(
    boot: Boot,
    options: HubOptions,
    storage: LogStorage | null,
    memory: RunMemory | null,
    known: KnownEvents,
    past: Past,
    offsetMs: number,
  ) {
    this.#options = options;
    this.#composition = options.composition;
    this.#entry = entryOf(options.composition);
    this.#runId = boot.runId;
    this.#setup = memory?.setup ?? boot.setup;
    // A release that was under way ended with the page: `#goOn` says so.
    this.#settings = settledDeployments(memory?.settings ?? boot.setup.settings);
    this.#incarnations = { ...Object.fromEntries(known.incarnations()), ...memory?.incarnations };
    this.#starts = (memory?.starts ?? 0) + 1;
    this.#past = past;
    this.#storage = storage;
    const wall = () => wallNowMs() + offsetMs;
    this.#clock = new RunClock(
      { ...startedClock(wall(), past.lastUs), speed: OPENING_SPEED, paused: true },
      wall,
    );
    this.#speed = memory?.speed ?? 1;
    this.#opening = new AwaitedOpening(this.#composition.lookUps);
    this.#timers = new RunTimers(this.#clock);
    this.#gate = new PauseGate(this.#clock);
    this.#sequencer = new Sequencer({ nextSeq: past.nextSeq, known });
    this.#log = new LogKeeper({
      sequencer: this.#sequencer,
      nowMs: () => performance.now(),
      publish: (events) => {
        this.#opening.add(events);
        for (const event of events) {
          this.#autoscaler.hears(event);
          this.#releases.hears(event);
        }
        this.#options.post({ type: 'events', events });
      },
      store: storage === null ? null : (events) => storage.append(events, this.#memory()),
      stored: (events) => this.#commits?.stored(events),
      refused: (error) => {
        this.#commits?.giveUp();
        this.#notice(notStored(error));
      },
    });
    this.#commits =
      storage === null
        ? null
        : new ToldCommits({
            runId: boot.runId,
            composition: this.#composition.name,
            log: this.#log,
            knows: (id) => this.#sequencer.knows(id),
          });
    const random = createRandom(this.#setup.seed);
    this.#fleet = new Fleet({
      spawn: (instance) => options.spawn(instance),
      prepare: (instance) => this.#prepare(instance),
      boot: (instance) => this.#bootOf(instance),
      route: (message, reply) => this.#route(message, reply),
      events: (events) => this.#log.add(events),
      committed: (service, entry) => this.#commits?.add(service, entry),
      write: (draft, about, cause) => this.write(draft, { instance: about, cause: cause ?? null }),
      causeOf: ({ faultId }) => (faultId === null ? null : (this.#faultStarts.get(faultId) ?? null)),
      crashed: (instance, reason) => this.#faults.instanceCrashed(instance, reason.faultId),
      ended: (instance) => {
        this.#loaded(instance);
        this.#roster.ended(instance);
        void this.#commits?.lookTwice(serviceOf(instance));
      },
      storeLost: (service) => this.#storeLost(service),
      trouble: (instance, message) =>
        this.#notice({
          id: `trouble-${instance}`,
          level: 'error',
          text: `Something broke in the worker of ${instance}: ${message}`,
        }),
    });
    this.#faults = new FaultSchedule(
      {
        random,
        now: () => this.#clock.now(),
        schedule: (delayMs, wake) => this.#timers.schedule(delayMs, wake),
        emit: (draft) => {
          const id = this.write(draft);
          if (draft.type === 'fault.started') this.#faultStarts.set(draft.faultId, id);
        },
        crash: (instance, reason) => this.#fleet.crash(instance, reason),
        restart: (instance) => this.#begin(instance),
        instancesOf: (service) => this.instances().filter((instance) => serviceOf(instance) === service),
        changed: (faults) => this.#fleet.broadcast({ type: 'faults', faults }),
      },
      { lastNumber: past.lastFaultNumber },
    );
    this.#roster = new InstanceRoster({
      runs: (instance) => this.#fleet.runs(instance),
      start: (instance) => this.#begin(instance),
      drain: (instance) => this.#fleet.drain(instance),
      stop: (instance) => this.#fleet.stop(instance),
      dismissed: (instance) => this.write({ type: 'instance.stopped' }, { instance }),
      heldDown: (instance) => this.#faults.instanceAdded(instance),
      limitMs: () => this.#settings.drain.limitMs,
      schedule: (delayMs, wake) => this.#timers.schedule(delayMs, wake),
    });
    this.#autoscaler = new Autoscaler({
      services: this.#composition.services,
      settings: () => this.#settings,
      now: () => this.#clock.now(),
      schedule: (delayMs, wake) => this.#timers.schedule(delayMs, wake),
      write: (draft) => this.write(draft),
      scale: (service, instances, cause) => {
        if (!this.#releases.isReleasing(service))
          this.#changeSettings(withInstances(this.#settings, service, instances), cause);
      },
    });
    this.#releases = new Releases({
      services: this.#composition.services,
      settings: () => this.#settings,
      now: () => this.#clock.now(),
      schedule: (delayMs, wake) => this.#timers.schedule(delayMs, wake),
      write: (draft, cause) => this.write(draft, { cause: cause ?? null }),
      changeSettings: (settings, cause) => this.#changeSettings(settings, cause),
      teamOf: (service) => VERSION_CATALOGUE[service].team,
      contractBreaks: (service, version) => this.#contractCheck?.(service, version) ?? [],
      lastNumber: past.lastReleaseNumber,
    });
    this.#autoscaler.settingsChanged();
    const after = (delayMs: number, run: () => void) =>
      delayMs > 0 ? this.#timers.schedule(delayMs, run) : this.#gate.pass(run);
    const faulty = faultyNetwork((message, reply) => this.#fleet.deliver(message, reply), {
      random,
      now: () => this.#clock.now(),
      schedule: (delayMs, wake) => this.#timers.schedule(delayMs, wake),
      active: () => this.#faults.active(),
      whenEnded: (faultId, wake) => this.#faults.whenEnded(faultId, wake),
      write: (draft, at) => this.write(draft, at),
    });
    this.#deliver = hopNetwork(faulty, {
      random,
      now: () => this.#clock.now(),
      settings: () => (this.#isOpen ? this.#settings : NO_HOP),
      after,
    });
    this.#network = options.network(this.#deliver);
    this.#relay = new PageRelay(this.#deliver, options.post);
  }

  // What commands use.

  get settings(): RunSettings {
    return this.#settings;
  }

  /** In the order in which they start. */
  get services(): readonly ServiceName[] {
    return this.#composition.services;
  }

  instances(): InstanceId[] {
    return [...new Set([...this.#wanted(), ...this.draining])];
  }

  get draining(): readonly InstanceId[] {
    return this.#roster.draining;
  }

  commanded(command: RunCommand): void {
    this.write({ type: 'run.commanded', command: command as unknown as Json });
  }

  control(instance: InstanceId, command: Json): Promise<ControlOutcome> {
    return this.#fleet.control(instance, command);
  }

  get faults(): Pick<FaultSchedule, 'active' | 'toCome'> {
    return this.#faults;
  }

  heldDownBy(instance: InstanceId): FaultId | null {
    return this.#faults.heldDownBy(instance);
  }

  crash(instance: InstanceId, reason: CrashReason): boolean {
    return this.#fleet.crash(instance, reason);
  }

  restart(instance: InstanceId): void {
    this.#fleet.stop(instance);
    this.#begin(instance);
  }

  /** Writes an event of the run, or of the run about an instance. */
  write(
    draft: EventDraft,
    at: Partial<Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause' | 'instance'>> = {},
  ): EventId {
    this.#events += 1;
    const instance = at.instance ?? RUN_INSTANCE;
    const event = {
      id: eventId(RUN_INSTANCE, this.#starts, this.#events),
      seq: -1,
      timeUs: this.#clock.now(),
      instance,
      service: serviceOf(instance),
      traceId: at.traceId ?? null,
      spanId: at.spanId ?? null,
      parentSpanId: at.parentSpanId ?? null,
      cause: at.cause ?? null,
      ...draft,
    } as RunEvent;
    this.#log.add([event]);
    return event.id;
  }

  changeSettings(settings: RunSettings): void {
    this.#changeSettings(settings, null);
  }

  #changeSettings(settings: RunSettings, cause: EventId | null): void {
    const before = this.#wanted();
    this.#settings = settings;
    this.write({ type: 'run.settings.changed', settings: settings as unknown as Json }, { cause });
    this.#fleet.broadcast({ type: 'settings', settings });
    this.#autoscaler.settingsChanged();
    this.#roster.changed(before, this.#wanted());
    void this.#remember();
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

  #wanted(): readonly InstanceId[] {
    return instancesOf(this.#composition, this.#settings);
  }

  #begin(instance: InstanceId): void {
    this.#fleet.start(instance).catch((error: unknown) => {
      // An instance that crashes while it starts is part of the game; anything else has been noticed.
      void error;
    });
  }

  pause(reason: string): void {
    if (this.#clock.paused) return;
    this.#setClock({ paused: true });
    this.write({ type: 'run.paused', reason });
  }

  resume(): void {
    if (!this.#clock.paused) return;
    this.#setClock({ paused: false });
    this.write({ type: 'run.resumed' });
  }

  /** By a person: outlasts a reload. */
  setPausedByUser(paused: boolean): void {
    this.#pausedByUser = paused;
    this.#heldByPage = false;
    if (paused) this.pause('by hand');
    else this.resume();
    void this.#remember();
  }

  setSpeed(speed: number): void {
    if (speed === this.#speed) return;
    this.#speed = speed;
    this.#setClock({ speed });
    this.write({ type: 'run.speed.changed', speed });
    void this.#remember();
  }

  addFault(fault: Fault): FaultId {
    return this.#faults.add(fault);
  }

  scheduleFault(scheduled: ScheduledFault): FaultId {
    return this.#faults.schedule(scheduled);
  }

  clearFault(id: FaultId): boolean {
    return this.#faults.clear(id);
  }

  clearAllFaults(): void {
    this.#toArm = [];
    this.#faults.clearAll();
  }

  remembered(): Promise<void> {
    return this.#remember();
  }

  // What the page asks.

  received(message: PageToHub): void {
    if (this.#over) return;
    const { post } = this.#options;
    switch (message.type) {
      case 'boot':
      case 'ping':
        return;
      case 'command':
        void this.#command(message.command).then((result) =>
          post({ type: 'result', id: message.id, result }),
        );
        return;
      case 'hold':
        if (this.#clock.paused) return;
        this.#heldByPage = true;
        this.pause(message.reason);
        return;
      case 'release':
        if (!this.#heldByPage) return;
        this.#heldByPage = false;
        this.resume();
        return;
      case 'edge.ready':
        this.#edgeReady = true;
        return;
      case 'edge.request':
        this.#atEdge(message.id, message.request, message.token);
        return;
      case 'edge.cancel': {
        const undo = this.#edgeRequests.get(message.id);
        this.#edgeRequests.delete(message.id);
        undo?.();
        return;
      }
      case 'relayed':
        this.#relay.fetched(message.token, message.outcome);
        return;
      case 'tables':
        post({
          type: 'tables',
          id: message.id,
          tables: this.#storage === null ? this.#fleet.memoryRows(message.service) : null,
        });
        return;
      case 'stop':
        void this.stop().then(() => post({ type: 'stopped' }));
    }
  }

  /** Ends every instance and keeps what is in order. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    if (this.#clockLook !== null) clearInterval(this.#clockLook);
    // What is written last must know of them.
    this.#toArm = this.#faults.toCome();
    this.#faults.stop();
    this.#fleet.terminate();
    this.#log.drain();
    await this.#log.flush();
    this.#log.stop();
    this.#commits?.stop();
    this.#storage?.close();
  }

  async #command(command: unknown): Promise<CommandResult> {
    try {
      this.#contractCheck ??= isRelease(command) ? await loadContractCheck() : null;
      const result = await executeCommand(this, command);
      // What was granted outlasts a reload.
      await this.#log.flush();
      return result;
    } catch (error) {
      return { ok: false, error: { message: error instanceof Error ? error.message : String(error) } };
    }
  }

  async #start(memory: RunMemory | null): Promise<void> {
    const { post } = this.#options;
    this.#postClock();
    if (this.#storage === null) {
      this.#notice({
        id: 'no-indexeddb',
        level: 'warning',
        text: `${typeof indexedDB === 'undefined' ? 'This browser gives the page no database' : 'The browser did not let the page open its database'} (IndexedDB). The services' tables are kept in memory, and a reload begins a new run.`,
      });
    }
    this.#pausedByUser = memory?.paused ?? false;
    const nowUs = this.#clock.now();
    const continuing = this.#past.activeFaults(nowUs);
    this.#toArm =
      memory?.toCome ??
      this.#setup.faults.filter(({ atMs }) => memory === null || atMs > elapsedMs(RUN_START, nowUs));
    for (const instance of this.instances()) this.#incarnations[instance] ??= 0;
    await this.#remember();
    if (memory === null) {
      this.write({
        type: 'run.started',
        seed: this.#setup.seed,
        composition: this.#composition.name,
        host: 'live',
        setup: this.#setup.name,
      });
      this.write({ type: 'run.settings.changed', settings: this.#settings as unknown as Json });
    } else {
      this.#goOn();
      const waiting = continuing.filter(waitsForTheShop);
      this.#toArm = [...waiting.map((fault) => ({ atMs: 0, fault })), ...this.#toArm];
    }
    if (memory !== null) post({ type: 'progress', text: 'Taking over from the page before…' });
    await this.#commits?.takeOver(this.#composition.services);

    for (const fault of continuing) if (!waitsForTheShop(fault)) this.#faults.add(fault);
    const toStart = this.instances().filter((instance) => !this.#faults.instanceAdded(instance));
    const customers = toStart.filter((instance) => serviceOf(instance) === 'customers');
    const shop = toStart.filter((instance) => serviceOf(instance) !== 'customers');
    post({ type: 'progress', text: `Starting ${shop.length} instances…` });
    for (const instance of shop) this.#loading.add(instance);
    if (shop.length === 0) this.#setClock({ paused: false });
    await this.#allReady(shop);
    // Customers come when the shop is open.
    post({ type: 'progress', text: 'The services look for each other…' });
    await this.#opening.open(shop, OPEN_WITHIN_MS);
    this.#isOpen = true;
    this.#setClock({ speed: this.#speed });
    await this.#allReady(customers);
    this.#armFaults();
    if (this.#pausedByUser) this.pause('it was paused before the reload');
    this.#watchClock();
    post({ type: 'ready', entryAnswers: this.#entryMayAnswer() });
  }

  /** What crashes an instance while the shop opens would only keep it shut. */
  #armFaults(): void {
    const nowMs = elapsedMs(RUN_START, this.#clock.now());
    const faults = this.#toArm;
    this.#toArm = [];
    for (const due of faults.filter(({ atMs }) => atMs <= nowMs)) this.#faults.addDue(due);
    const later = faults.filter(({ atMs }) => atMs > nowMs);
    // A run that goes on has taken back what it had planned.
    if (this.#starts === 1) this.#faults.arm(later);
    else for (const planned of later) this.#faults.schedule(planned);
  }

  /** False when it is down, or a fault sits on its customers' way to it. */
  #entryMayAnswer(): boolean {
    const entry = this.#entry;
    if (!this.#fleet.runs(entry)) return false;
    return !this.#faults.active().some(({ fault }) => {
      if (fault.kind === 'crash-at' || hasSides(fault)) return false;
      return sitsAt(fault.target, entry) || sitsBetween(fault.target, 'customers', serviceOf(entry));
    });
  }

  #giveUpReleases(): void {
    for (const { requested, deploys, aborted } of this.#past.openReleases) {
      const { id: cause, releaseId, of, deployable, version } = requested;
      const about = { releaseId, of, deployable, version };
      const reason = 'The page was reloaded, and the pipeline with it.';
      if (!aborted) this.write({ type: 'release.aborted', ...about, reason, by: 'restart' }, { cause });
      if (deploys) this.write({ type: 'release.rolled-back', ...about }, { cause });
    }
    if (this.#past.openReleases.length > 0)
      this.write({ type: 'run.settings.changed', settings: this.#settings as unknown as Json });
  }

  /** After a reload: what ran has ended with the page, and is said to have. */
  #goOn(): void {
    if (this.#past.paused) this.write({ type: 'run.resumed' });
    this.#giveUpReleases();
    for (const instance of this.#past.alive) {
      this.write({ type: 'instance.crashed', reason: 'the page was reloaded', faultId: null }, { instance });
    }
    const { openFaults, plannedFaults } = this.#past;
    for (const faultId of [...openFaults.map(({ faultId: id }) => id), ...plannedFaults])
      this.write({ type: 'fault.ended', faultId, reason: 'cleared' });
  }

  async #allReady(instances: readonly InstanceId[]): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const waiting = new Set(instances);
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new Error(
              `The shop did not open within ${READY_WITHIN_MS / 1000} s: ${[...waiting].join(', ')} did not become ready.`,
            ),
          ),
        READY_WITHIN_MS,
      );
    });
    const all = Promise.all(
      instances.map(async (instance) => {
        await this.#fleet.start(instance);
        waiting.delete(instance);
        if (this.#fleet.runs(instance))
          this.#options.post({ type: 'progress', text: `${instance} is ready` });
      }),
    );
    try {
      await Promise.race([all, late]);
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
  }

  async #prepare(instance: InstanceId): Promise<void> {
    this.#incarnations[instance] = (this.#incarnations[instance] ?? 0) + 1;
    await Promise.all([this.#remember(), this.#commits?.look(serviceOf(instance))]);
  }

  #loaded(instance: InstanceId): void {
    if (this.#loading.delete(instance) && this.#loading.size === 0) this.#setClock({ paused: false });
  }

  #bootOf(instance: InstanceId): InstanceBoot {
    this.#loaded(instance);
    return {
      runId: this.#runId,
      composition: this.#composition.name,
      instance,
      service: serviceOf(instance),
      incarnation: this.#incarnations[instance] ?? 1,
      seed: this.#setup.seed,
      settings: this.#settings,
      faults: this.#faults.active(),
      clock: this.#clock.state,
      wallMs: this.#clock.wallMs,
      storage: this.#storage === null ? 'memory' : 'indexeddb',
      takeover: this.#commits?.takeoverOf(serviceOf(instance)) ?? 0,
      // A shop that opens has had its time to get warm.
      cold: this.#isOpen,
    };
  }

  #route(message: OutboundMessage, reply: (reply: Reply) => void): Undo {
    const throughBrowser =
      this.#edgeReady && (this.#settings.everyHopThroughBrowser || serviceOf(message.from) === 'customers');
    return throughBrowser ? this.#relay.send(message, reply) : this.#network(message, reply);
  }

  #atEdge(id: number, request: HttpRequest, token: string | null): void {
    let answered = false;
    const answer = ({ outcome }: Reply) => {
      answered = true;
      this.#edgeRequests.delete(id);
      this.#options.post({ type: 'edge.answer', id, response: outcome.ok ? outcome.value : null });
    };
    const undo =
      token === null ? this.#fromOutside(request, answer) : this.#relay.reached(token, request, answer);
    if (undo === null) this.#options.post({ type: 'edge.answer', id, response: null });
    else if (!answered) this.#edgeRequests.set(id, undo);
  }

  /** A request of somebody who is no instance: from the page, its console, or a page around it. */
  #fromOutside(request: HttpRequest, reply: (reply: Reply) => void): Undo {
    this.#outside += 1;
    const name = `outside/${this.#setup.seed}/${this.#starts}.${this.#outside}`;
    const span = parseTraceparent(request.headers['traceparent']) ?? {
      traceId: traceIdFor(name),
      spanId: spanIdFor(name),
    };
    const [path = '/'] = request.path.split('?');
    const message: OutboundMessage = {
      from: OUTSIDE,
      to: this.#entryNow(),
      request: { ...request, headers: { ...request.headers, traceparent: formatTraceparent(span) } },
      operation: `${request.method} ${path}`,
      callId: callId(name),
      attempt: 1,
      plane: path === '/health' ? 'control' : 'data',
      timeoutMs: null,
      span,
      cause: this.#runStarted(),
    };
    return this.#deliver(message, reply);
  }

  /** As the load balancer before a real shop would choose: one that takes requests, each in turn. */
  #entryNow(): InstanceId {
    const { entry } = this.#composition;
    const ready = this.instances().filter(
      (instance) => serviceOf(instance) === entry && this.#fleet.isReady(instance),
    );
    return ready[this.#outside % ready.length] ?? this.#entry;
  }

  /** Stands in for the cause that a request from outside does not have; the callee is told of none. */
  #runStarted(): EventId {
    return eventId(RUN_INSTANCE, 1, 1);
  }

  /**
   * Somebody has deleted a service's database: another tab, or a person with the developer tools. What its
   * instances have in mind is not true any more, so they begin anew, on an empty one.
   */
  #storeLost(service: ServiceName): void {
    this.#notice({
      id: `store-lost-${service}`,
      level: 'warning',
      text: `Somebody deleted the database of ${service}. It has been started again with an empty one; the other services still know what it has forgotten. Reset begins the run again.`,
    });
    this.#commits?.lost(service);
    for (const instance of this.#fleet.storeLost(service)) {
      this.#fleet.crash(instance, { reason: 'its database was deleted', faultId: null });
      if (this.#wanted().includes(instance)) this.#begin(instance);
    }
  }

  #setClock(change: Partial<Pick<ClockState, 'speed' | 'paused'>>): void {
    this.#clock.apply(changedClock(this.#clock.state, this.#clock.wallMs, change));
    this.#fleet.broadcast({ type: 'clock', clock: this.#clock.state });
    this.#postClock();
  }

  #postClock(): void {
    this.#options.post({ type: 'clock', clock: this.#clock.state, wallMs: this.#clock.wallMs });
  }

  /** A computer that slept must not let hours of run time happen at once: every clock leaves them out. */
  #watchClock(): void {
    let lastMs = this.#clock.wallMs;
    this.#clockLook = setInterval(() => {
      const nowMs = this.#clock.wallMs;
      const sleptMs = nowMs - lastMs;
      lastMs = nowMs;
      this.#clock.now();
      if (sleptMs <= MOST_STEP_MS || this.#clock.paused) return;
      this.pause('the computer slept');
      this.#notice({
        id: 'slept',
        level: 'info',
        text: 'The computer slept, so the run was paused. Press Play to go on.',
      });
    }, LOOK_AT_CLOCK_MS);
  }

  #memory(): RunMemory {
    return {
      setup: this.#setup,
      settings: this.#settings,
      speed: this.#speed,
      paused: this.#pausedByUser,
      lastUs: this.#clock.now(),
      starts: this.#starts,
      incarnations: this.#incarnations,
      toCome: [...this.#toArm, ...this.#faults.toCome()],
    };
  }

  async #remember(): Promise<void> {
    try {
      await this.#storage?.remember(this.#memory());
    } catch {
      // The next batch of events says so.
    }
  }

  #notice(notice: Notice): void {
    this.#options.post({ type: 'notice', notice });
  }
}
