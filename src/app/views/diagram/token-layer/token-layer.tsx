import { useStoreApi } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import type { Plane } from '../../../../kernel/index.ts';
import { useReducedMotion, useStores } from '../../../state/hooks.ts';
import type { ViewState } from '../../../state/view-store.ts';
import { DIAGRAM } from '../geometry.ts';
import { atMostEvery } from './at-most-every.ts';
import type { TokenColours } from './draw-tokens.ts';
import { frameGapMs } from './frame-loop.ts';
import { CallDifference, goesOn, type TokenClock } from './token-scene.ts';
import { onPage, openSurface, type TokenSurface, wallMs } from './token-surface.ts';

/** Tokens at the diagram's rim reach over it by half their size. */
const RIM = 16;
/** Of so many calls the tokens are too many to be drawn one by one: the page's ticks are often enough for them. */
const CROWD = 600;

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

/** The services' talk with the registry is shown only to whoever looks at the registry. */
const planesOf = ({ selection }: ViewState): readonly Plane[] =>
  selection?.kind === 'service' && selection.service === 'registry' ? ['data', 'control'] : ['data'];

/** A canvas gives its drawing away once: whoever draws anew needs a new one. */
function newCanvas(host: HTMLElement): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.className = 'token-layer';
  canvas.setAttribute('aria-hidden', 'true');
  host.replaceChildren(canvas);
  return canvas;
}

/**
 * Every call and message under way, on one canvas over the diagram; nobody needs to hear of it. A worker draws
 * it, and only while something moves; the page tells it what has changed.
 */
export function TokenLayer() {
  const { run, view } = useStores();
  const flow = useStoreApi();
  const hostRef = useRef<HTMLDivElement>(null);
  const still = useReducedMotion();

  useEffect(() => {
    const host = hostRef.current;
    if (host === null || still) return;
    const gapMs = frameGapMs(navigator.hardwareConcurrency);
    let canvas = newCanvas(host);
    let surface: TokenSurface | null = openSurface(canvas, gapMs, () => {
      // The worker is gone: the page draws by itself from here on.
      canvas = newCanvas(host);
      surface = onPage(canvas, gapMs);
      difference = new CallDifference();
      told = null;
      tellScene();
      tellCalls();
    });
    let difference = new CallDifference();
    let told: TokenClock | null = null;

    const tracesOf = (state: ViewState): readonly string[] => {
      if (state.selection?.kind !== 'order') return [];
      return run.getState().projections.orders.byOrder.get(state.selection.orderId)?.traceIds ?? [];
    };

    const tellScene = () => {
      const { transform, width, height } = flow.getState();
      const viewState = view.getState();
      const place = canvasPlace(transform, { width, height });
      canvas.style.left = `${place.left}px`;
      canvas.style.top = `${place.top}px`;
      canvas.style.width = `${place.width}px`;
      canvas.style.height = `${place.height}px`;
      surface?.setScene({
        width: place.width,
        height: place.height,
        pixelRatio: window.devicePixelRatio || 1,
        x: transform[0] - place.left,
        y: transform[1] - place.top,
        zoom: transform[2],
        colours: readColours(canvas),
        traces: tracesOf(viewState),
        planes: planesOf(viewState),
        hopMs: run.getState().projections.facts.settings?.hop.meanMs ?? 250,
      });
    };

    const tellCalls = () => {
      const { projections, paused, speed, branch } = run.getState();
      const clock = { nowUs: run.nowUs(), atMs: wallMs(), speed: paused ? 0 : speed };
      // Whoever draws goes on from the last one by itself.
      if (told === null || !goesOn(told, clock)) {
        told = clock;
        surface?.setClock(clock);
      }
      const changes = difference.next(projections.calls.byId.values(), planesOf(view.getState()), branch);
      if (changes !== null) surface?.change(changes);
    };

    let hopMs = run.getState().projections.facts.settings?.hop.meanMs;
    // A call that begins is drawn at once, not at the next tick of the page. More often than is drawn says nothing.
    const heard = atMostEvery(gapMs, () => {
      if (run.getState().projections.calls.byId.size <= CROWD) tellCalls();
    });
    const stops = [
      heard.stop,
      run.onHeard(heard.wake),
      run.subscribe((state) => {
        const hop = state.projections.facts.settings?.hop.meanMs;
        if (hop !== hopMs) {
          hopMs = hop;
          tellScene();
        }
        tellCalls();
      }),
      view.subscribe((state, before) => {
        if (
          state.selection !== before.selection ||
          state.theme !== before.theme ||
          state.projector !== before.projector
        ) {
          tellScene();
          tellCalls();
        }
      }),
      flow.subscribe((state, before) => {
        if (
          state.transform !== before.transform ||
          state.width !== before.width ||
          state.height !== before.height
        )
          tellScene();
      }),
    ];
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', tellScene);
    tellScene();
    tellCalls();
    return () => {
      surface?.stop();
      for (const stop of stops) stop();
      system.removeEventListener('change', tellScene);
    };
  }, [run, view, flow, still]);

  return still ? null : <div ref={hostRef} aria-hidden="true" />;
}
