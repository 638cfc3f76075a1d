import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import type { Json, RunEvent, RunSettings } from '../../kernel/index.ts';
import { Script } from '../../projections/testing/script.ts';
import { classroom, classroomSettings, type Setup } from '../../setups/index.ts';
import { createActions } from '../state/actions.ts';
import { type AppStores, StoresContext } from '../state/hooks.ts';
import type { CommandResult, PageRun } from '../state/page-run.ts';
import { createRunStore, whenReady } from '../state/run-store.ts';
import { createViewStore } from '../state/view-store.ts';

export interface TestShop extends AppStores {
  readonly script: Script;
  /** Commands that the page has sent. */
  readonly commands: Json[];
  /** Hands events written since to the page. */
  readonly hear: () => void;
}

/** A run that a test writes by hand: the page's own stores over events of a script. */
export async function openTestShop(
  write: (script: Script) => void = () => {},
  options: {
    readonly nowS?: number | (() => number);
    readonly settings?: Partial<RunSettings>;
    readonly tables?: Record<string, readonly Json[]>;
    readonly composition?: string;
    readonly setup?: Setup;
    /** What the run says to a command. */
    readonly answer?: (command: Json) => CommandResult | Promise<CommandResult>;
  } = {},
): Promise<TestShop> {
  const script = new Script();
  const settings = { ...classroomSettings(), ...options.settings };
  script.write(
    { at: 0, by: 'run-1' },
    {
      type: 'run.started',
      seed: 1,
      composition: options.composition ?? 'microservices',
      host: 'test',
      setup: 'classroom',
    },
  );
  script.write(
    { at: 0, by: 'run-1' },
    { type: 'run.settings.changed', settings: settings as unknown as Json },
  );
  write(script);
  const commands: Json[] = [];
  const listeners = new Set<(events: readonly RunEvent[]) => void>();
  let heard = script.events.length;
  const run: PageRun = {
    command: async (command): Promise<CommandResult> => {
      commands.push(command as Json);
      return (await options.answer?.(command as Json)) ?? { ok: true, value: { faultId: 'f-new' } };
    },
    subscribe: (listener) => {
      listener(script.events);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clock: () => {
      const { nowS = 30 } = options;
      return { nowUs: (typeof nowS === 'number' ? nowS : nowS()) * 1_000_000, paused: true, speed: 1 };
    },
    tables: async () => options.tables ?? {},
    notices: () => [],
    onNotice: () => () => {},
    stop: async () => {},
    lab: null,
  };
  const store = createRunStore(
    async () => ({ run, scenario: { setup: options.setup ?? classroom, commands: [] } }),
    {
      pack: async (text) => new TextEncoder().encode(text),
      unpack: async (bytes) => new TextDecoder().decode(bytes),
    },
  );
  const view = createViewStore();
  await whenReady(store);
  return {
    run: store,
    view,
    actions: createActions(store, view),
    script,
    commands,
    hear: () => {
      const events = script.events.slice(heard);
      heard = script.events.length;
      for (const listener of listeners) listener(events);
    },
  };
}

export const renderIn = (shop: AppStores, children: ReactNode) =>
  render(<StoresContext value={shop}>{children}</StoresContext>);

/** jsdom has no media queries: a wide window in which things may move. */
export function stubMedia(matching: readonly string[] = ['(min-width: 1360px)']): void {
  window.matchMedia = ((query: string) => ({
    matches: matching.includes(query),
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  })) as unknown as typeof window.matchMedia;
}
