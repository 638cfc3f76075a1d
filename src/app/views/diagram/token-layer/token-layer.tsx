import { useStoreApi } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { useReducedMotion, useStores } from '../../../state/hooks.ts';
import type { ViewState } from '../../../state/view-store.ts';
import { drawTokens, type TokenColours } from './draw-tokens.ts';
import { placeTokens } from './place-tokens.ts';

const NO_TRACES: ReadonlySet<string> = new Set();

function readColours(element: Element): TokenColours {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: colour('--ink'),
    paper: colour('--paper'),
    ok: colour('--ok'),
    fail: colour('--fail'),
    half: colour('--half'),
  };
}

/** Every call and message under way, on one canvas over the diagram, at every frame. Nobody needs to hear of it. */
export function TokenLayer() {
  const { run, view } = useStores();
  const flow = useStoreApi();
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const still = useReducedMotion();

  useEffect(() => {
    const canvas = canvasRef.current;
    const context = canvas?.getContext('2d') ?? null;
    if (canvas === null || context === null || still) return;
    let frame = 0;
    let drawn = '';
    let colours = readColours(canvas);
    let theme = document.documentElement.dataset['theme'];

    const tracesOf = (state: ViewState): ReadonlySet<string> => {
      if (state.selection?.kind !== 'order') return NO_TRACES;
      const intent = run.getState().projections.orders.byOrder.get(state.selection.orderId);
      return intent === undefined ? NO_TRACES : new Set(intent.traceIds);
    };

    const draw = () => {
      frame = requestAnimationFrame(draw);
      const { transform, width, height } = flow.getState();
      const pixelRatio = window.devicePixelRatio || 1;
      const nowUs = run.nowUs();
      const state = run.getState();
      const viewState = view.getState();
      const dark = document.documentElement.dataset['theme'];
      if (dark !== theme) {
        theme = dark;
        colours = readColours(canvas);
      }
      // A paused run is drawn once, and again when the view moves.
      const now = `${nowUs}/${state.tick}/${transform.join()}/${width}x${height}@${pixelRatio}/${theme}/${JSON.stringify(viewState.selection)}`;
      if (now === drawn) return;
      drawn = now;
      if (
        canvas.width !== Math.round(width * pixelRatio) ||
        canvas.height !== Math.round(height * pixelRatio)
      ) {
        canvas.width = Math.round(width * pixelRatio);
        canvas.height = Math.round(height * pixelRatio);
      }
      const { projections } = state;
      const registry = viewState.selection?.kind === 'service' && viewState.selection.service === 'registry';
      const tokens = placeTokens(projections.calls.byId.values(), {
        nowUs,
        hopMs: projections.facts.settings?.hop.meanMs ?? 250,
        planes: registry ? ['data', 'control'] : ['data'],
      });
      drawTokens(context, tokens, {
        x: transform[0],
        y: transform[1],
        zoom: transform[2],
        width,
        height,
        pixelRatio,
        colours,
        traces: tracesOf(viewState),
      });
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [flow, run, view, still]);

  return still ? null : <canvas ref={canvasRef} className="token-layer" aria-hidden="true" />;
}
