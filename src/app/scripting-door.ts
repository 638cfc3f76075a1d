import type { Json, RunEvent, ServiceName } from '../kernel/index.ts';
import { SERVICE_NAMES } from '../kernel/index.ts';
import { activeFaults, figuresAt, serviceLoad } from '../projections/index.ts';
import type { AppStores } from './state/hooks.ts';
import type { CommandResult } from './state/page-run.ts';
import { type RunStore, whenReady } from './state/run-store.ts';

/**
 * What a script may do with the page: `window.bulkhead`, and the same by `postMessage` for a page that embeds it.
 *
 * A message to the page: `{ bulkhead: 1, id, method: 'ready' | 'state' | 'events' | 'seek' | 'command' | 'tables', args? }`.
 * Its answer, to the sender and its origin only: `{ bulkhead: 1, id, ok: true, value }` or `{ bulkhead: 1, id, ok: false, error }`.
 * Commands are checked by the run itself (`setups/run-command.ts`). Described in `docs/scripting.md`.
 */
export interface ScriptingDoor {
  readonly version: 1;
  /** Fulfilled once the shop can be used. */
  readonly ready: Promise<void>;
  state(): Json;
  /** `side`: while two runs are compared, the other one's log. */
  events(fromSeq?: number, side?: 'other'): Promise<readonly RunEvent[]>;
  /** Shows a moment of the recorded run, in µs of run time; null: now. */
  seek(timeUs: number | null): Promise<void>;
  command(command: unknown): Promise<CommandResult>;
  tables(service: ServiceName): Promise<Record<string, readonly Json[]>>;
}

type WindowWithDoor = Window & { bulkhead?: ScriptingDoor };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isService = (value: unknown): value is ServiceName =>
  typeof value === 'string' && (SERVICE_NAMES as readonly string[]).includes(value);

function runState(store: RunStore): Json {
  const { phase, scenario, projections, notices, run, following, headUs, branch } = store.getState();
  const { paused, speed } = store.getState();
  const clock = { nowUs: Math.round(store.nowUs()), paused, speed };
  const services: Record<string, Json> = {};
  for (const service of SERVICE_NAMES) {
    const load = serviceLoad(projections.topology, service);
    if (load.instances > 0) services[service] = { ...load };
  }
  return {
    phase,
    setup: scenario?.setup.title ?? '',
    host: run === null || run.lab === null ? 'live' : 'lab',
    following,
    headUs,
    lastSeq: store.recording()?.history.lastSeq ?? -1,
    branch,
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

export function createScriptingDoor({ run: store, view, actions }: AppStores): ScriptingDoor {
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
    events: async (fromSeq, side) => {
      const shown = side === 'other' ? (view.getState().comparison?.peer ?? null) : store;
      return (await shown?.recording()?.history.events(fromSeq ?? 0)) ?? [];
    },
    seek: async (timeUs) => {
      if (timeUs === null) store.follow();
      else if (Number.isFinite(timeUs)) await store.scrub(timeUs);
      else throw new TypeError('timeUs must be a number of microseconds, or null');
    },
    command: async (command) => {
      try {
        await running();
        const type = (command as { readonly type?: unknown } | null)?.type;
        if (type === 'run.resume') store.follow();
        return await actions.ask(command);
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
  const [first, second] = args;
  switch (method) {
    case 'ready':
      await door.ready;
      return null;
    case 'state':
      return door.state();
    case 'events':
      if (first !== undefined && !Number.isSafeInteger(first))
        throw new TypeError('fromSeq must be an integer');
      return await door.events(first as number | undefined, second === 'other' ? second : undefined);
    case 'seek':
      await door.seek(first as number | null);
      return null;
    case 'command':
      return await door.command(first);
    case 'tables':
      return await door.tables(first as ServiceName);
    default:
      throw new TypeError(`unknown method: ${method}. Known: ready, state, events, seek, command, tables`);
  }
}

/** Opens the door on `target`; gives the way to close it. */
export function openScriptingDoor(target: Window, stores: AppStores): () => void {
  const door = createScriptingDoor(stores);
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
