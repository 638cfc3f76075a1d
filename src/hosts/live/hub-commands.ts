import { edgeKey, type InstanceId, instanceId, type Json } from '../../kernel/index.ts';
import { applySettingsPatch, misplacedFault, parseRunCommand, withSafetyNets } from '../../setups/index.ts';
import type { Hub } from './hub.ts';
import type { CommandResult } from './messages.ts';

const CUSTOMERS = instanceId('customers', 1);

const done = (value: Json = {}): CommandResult => ({ ok: true, value });
const refused = (field: string, message: string): CommandResult => ({ ok: false, error: { message, field } });

/** Checks a command and does it. What is refused has changed nothing. */
export async function executeCommand(hub: Hub, input: unknown): Promise<CommandResult> {
  const parsed = parseRunCommand(input);
  if (!parsed.ok) return { ok: false, error: parsed.error };
  const command = parsed.value;
  switch (command.type) {
    case 'customer.sign-in':
    case 'order.place':
    case 'request.send': {
      const outcome = await hub.fleet.control(CUSTOMERS, command as unknown as Json);
      return outcome.ok ? done(outcome.value) : { ok: false, error: { message: outcome.message } };
    }
    case 'fault.add': {
      const refusal = misplacedFault(
        command.fault,
        { services: hub.services, instances: hub.instances() },
        'fault',
      );
      return refusal === null
        ? done({ faultId: hub.addFault(command.fault) })
        : { ok: false, error: refusal };
    }
    case 'fault.clear':
      return (await hub.clearFault(command.faultId))
        ? done()
        : refused('faultId', `faultId ${JSON.stringify(command.faultId)} is no fault that is on.`);
    case 'fault.clear-all':
      await hub.clearAllFaults();
      return done();
    case 'load.set': {
      const { type: _, ...load } = command;
      return patchSettings(hub, { load });
    }
    case 'safety-nets.set': {
      const edge = command.edge === undefined ? undefined : edgeKey(command.edge);
      hub.changeSettings(withSafetyNets(hub.settings, command.preset, edge));
      return done();
    }
    case 'settings.set':
      return patchSettings(hub, command.patch);
    case 'instance.crash':
      return withInstance(hub, command.instance, () =>
        hub.fleet.crash(command.instance, { reason: 'by hand', faultId: null })
          ? done()
          : refused('instance', `${command.instance} is not running.`),
      );
    case 'instance.restart':
      return withInstance(hub, command.instance, () => {
        const heldBy = hub.faults.heldDownBy(command.instance);
        if (heldBy !== null)
          return refused(
            'instance',
            `${command.instance} is kept down by ${heldBy}: clear that fault first.`,
          );
        hub.fleet.stop(command.instance);
        hub.startInstance(command.instance);
        return done();
      });
    case 'run.pause':
      hub.setPausedByUser(true);
      return done();
    case 'run.resume':
      hub.setPausedByUser(false);
      return done();
    case 'run.speed':
      hub.setSpeed(command.speed);
      return done();
    case 'run.reset':
      // The page does it: it owns the run's id, its claim and its databases.
      return done();
  }
}

function patchSettings(hub: Hub, patch: unknown): CommandResult {
  const patched = applySettingsPatch(hub.settings, patch);
  if (!patched.ok) return { ok: false, error: patched.error };
  hub.changeSettings(patched.value);
  return done();
}

function withInstance(hub: Hub, instance: InstanceId, act: () => CommandResult): CommandResult {
  const known = hub.instances();
  return known.includes(instance)
    ? act()
    : refused('instance', `instance ${JSON.stringify(instance)} is not one of ${known.join(', ')}.`);
}
