import type { Fault, ScheduledFault } from '../faults/index.ts';
import {
  type CrashReason,
  type DeployableService,
  edgeKey,
  type FaultId,
  type InstanceId,
  instanceId,
  type Json,
  type ReleaseStrategy,
  type Result,
  type RunSettings,
  type ServiceName,
  type VersionLabel,
  withDeployedReplicas,
} from '../kernel/index.ts';
import { misplacedFault } from './misplaced-fault.ts';
import { withSafetyNets } from './presets.ts';
import { parseRunCommand, type RunCommand, type RunCommandOf } from './run-command.ts';
import { applySettingsPatch } from './run-settings-schema.ts';
import { versionsOf } from './version-catalogue.ts';

export interface CommandError {
  readonly message: string;
  /** The field of the command that is wrong. */
  readonly field?: string;
}

/** What a command gives back. */
export type CommandResult =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: CommandError };

/** How an instance answers what the run asks of it. */
export type ControlOutcome =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly message: string };

/** A run that takes commands, on any host. */
export interface CommandedRun {
  readonly settings: RunSettings;
  /** The services of this shop. */
  readonly services: readonly ServiceName[];
  /** All that the settings ask for, up or down, and those that are still taking their leave. */
  instances(): readonly InstanceId[];
  /** Those that take their leave. */
  readonly draining: readonly InstanceId[];
  changeSettings(settings: RunSettings): void;
  /** Writes into the log that this was done by hand. */
  commanded(command: RunCommand): void;
  control(instance: InstanceId, command: Json): Promise<ControlOutcome>;
  addFault(fault: Fault): FaultId;
  /** At its time, or now when that has passed. */
  scheduleFault(scheduled: ScheduledFault): FaultId;
  /** False when there is no such fault. */
  clearFault(id: FaultId): boolean;
  clearAllFaults(): void;
  /** What was changed outlasts a reload from here on. */
  remembered(): Promise<void>;
  /** The fault that keeps an instance down, or null. */
  heldDownBy(instance: InstanceId): FaultId | null;
  /** False when it is down already. */
  crash(instance: InstanceId, reason: CrashReason): boolean;
  /** Ends it if it runs, and starts it. */
  restart(instance: InstanceId): void;
  /** Whether a release of it waits or is under way. */
  isReleasing(service: ServiceName): boolean;
  /** The id of a release that begins, or why it cannot. */
  startRelease(request: ReleaseRequest): Result<string, string>;
  /** False when none is under way. */
  abortRelease(service: DeployableService): boolean;
  setPausedByUser(paused: boolean): void;
  setSpeed(speed: number): void;
}

export interface ReleaseRequest {
  readonly service: DeployableService;
  readonly version: VersionLabel;
  readonly strategy: ReleaseStrategy;
  /** The change goes on whatever its consumers expect. */
  readonly skipContractCheck: boolean;
}

const CUSTOMERS = instanceId('customers', 1);

/** Who has one instance at most, and why. */
export const ONE_ONLY: Readonly<Partial<Record<ServiceName, string>>> = {
  customers: 'they are people, and come by themselves.',
  registry: 'everybody knows it by one address.',
  'payment-provider': 'it belongs to a bank.',
};

const done = (value: Json = {}): CommandResult => ({ ok: true, value });
const refused = (field: string, message: string): CommandResult => ({ ok: false, error: { message, field } });

/**
 * Checks a command and does it. What is refused has changed nothing; what is done is in the log, so that the
 * run can be had again.
 */
export async function executeCommand(run: CommandedRun, input: unknown): Promise<CommandResult> {
  const parsed = parseRunCommand(input);
  if (!parsed.ok) return { ok: false, error: parsed.error };
  const command = parsed.value;
  switch (command.type) {
    case 'customer.sign-in':
    case 'order.place':
    case 'request.send': {
      // Before it is answered: what it sets off comes after it.
      run.commanded(command);
      const outcome = await run.control(CUSTOMERS, command as unknown as Json);
      return outcome.ok ? done(outcome.value) : { ok: false, error: { message: outcome.message } };
    }
    case 'breaker.set-state':
    case 'breaker.reset': {
      const known = withInstance(run, command.instance, () => done());
      if (!known.ok) return known;
      const outcome = await run.control(command.instance, command as unknown as Json);
      if (!outcome.ok) return { ok: false, error: { message: outcome.message } };
      // Only now: what is refused is not in the log.
      run.commanded(command);
      return done(outcome.value);
    }
    case 'run.pause':
      run.setPausedByUser(true);
      return done();
    case 'run.resume':
      run.setPausedByUser(false);
      return done();
    case 'run.speed':
      run.setSpeed(command.speed);
      return done();
    case 'run.reset':
      // The page does it: it owns the run's id, its claim and its databases.
      return done();
    default: {
      const result = change(run, command);
      if (!result.ok) return result;
      run.commanded(command);
      await run.remembered();
      return result;
    }
  }
}

/** What changes the shop, and not only how it is watched or what is asked of it. */
type Change = Exclude<
  RunCommand,
  RunCommandOf<
    | 'customer.sign-in'
    | 'order.place'
    | 'request.send'
    | 'breaker.set-state'
    | 'breaker.reset'
    | 'run.pause'
    | 'run.resume'
    | 'run.speed'
    | 'run.reset'
  >
>;

function change(run: CommandedRun, command: Change): CommandResult {
  switch (command.type) {
    case 'fault.add': {
      const refusal = misplacedFault(
        command.fault,
        { services: run.services, instances: run.instances() },
        'fault',
      );
      return refusal === null
        ? done({ faultId: run.addFault(command.fault) })
        : { ok: false, error: refusal };
    }
    case 'fault.schedule': {
      const places = { services: run.services, instances: run.instances() };
      const refusal = misplacedFault(command.fault, places, 'fault');
      const { type: _, ...scheduled } = command;
      return refusal === null
        ? done({ faultId: run.scheduleFault(scheduled) })
        : { ok: false, error: refusal };
    }
    case 'fault.clear':
      return run.clearFault(command.faultId)
        ? done()
        : refused('faultId', `faultId ${JSON.stringify(command.faultId)} is no fault that is on.`);
    case 'fault.clear-all':
      run.clearAllFaults();
      return done();
    case 'load.set': {
      const { type: _, ...load } = command;
      return patchSettings(run, { load });
    }
    case 'safety-nets.set': {
      const edge = command.edge === undefined ? undefined : edgeKey(command.edge);
      run.changeSettings(withSafetyNets(run.settings, command.preset, edge));
      return done();
    }
    case 'settings.set':
      return patchSettings(run, command.patch);
    case 'release.start': {
      const { service, version, strategy, skipContractCheck = false } = command;
      const known = versionsOf(service).map(({ label }) => label);
      if (!known.includes(version))
        return refused('version', `${service} has no version ${version}, only ${known.join(', ')}.`);
      const started = run.startRelease({ service, version, strategy, skipContractCheck });
      return started.ok ? done({ releaseId: started.value }) : refused('service', started.error);
    }
    case 'release.abort':
      return run.abortRelease(command.service)
        ? done()
        : refused('service', `no release of ${command.service} is under way.`);
    case 'instance.crash':
      return withInstance(run, command.instance, () =>
        run.crash(command.instance, { reason: 'by hand', faultId: null })
          ? done()
          : refused('instance', `${command.instance} is not running.`),
      );
    case 'instance.restart':
      return withInstance(run, command.instance, () => {
        if (run.draining.includes(command.instance))
          return refused(
            'instance',
            `${command.instance} is draining: scale the service up to have it back.`,
          );
        const heldBy = run.heldDownBy(command.instance);
        if (heldBy !== null)
          return refused(
            'instance',
            `${command.instance} is kept down by ${heldBy}: clear that fault first.`,
          );
        run.restart(command.instance);
        return done();
      });
  }
}

function patchSettings(run: CommandedRun, patch: unknown): CommandResult {
  const patched = applySettingsPatch(run.settings, patch);
  if (!patched.ok) return { ok: false, error: patched.error };
  for (const service of run.services) {
    const [before, after] = [run.settings, patched.value].map(({ services }) => services[service].instances);
    const why = ONE_ONLY[service];
    if (why !== undefined && after !== before && after !== undefined && after > 1)
      return refused(`patch.services.${service}.instances`, `${service} cannot be scaled: ${why}`);
    if (after !== before && run.isReleasing(service))
      return refused(
        `patch.services.${service}.instances`,
        `${service} cannot be scaled while it is released: wait, or abort the release.`,
      );
  }
  run.changeSettings(withDeployedReplicas(patched.value));
  return done();
}

function withInstance(run: CommandedRun, instance: InstanceId, act: () => CommandResult): CommandResult {
  const known = run.instances();
  return known.includes(instance)
    ? act()
    : refused('instance', `instance ${JSON.stringify(instance)} is not one of ${known.join(', ')}.`);
}
