import type { Fault } from '../faults/index.ts';
import { instanceId, type RunSettings, type ServiceName, serviceOf } from '../kernel/index.ts';
import type { RunCommand } from './run-command.ts';
import { slowerCode } from './slower-code.ts';

/** What a command to the services is to the monolith beside them. */
export interface Counterpart {
  /** What is done there; none: nothing there answers to it. */
  readonly commands: readonly RunCommand[];
  /** What takes it back, where that is not the end of the fault itself. */
  readonly undo: readonly RunCommand[];
  /** Why it is something else there, or nothing. */
  readonly note: string | null;
}

const MONOLITH: ServiceName = 'monolith';
/** Whose code the monolith holds. */
const INSIDE: readonly ServiceName[] = ['gateway', 'user', 'product', 'order', 'shipping'];
/** What only services need. */
const MISSING: Readonly<Partial<Record<ServiceName, string>>> = {
  registry: 'The monolith has no registry: nobody has to be found.',
  broker: 'The monolith has no broker: nothing is sent between its modules.',
};

const none = (note: string): Counterpart => ({ commands: [], undo: [], note });
const same = (command: RunCommand): Counterpart => ({ commands: [command], undo: [], note: null });

const isInside = (service: ServiceName): boolean => INSIDE.includes(service);
const homeOf = (service: ServiceName): ServiceName => (isInside(service) ? MONOLITH : service);

/**
 * The same trouble for the monolith: what breaks the code of a service breaks the process that holds that code
 * there. Inside that process there is no network, no door and no queue between modules, so that faults of those
 * have no counterpart, and it says so.
 */
export function monolithCounterpart(command: RunCommand, settings: RunSettings): Counterpart {
  switch (command.type) {
    case 'fault.add':
      return faultThere(command.fault, settings);
    case 'instance.crash':
    case 'instance.restart': {
      const service = serviceOf(command.instance);
      const missing = MISSING[service];
      if (missing !== undefined) return none(missing);
      return isInside(service)
        ? { commands: [{ ...command, instance: instanceId(MONOLITH, 1) }], undo: [], note: ALL_AT_ONCE }
        : same(command);
    }
    case 'safety-nets.set':
      return command.edge === undefined
        ? same(command)
        : none('Inside the monolith there are no calls between services to protect.');
    case 'breaker.set-state':
    case 'breaker.reset': {
      const from = serviceOf(command.instance);
      return isInside(from) && command.to === 'payment-provider'
        ? { commands: [{ ...command, instance: instanceId(MONOLITH, 1) }], undo: [], note: null }
        : none('Inside the monolith there are no calls between services, and no breakers for them.');
    }
    default:
      return same(command);
  }
}

const ALL_AT_ONCE = 'In the monolith this code shares a process with everything else.';

function faultThere(fault: Fault, settings: RunSettings): Counterpart {
  const add = (there: Fault, note: string | null = null): Counterpart => ({
    commands: [{ type: 'fault.add', fault: there } as RunCommand],
    undo: [],
    note,
  });
  if (fault.kind === 'crash-at') {
    const service = serviceOf(fault.instance);
    return isInside(service) || MISSING[service] !== undefined
      ? none(
          MISSING[service] ??
            'The step at which this crashes is the service’s own. Crash the instance by hand to have it on both sides.',
        )
      : add(fault);
  }
  if ('instances' in fault) {
    return none('Between the modules of one process there is no network to be cut.');
  }
  const { target } = fault;
  if (target.kind === 'network') return add(fault);
  if (target.kind === 'edge') {
    const from = homeOf(target.from);
    const to = homeOf(target.to);
    const missing = MISSING[target.from] ?? MISSING[target.to];
    if (missing !== undefined) return none(missing);
    if (from === to)
      return none('In the monolith this call is a function call: it cannot be late, lost or refused.');
    return add({ ...fault, target: { kind: 'edge', from, to } } as Fault);
  }
  const service = target.kind === 'service' ? target.service : serviceOf(target.instance);
  const missing = MISSING[service];
  if (missing !== undefined) return none(missing);
  if (!isInside(service)) return add(fault);
  if (fault.kind === 'message-poison') {
    return none('The monolith has no messages: what one module tells another is a function call.');
  }
  if (fault.kind === 'slow') {
    const addMs = fault.addMs * fault.share;
    const { begin, end } = slowerCode(settings, service, addMs);
    const note = `In the monolith ${service}’s code needs ${addMs} ms longer each time it is used.`;
    return { commands: [begin], undo: [end], note };
  }
  const isAnswer = fault.kind === 'errors' || fault.kind === 'slow-body' || fault.kind === 'corrupt-body';
  if (isAnswer && service !== 'gateway') {
    return none(
      'Inside the monolith no answer comes from a module’s door: a bug there is a bug of the whole process.',
    );
  }
  return add(
    { ...fault, target: { kind: 'service', service: MONOLITH } } as Fault,
    service === 'gateway' ? null : ALL_AT_ONCE,
  );
}
