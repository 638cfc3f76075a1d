import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ServiceName } from '../../kernel/index.ts';
import type { Comparison } from './comparison.ts';

export type Selection =
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'edge'; readonly from: ServiceName; readonly to: ServiceName }
  | { readonly kind: 'order'; readonly orderId: string }
  | { readonly kind: 'intent'; readonly intentId: string }
  | { readonly kind: 'call'; readonly spanId: string }
  | { readonly kind: 'fault'; readonly faultId: string };

export type ThemeChoice = 'system' | 'light' | 'dark';
export const DOCK_TABS = [
  'trace',
  'saga',
  'breakers',
  'databases',
  'events',
  'log',
  'script',
  'api',
  'discovery',
  'releases',
  'gateway',
] as const;
export type DockTab = (typeof DOCK_TABS)[number];
/** Parts of the page that an address may hide; the diagram is always there. */
export const ZONES = ['top', 'figures', 'controls', 'narrator', 'time', 'dock', 'inspector'] as const;
export type Zone = (typeof ZONES)[number];

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'fail';
  readonly undo: (() => void) | null;
  /** Something else that can be done about it. */
  readonly action: ToastAction | null;
}

export interface ToastAction {
  readonly title: string;
  readonly act: () => void;
}

interface ToastOptions {
  readonly tone?: Toast['tone'];
  readonly undo?: () => void;
  readonly action?: ToastAction;
}

/** What the person looks at; nothing here changes the run. */
export interface ViewState {
  readonly selection: Selection | null;
  /** The order of the trace and the saga view; it stays when something else is selected. */
  readonly orderId: string | null;
  readonly theme: ThemeChoice;
  readonly dockTab: DockTab;
  readonly dockOpen: boolean;
  /** The dock opens by itself once, when something fails. */
  readonly dockTouched: boolean;
  /** A folded tab that has something new to show. */
  readonly dockNews: DockTab | null;
  readonly helpOpen: boolean;
  readonly shareOpen: boolean;
  readonly setupsOpen: boolean;
  readonly keysOn: boolean;
  /** In a narrow window the controls slide over the diagram. */
  readonly controlsOpen: boolean;
  readonly played: boolean;
  /** Larger and clearer, for the back row. */
  readonly projector: boolean;
  /** The diagram is shown as tables. */
  readonly asTable: boolean;
  readonly hidden: readonly Zone[];
  /** What the address wants hidden and nobody knows. */
  readonly unknownZones: readonly string[];
  readonly toasts: readonly Toast[];
  /** While two runs are compared. */
  readonly comparison: Comparison | null;
}

export type ViewStore = StoreApi<ViewState> & {
  readonly select: (selection: Selection | null) => void;
  readonly openDock: (tab: DockTab) => void;
  readonly toast: (text: string, options?: ToastOptions) => void;
  readonly dismissToast: (id: number) => void;
};

const TOAST_MS = 7000;

export function createViewStore(initial: Partial<ViewState> = {}): ViewStore {
  const store = createStore<ViewState>(() => ({
    selection: null,
    orderId: initial.selection?.kind === 'order' ? initial.selection.orderId : null,
    theme: 'system',
    dockTab: 'saga',
    dockOpen: false,
    dockTouched: false,
    dockNews: null,
    helpOpen: false,
    shareOpen: false,
    setupsOpen: false,
    keysOn: true,
    controlsOpen: false,
    played: false,
    projector: false,
    asTable: false,
    hidden: [],
    unknownZones: [],
    toasts: [],
    comparison: null,
    ...initial,
  }));
  let toasts = 0;
  const dismissToast = (id: number) =>
    store.setState((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) }));
  return Object.assign(store, {
    select: (selection: Selection | null) =>
      store.setState(selection?.kind === 'order' ? { selection, orderId: selection.orderId } : { selection }),
    openDock: (dockTab: DockTab) =>
      store.setState({ dockTab, dockOpen: true, dockTouched: true, dockNews: null }),
    toast: (text: string, options: ToastOptions = {}) => {
      toasts += 1;
      const id = toasts;
      const toast: Toast = {
        id,
        text,
        tone: options.tone ?? 'plain',
        undo: options.undo ?? null,
        action: options.action ?? null,
      };
      store.setState((state) => ({ toasts: [...state.toasts.slice(-2), toast] }));
      setTimeout(() => dismissToast(id), TOAST_MS);
    },
    dismissToast,
  });
}
