import { CircleQuestionMark, Monitor, Moon, RotateCcw, Sun } from 'lucide-react';
import type { SafetyNets } from '../../kernel/index.ts';
import { useActions, useRun, useStores, useView, useWide } from '../state/hooks.ts';
import type { ThemeChoice } from '../state/view-store.ts';
import { Segmented } from '../widgets/segmented.tsx';
import { Term } from '../widgets/term.tsx';
import { FiguresStrip } from './figures-strip.tsx';

const NETS = [
  { value: 'none', label: 'None' },
  { value: 'classroom', label: 'Classroom' },
  { value: 'production', label: 'Production' },
] as const;

const THEMES: readonly { readonly value: ThemeChoice; readonly name: string; readonly Icon: typeof Sun }[] = [
  { value: 'system', name: 'Theme: as the system', Icon: Monitor },
  { value: 'light', name: 'Theme: light', Icon: Sun },
  { value: 'dark', name: 'Theme: dark', Icon: Moon },
];

export function TopBar() {
  const actions = useActions();
  const { view } = useStores();
  const wide = useWide();
  const setup = useRun((state) => state.setupTitle);
  const nets = useRun((state): SafetyNets | null => state.projections.facts.settings?.safetyNets ?? null);
  return (
    <header className="top-bar">
      <div className="flex min-w-0 items-baseline gap-2">
        <h1 className="brand">Bulkhead</h1>
        <span className="truncate text-muted">{setup}</span>
      </div>
      <div className="min-w-0 grow">{wide && <FiguresStrip />}</div>
      <div className="flex items-center gap-2">
        <Term
          tip="What protects each call: timeouts, retries, circuit breakers, bulkheads. Key B switches between none and classroom."
          className="text-s text-muted"
        >
          Safety nets
        </Term>
        <Segmented
          legend="Safety nets"
          options={NETS}
          value={nets === 'custom' ? null : nets}
          onChange={actions.safetyNets}
        />
      </div>
      <ThemeButton />
      <button
        type="button"
        className="icon-btn"
        aria-label="Help: keys and signs (?)"
        title="Help (?)"
        onClick={() => view.setState({ helpOpen: true })}
      >
        <CircleQuestionMark size={18} aria-hidden="true" />
      </button>
      <button type="button" className="btn" title="Begin the setup again (R)" onClick={actions.reset}>
        <RotateCcw size={14} aria-hidden="true" /> Reset
      </button>
    </header>
  );
}

/** One button, three states; its name says the present one. */
function ThemeButton() {
  const { view } = useStores();
  const theme = useView((state) => state.theme);
  const at = Math.max(
    0,
    THEMES.findIndex((candidate) => candidate.value === theme),
  );
  const now = THEMES[at];
  const next = THEMES[(at + 1) % THEMES.length];
  if (now === undefined || next === undefined) return null;
  return (
    <button
      type="button"
      className="icon-btn"
      aria-label={`${now.name}. Switch to ${next.value}`}
      title={now.name}
      onClick={() => view.setState({ theme: next.value })}
    >
      <now.Icon size={18} aria-hidden="true" />
    </button>
  );
}
