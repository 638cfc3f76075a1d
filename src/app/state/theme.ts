import type { ThemeChoice, ViewState, ViewStore } from './view-store.ts';

const STORED = 'bulkhead.theme';

const darkSystem = () => matchMedia('(prefers-color-scheme: dark)');

function apply({ theme: choice, projector }: ViewState): void {
  const dark = choice === 'dark' || (choice === 'system' && darkSystem().matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  document.documentElement.dataset['projector'] = projector ? 'on' : 'off';
}

/** The choice of an earlier visit; storage may be refused, which is no reason to fail. */
export function storedTheme(): ThemeChoice {
  try {
    const stored = localStorage.getItem(STORED);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}

export function followTheme(view: ViewStore): () => void {
  apply(view.getState());
  const system = darkSystem();
  const again = () => apply(view.getState());
  system.addEventListener('change', again);
  const stop = view.subscribe((state, before) => {
    if (state.projector !== before.projector) apply(state);
    if (state.theme === before.theme) return;
    apply(state);
    try {
      localStorage.setItem(STORED, state.theme);
    } catch {
      // A private window: the choice lasts as long as the page.
    }
  });
  return () => {
    stop();
    system.removeEventListener('change', again);
  };
}
