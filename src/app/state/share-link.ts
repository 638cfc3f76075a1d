import type { RunWish } from '../start-run.ts';
import { hashOf, withRunWish, writeSelection } from './hash.ts';
import type { DockTab, Selection, ThemeChoice, Zone } from './view-store.ts';

/**
 * What a link opens. Only what is named here goes into it: an address may be read by anybody, so nothing of a
 * run may slip in. What has happened in a run cannot be sent: the link begins it again.
 */
export interface ShareState {
  /** The page's own address; its query and fragment are left out. */
  readonly page: string;
  /** A ready-made setup, by its name. One that was changed by hand is not in the link yet. */
  readonly run: RunWish;
  readonly selection: Selection | null;
  /** null: folded. */
  readonly dock: DockTab | null;
  readonly theme: ThemeChoice;
  readonly projector: boolean;
  /** The diagram as tables. */
  readonly asTable: boolean;
  /** Both compositions side by side. */
  readonly compare: boolean;
  readonly hidden: readonly Zone[];
}

/** Services and connections are in every run of a setup; an order or a fault is there once it has happened. */
const lasting = (selection: Selection | null): Selection | null =>
  selection?.kind === 'service' || selection?.kind === 'edge' ? selection : null;

/** The address that opens the very same thing elsewhere; `readHash` and its neighbours read it. */
export function shareLink(state: ShareState): string {
  const { page, run, selection, dock, theme, projector, asTable, compare, hidden } = state;
  const address = new URL(page);
  address.search = '';
  address.hash = '';
  const parameters = new URLSearchParams(withRunWish('', run).replace(/^#/, ''));
  const selected = writeSelection(lasting(selection));
  if (selected !== null) parameters.set('select', selected);
  if (dock !== null) parameters.set('dock', dock);
  if (theme !== 'system') parameters.set('theme', theme);
  if (projector) parameters.set('projector', '1');
  if (asTable) parameters.set('view', 'table');
  if (compare) parameters.set('compare', '1');
  if (hidden.length > 0) parameters.set('hide', hidden.join(','));
  return `${address.href}${hashOf(parameters)}`;
}

const attribute = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/** HTML for a page that shows the shop in a frame. */
export const embedSnippet = (link: string, title: string): string =>
  `<iframe src="${attribute(link)}" title="${attribute(title)}" width="100%" height="640" style="border: 0" allow="fullscreen; clipboard-write"></iframe>`;

/** An address that no other computer can open. */
export const isOwnComputer = (page: string): boolean =>
  /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\]|)$/.test(new URL(page).hostname);
