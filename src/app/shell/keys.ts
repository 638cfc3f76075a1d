import { useEffect } from 'react';
import type { ServiceName } from '../../kernel/index.ts';
import { type FaultPlace, makeFault, SPEEDS, USUAL_WISHES } from '../state/actions.ts';
import { useStores } from '../state/hooks.ts';
import { toggleProjector } from '../state/projector.ts';

/** Every key, as the help lists them. */
export const KEYS: readonly { readonly key: string; readonly what: string }[] = [
  { key: 'Space', what: 'Play, pause' },
  { key: '. ,', what: 'On to the next event, back to the one before' },
  { key: 'PageDown PageUp', what: 'Play to the next stop, back to the one before' },
  { key: '[ ]', what: 'Slower, faster' },
  { key: '← ↑ ↓ →', what: 'In the diagram: go to the neighbour' },
  { key: 'Enter', what: 'Select what has focus' },
  { key: '1 2 3 4', what: 'Select User, Product, Order, Shipping' },
  { key: 'S', what: 'Slow: what is selected takes 2 s longer' },
  { key: 'E', what: 'Errors: what is selected fails for 80 % of its calls' },
  { key: 'D', what: 'Down: take away what is selected' },
  { key: 'B', what: 'Safety nets: none or classroom' },
  { key: 'C', what: 'Compare: as services and as a monolith, side by side' },
  { key: 'P', what: 'Projector: larger and clearer, on the full screen' },
  { key: 'R', what: 'Reset: begin the setup again' },
  { key: 'Esc', what: 'Deselect; then fold the details' },
  { key: '?', what: 'This help' },
];

const NUMBERED: Readonly<Record<string, ServiceName>> = {
  '1': 'user',
  '2': 'product',
  '3': 'order',
  '4': 'shipping',
};

/** One step along the speeds that the time bar offers; from a speed between two of them, to the nearer one. */
export function nextSpeed(speed: number, step: 1 | -1): number {
  const further =
    step === 1 ? SPEEDS.filter((one) => one > speed) : SPEEDS.filter((one) => one < speed).reverse();
  return further[0] ?? speed;
}

/** Where single keys act: nowhere that text or a choice is being made. */
function listens(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return true;
  if (target === document.body || target === document.documentElement) return true;
  return (
    target.closest('[data-keys="on"]') !== null &&
    target.closest('input, select, textarea, [role="dialog"]') === null
  );
}

export function useKeys(): void {
  const { run, view, actions } = useStores();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const state = view.getState();
      if (state.helpOpen || state.shareOpen || state.setupsOpen) return;
      if (
        event.key === '?' &&
        !(event.target instanceof Element && event.target.closest('input, textarea, select') !== null)
      ) {
        view.setState({ helpOpen: true });
        return;
      }
      if (
        event.key === 'Escape' &&
        !(event.target instanceof Element && event.target.closest('input, select, textarea') !== null)
      ) {
        // No character: it may act wherever the focus is.
        if (state.selection !== null) view.select(null);
        else if (state.dockOpen) view.setState({ dockOpen: false, dockTouched: true });
        event.preventDefault();
        return;
      }
      if (!state.keysOn || !listens(event.target)) return;
      const place = (): FaultPlace => {
        const { selection } = view.getState();
        if (selection?.kind === 'service' && selection.service !== 'customers')
          return { kind: 'service', service: selection.service };
        if (selection?.kind === 'edge' && selection.from !== 'customers')
          return { kind: 'edge', from: selection.from, to: selection.to };
        return { kind: 'service', service: 'shipping' };
      };
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const service = NUMBERED[key];
      if (key === ' ') {
        // A focused button keeps its Space, except Play itself, which means the same.
        if (event.target instanceof Element && event.target.closest('button, a') !== null) return;
        actions.toggle();
      } else if (service !== undefined) view.select({ kind: 'service', service });
      else if (key === '[' || key === ']')
        actions.speed(nextSpeed(run.getState().speed, key === ']' ? 1 : -1));
      else if (key === 's') actions.addFault(makeFault(USUAL_WISHES.slow, place(), null));
      else if (key === 'e') actions.addFault(makeFault(USUAL_WISHES.errors, place(), null));
      else if (key === 'd') actions.addFault(makeFault(USUAL_WISHES.down, place(), null));
      else if (key === 'b') {
        const nets = run.getState().projections.facts.settings?.safetyNets;
        actions.safetyNets(nets === 'none' ? 'classroom' : 'none');
      } else if (key === 'p') toggleProjector(view);
      else if (key === 'c') actions.compare();
      else if (key === '.') void run.step(1);
      else if (key === ',') void run.step(-1);
      else if (key === 'PageDown') actions.toNextStop();
      else if (key === 'PageUp') actions.toStopBefore();
      else if (key === 'r') actions.reset();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [run, view, actions]);
}
