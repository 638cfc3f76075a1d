import { SERVICE_NAMES, type ServiceName } from '../../kernel/index.ts';
import {
  DOCK_TABS,
  type DockTab,
  type Selection,
  type ThemeChoice,
  type ViewState,
  type ViewStore,
} from './view-store.ts';

const isService = (text: string): text is ServiceName => (SERVICE_NAMES as readonly string[]).includes(text);

function writeSelection(selection: Selection | null): string | null {
  switch (selection?.kind) {
    case 'service':
      return `service:${selection.service}`;
    case 'edge':
      return `edge:${selection.from}~${selection.to}`;
    case 'order':
      return `order:${selection.orderId}`;
    case 'fault':
      return `fault:${selection.faultId}`;
    default:
      return null;
  }
}

function readSelection(text: string | null): Selection | null {
  if (text === null) return null;
  const colon = text.indexOf(':');
  const value = text.slice(colon + 1);
  switch (text.slice(0, colon)) {
    case 'service':
      return isService(value) ? { kind: 'service', service: value } : null;
    case 'edge': {
      const [from = '', to = ''] = value.split('~');
      return isService(from) && isService(to) ? { kind: 'edge', from, to } : null;
    }
    case 'order':
      return { kind: 'order', orderId: value };
    case 'fault':
      return { kind: 'fault', faultId: value };
    default:
      return null;
  }
}

/** `#select=service:shipping&dock=saga&theme=dark`: what of the view is in the address. */
export function readHash(hash: string): Partial<ViewState> {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const theme = parameters.get('theme');
  const dock = parameters.get('dock');
  const tab = DOCK_TABS.find((candidate) => candidate === dock);
  return {
    selection: readSelection(parameters.get('select')),
    ...(theme === 'light' || theme === 'dark' ? { theme: theme as ThemeChoice } : {}),
    ...(tab === undefined ? {} : { dockTab: tab as DockTab, dockOpen: true, dockTouched: true }),
  };
}

/**
 * `#composition=monolith`: which shop the page starts; null: it does not say. Read once, when the page is
 * loaded: another composition is another run.
 */
export function readComposition(hash: string): 'microservices' | 'monolith' | null {
  const value = new URLSearchParams(hash.replace(/^#/, '')).get('composition');
  return value === 'microservices' || value === 'monolith' ? value : null;
}

export function writeHash(state: ViewState, before: string): string {
  const parameters = new URLSearchParams(before.replace(/^#/, ''));
  const put = (name: string, value: string | null) => {
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
  };
  put('select', writeSelection(state.selection));
  put('dock', state.dockOpen ? state.dockTab : null);
  put('theme', state.theme === 'system' ? null : state.theme);
  const text = parameters.toString().replaceAll('%3A', ':').replaceAll('%7E', '~');
  return text === '' ? '' : `#${text}`;
}

/** Keeps the address in step with the view, without adding to the history. */
export function followHash(view: ViewStore): () => void {
  return view.subscribe((state) => {
    const hash = writeHash(state, location.hash);
    if (hash !== location.hash)
      history.replaceState(null, '', `${location.pathname}${location.search}${hash}`);
  });
}
