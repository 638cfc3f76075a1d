import { useStoreApi } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import type { RunEvent } from '../../../../kernel/index.ts';
import { useReducedMotion, useStores } from '../../../state/hooks.ts';
import type { LiveRun } from '../../../state/live-run.ts';
import type { ViewState } from '../../../state/view-store.ts';
import { DIAGRAM } from '../geometry.ts';
import { drawTokens, type TokenColours } from './draw-tokens.ts';
import { FrameLoop, frameGapMs } from './frame-loop.ts';
import { placeTokens } from './place-tokens.ts';

const NO_TRACES: ReadonlySet<string> = new Set();
/** Tokens at the diagram's rim reach over it by half their size. */
const RIM = 16;

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

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The part of the view that the diagram covers: what lies outside of it need not be painted. */
export function canvasPlace(
  [x, y, zoom]: readonly [number, number, number],
  view: { readonly width: number; readonly height: number },
): Place {
  const left = Math.max(0, Math.floor(x - RIM));
  const top = Math.max(0, Math.floor(y - RIM));
  const right = Math.min(view.width, Math.ceil(x + DIAGRAM.width * zoom + RIM));
  const bottom = Math.min(view.height, Math.ceil(y + DIAGRAM.height * zoom + RIM));
  return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/**
 * Every call and message under way, on one canvas over the diagram; nobody needs to hear of it. It is drawn
 * again only while something moves: a shop that stands still, or in which nothing is under way, costs nothing.
 */
export function TokenLayer() {
  const { run, view } = useStores();
  const flow = useStoreApi();
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const still = useReducedMotion();

  useEffect(() => {
    const canvas = canvasRef.current;
    const context = canvas?.getContext('2d') ?? null;
    if (canvas === null || context === null || still) return;
    let colours = readColours(canvas);
    let theme = document.documentElement.dataset['theme'];
    let placed = '';
    let empty = false;

    const tracesOf = (state: ViewState): ReadonlySet<string> => {
      if (state.selection?.kind !== 'order') return NO_TRACES;
      const intent = run.getState().projections.orders.byOrder.get(state.selection.orderId);
      return intent === undefined ? NO_TRACES : new Set(intent.traceIds);
    };

    const fitCanvas = (place: Place, pixelRatio: number) => {
      const key = `${place.left}/${place.top}/${place.width}x${place.height}@${pixelRatio}`;
      if (key === placed) return;
      placed = key;
      empty = false;
      canvas.style.left = `${place.left}px`;
      canvas.style.top = `${place.top}px`;
      canvas.style.width = `${place.width}px`;
      canvas.style.height = `${place.height}px`;
      canvas.width = Math.round(place.width * pixelRatio);
      canvas.height = Math.round(place.height * pixelRatio);
    };

    /** Draws the present moment; true while the next one will look different. */
    const draw = (): boolean => {
      const { transform, width, height } = flow.getState();
      const state = run.getState();
      const viewState = view.getState();
      const { projections } = state;
      const registry = viewState.selection?.kind === 'service' && viewState.selection.service === 'registry';
      const tokens = placeTokens(projections.calls.byId.values(), {
        nowUs: run.nowUs(),
        hopMs: projections.facts.settings?.hop.meanMs ?? 250,
        planes: registry ? ['data', 'control'] : ['data'],
      });
      const pixelRatio = window.devicePixelRatio || 1;
      const place = canvasPlace(transform, { width, height });
      fitCanvas(place, pixelRatio);
      if (tokens.length > 0 || !empty) {
        const dark = document.documentElement.dataset['theme'];
        if (dark !== theme) {
          theme = dark;
          colours = readColours(canvas);
        }
        drawTokens(context, tokens, {
          x: transform[0] - place.left,
          y: transform[1] - place.top,
          zoom: transform[2],
          width: place.width,
          height: place.height,
          pixelRatio,
          colours,
          traces: tracesOf(viewState),
        });
      }
      empty = tokens.length === 0;
      return !empty && !(state.run?.clock().paused ?? true);
    };

    const loop = new FrameLoop(draw, frameGapMs(navigator.hardwareConcurrency));
    const wake = () => loop.wake();

    let heard: LiveRun | null = null;
    let stopHearing = () => {};
    /** A call that begins is drawn at once, not at the next tick of the page. */
    const hear = () => {
      const live = run.getState().run;
      if (live === heard) return;
      stopHearing();
      heard = live;
      stopHearing = live === null ? () => {} : live.subscribe((_events: readonly RunEvent[]) => wake());
    };
    hear();
    const stops = [
      run.subscribe((state, before) => {
        hear();
        if (state.paused !== before.paused || state.projections !== before.projections) wake();
        // Steps of a run that stands still.
        else if (state.paused && state.nowUs !== before.nowUs) wake();
      }),
      view.subscribe((state, before) => {
        if (state.selection !== before.selection || state.theme !== before.theme) wake();
      }),
      flow.subscribe((state, before) => {
        if (
          state.transform !== before.transform ||
          state.width !== before.width ||
          state.height !== before.height
        )
          wake();
      }),
    ];
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', wake);
    wake();
    return () => {
      loop.stop();
      stopHearing();
      for (const stop of stops) stop();
      system.removeEventListener('change', wake);
    };
  }, [flow, run, view, still]);

  return still ? null : <canvas ref={canvasRef} className="token-layer" aria-hidden="true" />;
}
