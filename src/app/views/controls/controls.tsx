import { Bug, Send, X } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useRef } from 'react';
import { activeFaults } from '../../../projections/index.ts';
import { useNarrow, useRun, useStores, useView } from '../../state/hooks.ts';
import { BreakSection } from './break-section.tsx';
import { FaultList } from './fault-list.tsx';
import { SendSection } from './send-section.tsx';

const LabSection = lazy(() => import('./lab-section.tsx'));

/** What a person does to the shop: send requests, break things. A rail with a panel that slides over, where it is narrow. */
export function Controls() {
  const narrow = useNarrow();
  return narrow ? <ControlsRail /> : <ControlsPanel />;
}

function Sections({ onBreak }: { readonly onBreak?: () => void }) {
  const lab = useRun((state) => state.run !== null && state.run.lab !== null);
  return (
    <>
      {lab && (
        <Suspense fallback={null}>
          <LabSection />
        </Suspense>
      )}
      <SendSection />
      <BreakSection onBreak={onBreak} />
      <FaultList />
    </>
  );
}

function ControlsPanel() {
  return (
    <aside className="controls" aria-label="Controls">
      <Sections />
    </aside>
  );
}

function ControlsRail() {
  const { view } = useStores();
  const open = useView((state) => state.controlsOpen);
  const faults = useRun((state) => activeFaults(state.projections.faults).length);
  const toggle = () => view.setState({ controlsOpen: !open });
  const rail = useRef<HTMLElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const closeAndGoBack = useCallback(() => {
    opener.current?.focus();
    view.setState({ controlsOpen: false });
  }, [view]);
  useEffect(() => {
    const element = rail.current;
    if (element === null || !open) return;
    const close = () => view.setState({ controlsOpen: false });
    // Whoever goes on by keys sees where they are; whoever points at the diagram has its services beside the panel.
    const onFocus = ({ target }: FocusEvent) => {
      if (target instanceof Element && !element.contains(target) && target.matches(':focus-visible')) close();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      closeAndGoBack();
    };
    document.addEventListener('focusin', onFocus);
    element.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('focusin', onFocus);
      element.removeEventListener('keydown', onKey);
    };
  }, [open, view, closeAndGoBack]);
  return (
    <aside className="rail" aria-label="Controls" ref={rail}>
      <button type="button" className="rail-btn" aria-expanded={open} onClick={toggle} ref={opener}>
        <Send size={20} aria-hidden="true" />
        Send
      </button>
      <button type="button" className="rail-btn" aria-expanded={open} onClick={toggle}>
        <Bug size={20} aria-hidden="true" />
        Break
        {faults > 0 && (
          <span className="rail-count num">
            {faults}
            <span className="sr-only"> active faults</span>
          </span>
        )}
      </button>
      {open && (
        <div className="rail-panel">
          <button
            type="button"
            className="icon-btn absolute top-2 right-2"
            aria-label="Close the controls"
            onClick={toggle}
          >
            <X size={16} aria-hidden="true" />
          </button>
          {/* It would cover what the fault does, and the question about it. */}
          <Sections onBreak={closeAndGoBack} />
        </div>
      )}
    </aside>
  );
}
