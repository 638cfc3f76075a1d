import {
  type AnyTable,
  type Awaitable,
  type Branch,
  type Context,
  createRandom,
  emptyResponse,
  type HostPorts,
  InstanceRuntime,
  instanceId,
  nobleCrypto,
  RUN_START,
  type RunEvent,
  untracked,
} from '../../../kernel/index.ts';
import { classroomSettings } from '../../../setups/index.ts';
import { IndexedDbStore } from '../indexeddb-store.ts';
import { openExisting } from '../open-existing.ts';
import type { OutboxEntry } from '../open-transaction.ts';
import { LOG_OUTBOX } from '../run-databases.ts';

/** A store in a real browser with the real kernel on top, and no hub. */
export interface StoreBench {
  /** Runs it as a process of a service. */
  run<T>(branch: Branch<T>): Promise<T>;
  readonly store: IndexedDbStore;
  readonly runtime: InstanceRuntime;
  readonly committed: OutboxEntry[];
  readonly events: RunEvent[];
  rows(table: string): Promise<unknown[]>;
  outbox(): Promise<OutboxEntry[]>;
}

export async function openStoreBench(
  database: string,
  tables: readonly AnyTable[],
  takeover = 0,
): Promise<StoreBench> {
  const committed: OutboxEntry[] = [];
  const events: RunEvent[] = [];
  const store = await IndexedDbStore.open({
    takeover,
    database,
    tables: tables.map(({ name, key, indexes }) => ({ name, key, indexes })),
    gate: {
      pass: (begin) => {
        begin();
        return () => {};
      },
    },
    committed: (entry) => committed.push(entry),
    noted: (noted) => events.push(...noted),
    lost: () => {},
  });
  const settings = classroomSettings();
  const ports: HostPorts = {
    tracker: untracked,
    random: createRandom(1),
    crypto: nobleCrypto,
    now: () => RUN_START,
    settings: () => settings,
    schedule: (delayMs, wake) => {
      const timer = setTimeout(wake, delayMs);
      return () => clearTimeout(timer);
    },
    work: () => () => {},
    send: () => () => {},
    begin: (operation, scope, mode, opened) => store.begin(operation, scope, mode, opened),
    emit: (event) => events.push(event),
    crash: () => {},
    ready: () => {},
    closed: () => {},
    drained: () => {},
  };
  let branch: (context: Context) => Promise<unknown> = async () => null;
  const runtime = new InstanceRuntime(
    {
      name: 'order',
      tables,
      background: [],
      operationOf: () => 'test',
      handle: async () => emptyResponse(),
      async control(_command, context) {
        await branch(context);
        return null;
      },
    },
    { instance: instanceId('order', 1), incarnation: 1, database },
    ports,
  );
  return {
    store,
    runtime,
    committed,
    events,
    run: <T>(wanted: Branch<T>) =>
      new Promise<T>((resolve, reject) => {
        let value: T;
        branch = async (context) => {
          value = await (wanted(context) as Awaitable<T>);
        };
        runtime.control(null, (outcome) => {
          if (outcome.ok) resolve(value);
          else reject(outcome.error as Error);
        });
      }),
    async rows(table) {
      const opened = await openExisting(database);
      try {
        return (await opened?.getAll(table)) ?? [];
      } finally {
        opened?.close();
      }
    },
    async outbox() {
      const opened = await openExisting(database);
      try {
        return ((await opened?.getAll(LOG_OUTBOX)) ?? []) as OutboxEntry[];
      } finally {
        opened?.close();
      }
    },
  };
}
