import {
  ChevronDown,
  CircleQuestionMark,
  Columns2,
  Monitor,
  Moon,
  Presentation,
  RotateCcw,
  Share2,
  Shield,
  Sun,
} from 'lucide-react';
import type { SafetyNets } from '../../kernel/index.ts';
import { useActions, useHidden, useMedia, useRun, useStores, useView, useWide } from '../state/hooks.ts';
import { toggleProjector } from '../state/projector.ts';
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
  const room = useMedia('(min-width: 1600px)') || !wide;
  const roomForSign = useMedia('(min-width: 1440px)');
  const figures = !useHidden('figures');
  const comparing = useView((state) => state.comparison !== null);
  const projector = useView((state) => state.projector);
  const nets = useRun((state): SafetyNets | null => state.projections.facts.settings?.safetyNets ?? null);
  return (
    <header className="top-bar">
      <div className="flex min-w-0 items-baseline gap-2">
        <h1 className="brand">Bulkhead</h1>
        <RunTitle />
      </div>
      <div className="min-w-0 grow">{wide && figures && !comparing && <FiguresStrip />}</div>
      <div className="flex items-center gap-2">
        {(room || roomForSign) && (
          <Term
            tip="Safety nets protect each call: timeouts, retries, circuit breakers, bulkheads. Key B switches between none and classroom."
            className={`text-s text-muted ${room ? 'whitespace-nowrap' : 'grid size-6 place-items-center'}`}
          >
            {!room && <Shield size={16} aria-hidden="true" />}
            <span className={room ? '' : 'sr-only'}>Safety nets</span>
          </Term>
        )}
        <Segmented
          legend="Safety nets"
          options={NETS}
          value={nets === 'custom' ? null : nets}
          onChange={actions.safetyNets}
        />
      </div>
      <CompareButton />
      <div className="flex gap-1">
        <ThemeButton />
        <button
          type="button"
          className="icon-btn"
          aria-label="Projector: larger and clearer (P)"
          title="Projector (P)"
          aria-pressed={projector}
          onClick={() => toggleProjector(view)}
        >
          <Presentation size={18} aria-hidden="true" />
        </button>
        <button
          type="button"
          className="icon-btn"
          aria-label="Share: a link, a QR code, a frame"
          title="Share"
          onClick={() => view.setState({ shareOpen: true })}
        >
          <Share2 size={18} aria-hidden="true" />
        </button>
        <button
          type="button"
          className="icon-btn"
          aria-label="Help: keys and signs (?)"
          title="Help (?)"
          onClick={() => view.setState({ helpOpen: true })}
        >
          <CircleQuestionMark size={18} aria-hidden="true" />
        </button>
      </div>
      <button type="button" className="btn" title="Begin the setup again (R)" onClick={actions.reset}>
        <RotateCcw size={14} aria-hidden="true" />
        <span className={room ? '' : 'sr-only'}>Reset</span>
      </button>
    </header>
  );
}

function CompareButton() {
  const actions = useActions();
  const comparing = useView((state) => state.comparison !== null);
  const ready = useRun((state) => state.phase === 'ready');
  return (
    <button
      type="button"
      className="btn"
      title="The same run as services and as a monolith, side by side (C)"
      aria-pressed={comparing}
      disabled={!ready}
      onClick={actions.compare}
      data-testid="compare"
    >
      <Columns2 size={14} aria-hidden="true" /> Compare
    </button>
  );
}

/** Which run this is; a press chooses another. */
function RunTitle() {
  const { view } = useStores();
  const title = useRun(
    (state) => state.scenario?.setup.title ?? (state.phase === 'failed' ? 'Choose a setup' : ''),
  );
  const monolith = useRun((state) => state.scenario?.setup.composition === 'monolith');
  const seed = useRun((state) => state.run?.lab?.seed ?? null);
  const room = useMedia('(min-width: 1600px)');
  return (
    <button
      type="button"
      className="run-title"
      title="Choose a setup, live or in the Lab"
      onClick={() => view.setState({ setupsOpen: true })}
      data-testid="run-title"
    >
      <span className="truncate">
        {title}
        {/* The diagram says so, too. */}
        {monolith && <span className={room ? '' : 'sr-only'}>, as a monolith</span>}
      </span>
      {seed !== null && <span className="lab-chip">{room ? `Lab, seed ${seed}` : 'Lab'}</span>}
      <ChevronDown size={14} aria-hidden="true" className="flex-none" />
    </button>
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
