import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import type { Json, RunEvent, RunSettings } from '../../kernel/index.ts';
import { Script } from '../../projections/testing/script.ts';
import { classroomSettings } from '../../setups/index.ts';
import { createActions } from '../state/actions.ts';
import { type AppStores, StoresContext } from '../state/hooks.ts';
import type { CommandResult, LiveRun } from '../state/live-run.ts';
import { createRunStore } from '../state/run-store.ts';
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
    readonly nowS?: number;
    readonly settings?: Partial<RunSettings>;
    readonly tables?: Record<string, readonly Json[]>;
    readonly composition?: string;
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
  const run: LiveRun = {
    runId: 'run' as never,
    command: async (command): Promise<CommandResult> => {
      commands.push(command as Json);
      return { ok: true, value: { faultId: 'f-new' } };
    },
    events: (fromSeq = 0) => script.events.slice(fromSeq),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clock: () => ({ nowUs: ((options.nowS ?? 30) * 1_000_000) as never, paused: true, speed: 1 }),
    tables: async () => options.tables ?? {},
    notices: () => [],
    onNotice: () => () => {},
    stop: async () => {},
  };
  const store = createRunStore(async () => ({ run, setupTitle: 'Healthy shop' }));
  const view = createViewStore();
  await new Promise<void>((resolve) => {
    if (store.getState().phase === 'ready') resolve();
    const stop = store.subscribe((state) => {
      if (state.phase !== 'ready') return;
      stop();
      resolve();
    });
  });
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
