import { SERVICE_NAMES, type ServiceName } from '../../kernel/index.ts';
import type { RunWish } from '../start-run.ts';
import type { RunStore } from './run-store.ts';
import {
  DOCK_TABS,
  type DockTab,
  type Selection,
  type ThemeChoice,
  type ViewState,
  type ViewStore,
  ZONES,
  type Zone,
} from './view-store.ts';

const isService = (text: string): text is ServiceName => (SERVICE_NAMES as readonly string[]).includes(text);

export function writeSelection(selection: Selection | null): string | null {
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

const parametersOf = (hash: string) => new URLSearchParams(hash.replace(/^#/, ''));

const MOST_UNKNOWN = 5;

/** `hide=top,controls`, in the query or the fragment: what a page around this one does not want to show. */
function readHidden(wishes: readonly string[]): Partial<ViewState> {
  const names = new Set(wishes.flatMap((wish) => wish.split(',')).map((name) => name.trim()));
  names.delete('');
  if (names.size === 0) return {};
  return {
    hidden: ZONES.filter((zone) => names.has(zone)),
    unknownZones: [...names].filter((name) => !ZONES.includes(name as Zone)).slice(0, MOST_UNKNOWN),
  };
}

/** `#select=service:shipping&dock=saga&theme=dark&projector=1`: what of the view is in the address. */
export function readHash(hash: string, search = ''): Partial<ViewState> {
  const parameters = parametersOf(hash);
  const theme = parameters.get('theme');
  const dock = parameters.get('dock');
  const tab = DOCK_TABS.find((candidate) => candidate === dock);
  return {
    selection: readSelection(parameters.get('select')),
    ...(theme === 'light' || theme === 'dark' ? { theme: theme as ThemeChoice } : {}),
    ...(tab === undefined ? {} : { dockTab: tab as DockTab, dockOpen: true, dockTouched: true }),
    ...(parameters.get('projector') === '1' ? { projector: true } : {}),
    ...(parameters.get('view') === 'table' ? { asTable: true } : {}),
    ...readHidden([...new URLSearchParams(search).getAll('hide'), ...parameters.getAll('hide')]),
  };
}

/** `#setup=slow-payments`: which of the ready-made setups the page starts; null: it does not say. */
export function readSetupName(hash: string): string | null {
  const name = parametersOf(hash).get('setup') ?? '';
  return /^[a-z0-9-]{1,40}$/.test(name) ? name : null;
}

/**
 * `#composition=monolith`: which shop the page starts; null: it does not say. Read once, when the page is
 * loaded: another composition is another run.
 */
export function readComposition(hash: string): 'microservices' | 'monolith' | null {
  const value = parametersOf(hash).get('composition');
  return value === 'microservices' || value === 'monolith' ? value : null;
}

const mostSeed = 4_294_967_295;

/** `#host=lab&setup=slow-payments&composition=monolith&seed=7`: the run that the page begins with. */
export function readRunWish(hash: string): RunWish {
  const parameters = parametersOf(hash);
  const seed = Number(parameters.get('seed') ?? Number.NaN);
  return {
    host: parameters.get('host') === 'lab' ? 'lab' : 'live',
    setup: readSetupName(hash) ?? 'classroom',
    composition: readComposition(hash) ?? 'microservices',
    seed: Number.isInteger(seed) && seed >= 0 && seed <= mostSeed ? seed : null,
  };
}

/** `#compare=1`: both compositions side by side. */
export const readCompare = (hash: string): boolean => parametersOf(hash).get('compare') === '1';

/** The address with another run in it. */
export function withRunWish(hash: string, { host, setup, composition, seed }: RunWish): string {
  const parameters = parametersOf(hash);
  const put = (name: string, value: string | null) =>
    value === null ? parameters.delete(name) : parameters.set(name, value);
  put('host', host === 'lab' ? 'lab' : null);
  put('setup', setup === 'classroom' ? null : setup);
  put('composition', composition === 'monolith' ? 'monolith' : null);
  put('seed', seed === null ? null : String(seed));
  return hashOf(parameters);
}

/** The address of a view; what else stands in the address stays. */
export function writeHash(state: ViewState, before: string): string {
  const parameters = parametersOf(before);
  const put = (name: string, value: string | null) => {
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
  };
  put('select', writeSelection(state.selection));
  put('dock', state.dockOpen ? state.dockTab : null);
  put('theme', state.theme === 'system' ? null : state.theme);
  put('projector', state.projector ? '1' : null);
  put('view', state.asTable ? 'table' : null);
  put('compare', state.comparison?.branch === null ? '1' : null);
  return hashOf(parameters);
}

/** As a fragment that people can read. */
export function hashOf(parameters: URLSearchParams): string {
  const text = parameters.toString().replaceAll('%3A', ':').replaceAll('%7E', '~').replaceAll('%2C', ',');
  return text === '' ? '' : `#${text}`;
}

function show(hash: string): void {
  if (hash !== location.hash) history.replaceState(null, '', `${location.pathname}${location.search}${hash}`);
}

/** Keeps the address in step with the view, without adding to the history. */
export const followHash = (view: ViewStore): (() => void) =>
  view.subscribe((state) => show(writeHash(state, location.hash)));

/**
 * A run that was taken to the Lab, or compared there, is in the address too: what was done in it is not, but its
 * setup begins there again after a reload.
 */
export const followLab = (store: RunStore): (() => void) =>
  store.subscribe(({ phase, run, scenario }, before) => {
    const lab = run?.lab ?? null;
    if (phase !== 'ready' || lab === null || scenario === null) return;
    if (phase === before.phase && run === before.run) return;
    const { name, composition, seed } = scenario.setup;
    show(
      withRunWish(location.hash, {
        host: 'lab',
        setup: name,
        composition,
        seed: lab.seed === seed ? null : lab.seed,
      }),
    );
  });
