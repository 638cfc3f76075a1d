import type { Json, RunEvent, ServiceName } from '../kernel/index.ts';
import { SERVICE_NAMES } from '../kernel/index.ts';
import { activeFaults, figuresAt, serviceLoad } from '../projections/index.ts';
import type { CommandResult } from './state/live-run.ts';
import type { RunStore } from './state/run-store.ts';

/**
 * What a script may do with the page: `window.bulkhead`, and the same by `postMessage` for a page that embeds it.
 *
 * A message to the page: `{ bulkhead: 1, id, method: 'ready' | 'state' | 'events' | 'command' | 'tables', args? }`.
 * Its answer, to the sender and its origin only: `{ bulkhead: 1, id, ok: true, value }` or `{ bulkhead: 1, id, ok: false, error }`.
 * Commands are checked by the run itself (`setups/run-command.ts`). Described in `docs/scripting.md`.
 */
export interface ScriptingDoor {
  readonly version: 1;
  /** Fulfilled once the shop can be used. */
  readonly ready: Promise<void>;
  state(): Json;
  events(fromSeq?: number): readonly RunEvent[];
  command(command: unknown): Promise<CommandResult>;
  tables(service: ServiceName): Promise<Record<string, readonly Json[]>>;
}

type WindowWithDoor = Window & { bulkhead?: ScriptingDoor };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isService = (value: unknown): value is ServiceName =>
  typeof value === 'string' && (SERVICE_NAMES as readonly string[]).includes(value);

function runState(store: RunStore): Json {
  const { phase, setupTitle, projections, notices, run } = store.getState();
  const clock = run?.clock() ?? { nowUs: 0, paused: true, speed: 1 };
  const services: Record<string, Json> = {};
  for (const service of SERVICE_NAMES) {
    const load = serviceLoad(projections.topology, service);
    if (load.instances > 0) services[service] = { ...load };
  }
  return {
    phase,
    setup: setupTitle,
    clock: { ...clock },
    figures: figuresAt(projections.figures, clock.nowUs) as unknown as Json,
    services,
    breakers: [...projections.breakers.byKey.values()].map(({ instance, to, state, figures }) => ({
      instance,
      to,
      state,
      failureRate: figures.failureRate,
    })),
    faults: activeFaults(projections.faults).map(({ faultId, fault, startedUs, endsUs }) => ({
      faultId,
      fault,
      startedUs,
      endsUs,
    })),
    settings: (projections.facts.settings ?? null) as unknown as Json,
    notices: notices.map(({ id, level, text }) => ({ id, level, text })),
  };
}

/** Waits for the shop to be ready, or for it to have failed to start. */
function whenReady(store: RunStore): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { phase, failure } = store.getState();
      if (phase === 'ready') resolve();
      else if (phase === 'failed') reject(new Error(failure ?? 'the shop did not start'));
      else return false;
      return true;
    };
    if (look()) return;
    const stop = store.subscribe(() => {
      if (look()) stop();
    });
  });
}

export function createScriptingDoor(store: RunStore): ScriptingDoor {
  const ready = whenReady(store);
  // A start that failed is on screen; whoever awaits `ready` hears of it as well.
  ready.catch(() => {});
  const running = async () => {
    await ready;
    const { run } = store.getState();
    if (run === null) throw new Error('the shop is not running');
    return run;
  };
  return {
    version: 1,
    ready,
    state: () => runState(store),
    events: (fromSeq) => store.getState().run?.events(fromSeq) ?? [],
    command: async (command) => {
      try {
        return await (await running()).command(command);
      } catch (error) {
        return { ok: false, error: { message: messageOf(error) } };
      }
    },
    tables: async (service) => {
      if (!isService(service))
        throw new TypeError(`unknown service: ${String(service)}. Known: ${SERVICE_NAMES.join(', ')}`);
      return await (await running()).tables(service);
    },
  };
}

interface Question {
  readonly bulkhead: 1;
  readonly id: string | number;
  readonly method: string;
  readonly args?: readonly unknown[];
}

function isQuestion(data: unknown): data is Question {
  if (typeof data !== 'object' || data === null) return false;
  const { bulkhead, id, method, args } = data as Record<string, unknown>;
  return (
    bulkhead === 1 &&
    (typeof id === 'string' || typeof id === 'number') &&
    typeof method === 'string' &&
    (args === undefined || Array.isArray(args))
  );
}

async function answer(door: ScriptingDoor, { method, args = [] }: Question): Promise<unknown> {
  const [first] = args;
  switch (method) {
    case 'ready':
      await door.ready;
      return null;
    case 'state':
      return door.state();
    case 'events':
      if (first !== undefined && !Number.isSafeInteger(first))
        throw new TypeError('fromSeq must be an integer');
      return door.events(first as number | undefined);
    case 'command':
      return await door.command(first);
    case 'tables':
      return await door.tables(first as ServiceName);
    default:
      throw new TypeError(`unknown method: ${method}. Known: ready, state, events, command, tables`);
  }
}

/** Opens the door on `target`; gives the way to close it. */
export function openScriptingDoor(target: Window, store: RunStore): () => void {
  const door = createScriptingDoor(store);
  const place = target as WindowWithDoor;
  place.bulkhead = door;
  const onMessage = (event: MessageEvent) => {
    const source = event.source;
    // Only a page that embeds this one may ask this way; its own frames and stray messages may not.
    if (source === null || source !== target.parent || source === target || !isQuestion(event.data)) return;
    const { id } = event.data;
    const origin = event.origin === 'null' ? '*' : event.origin;
    const reply = (message: Record<string, unknown>) =>
      (source as Window).postMessage({ bulkhead: 1, id, ...message }, { targetOrigin: origin });
    answer(door, event.data).then(
      (value) => reply({ ok: true, value }),
      (error: unknown) => reply({ ok: false, error: messageOf(error) }),
    );
  };
  target.addEventListener('message', onMessage);
  return () => {
    target.removeEventListener('message', onMessage);
    delete place.bulkhead;
  };
}
