import { FrameLoop } from './frame-loop.ts';
import { TokenPainter } from './token-painter.ts';
import type { CallChanges, TokenClock, TokenScene } from './token-scene.ts';

/** Where tokens are drawn: in a worker, or where there is none, on the page's own thread. */
export interface TokenSurface {
  setScene(scene: TokenScene): void;
  setClock(clock: TokenClock): void;
  change(changes: CallChanges): void;
  stop(): void;
}

export const wallMs = (): number => performance.timeOrigin + performance.now();

/** Takes the canvas for as long as it lives. `failed`: the worker is gone, and another surface is needed. */
export function openSurface(
  canvas: HTMLCanvasElement,
  gapMs: number,
  failed: () => void,
): TokenSurface | null {
  return 'transferControlToOffscreen' in canvas && typeof Worker === 'function'
    ? inWorker(canvas, gapMs, failed)
    : onPage(canvas, gapMs);
}

function inWorker(canvas: HTMLCanvasElement, gapMs: number, failed: () => void): TokenSurface {
  const worker = new Worker(new URL('./token.worker.ts', import.meta.url), {
    type: 'module',
    name: 'tokens',
  });
  worker.onerror = failed;
  const offscreen = canvas.transferControlToOffscreen();
  worker.postMessage({ type: 'canvas', canvas: offscreen, gapMs }, [offscreen]);
  return {
    setScene: (scene) => worker.postMessage({ type: 'scene', scene }),
    setClock: (clock) => worker.postMessage({ type: 'clock', clock }),
    change: (changes) => worker.postMessage({ type: 'calls', changes }),
    stop: () => worker.terminate(),
  };
}

/** The same, without a worker. */
export function onPage(canvas: HTMLCanvasElement, gapMs: number): TokenSurface | null {
  const context = canvas.getContext('2d');
  if (context === null) return null;
  const painter = new TokenPainter();
  const loop = new FrameLoop(() => painter.draw(context, wallMs()), gapMs);
  return {
    setScene: (scene) => {
      const [width, height] = [scene.width * scene.pixelRatio, scene.height * scene.pixelRatio].map(
        Math.round,
      );
      if (width !== undefined && canvas.width !== width) canvas.width = width;
      if (height !== undefined && canvas.height !== height) canvas.height = height;
      painter.setScene(scene);
      loop.wake();
    },
    setClock: (clock) => {
      painter.setClock(clock);
      loop.wake();
    },
    change: (changes) => {
      painter.change(changes);
      loop.wake();
    },
    stop: () => loop.stop(),
  };
}
