import { createContext, useContext, useEffect, useReducer, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { RunProjections } from '../../projections/index.ts';
import type { Actions } from './actions.ts';
import { type RunState, type RunStore, TICK_MS } from './run-store.ts';
import type { ViewState, ViewStore, Zone } from './view-store.ts';

export interface AppStores {
  readonly run: RunStore;
  readonly view: ViewStore;
  readonly actions: Actions;
}

export const StoresContext = createContext<AppStores | null>(null);

export function useStores(): AppStores {
  const stores = useContext(StoresContext);
  if (stores === null) throw new Error('no stores: a view is rendered outside the app');
  return stores;
}

export const useActions = (): Actions => useStores().actions;

/** Renders again only when what it selects changes (compared shallowly), at most five times a second. */
export function useRun<T>(select: (state: RunState) => T): T {
  return useStore(useStores().run, useShallow(select));
}

export function useView<T>(select: (state: ViewState) => T): T {
  return useStore(useStores().view, useShallow(select));
}

/** For a view that shows much of the projections at once: renders at most every `every` ticks, and never misses the last. */
export function useProjections(every = 1): { readonly projections: RunProjections; readonly nowUs: number } {
  const { run } = useStores();
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let lastMs = performance.now();
    const stop = run.subscribe((state, before) => {
      if (timer !== undefined || state.tick === before.tick) return;
      timer = setTimeout(
        () => {
          timer = undefined;
          lastMs = performance.now();
          render();
        },
        Math.max(0, lastMs + every * TICK_MS - performance.now()),
      );
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [run, every]);
  const { projections, nowUs } = run.getState();
  return { projections, nowUs };
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    () => matchMedia(query).matches,
  );
}

const useProjector = (): boolean => useView((state) => state.projector);
/** Below this the controls become a rail, and on a projector the diagram has their room too. */
export function useNarrow(): boolean {
  const narrow = useMedia('(max-width: 1199px)');
  return useProjector() || narrow;
}
/** Where there is not room for both, the dock lies over the diagram instead of shrinking it. */
export function useDockOver(): boolean {
  const small = useMedia('(max-width: 1199px), (max-height: 799px)');
  return useProjector() || small;
}
/** From here on the figures fit into the top bar, though not in a projector's size. */
export function useWide(): boolean {
  const wide = useMedia('(min-width: 1360px)');
  return !useProjector() && wide;
}
export const useHidden = (zone: Zone): boolean => useView((state) => state.hidden.includes(zone));
export const useReducedMotion = (): boolean => useMedia('(prefers-reduced-motion: reduce)');
