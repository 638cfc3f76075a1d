import { FrameLoop } from './frame-loop.ts';
import { TokenPainter } from './token-painter.ts';
import type { ToTokenWorker } from './token-scene.ts';

const painter = new TokenPainter();
let loop: FrameLoop | null = null;
let canvas: OffscreenCanvas | null = null;
const wallMs = () => performance.timeOrigin + performance.now();

self.onmessage = ({ data }: MessageEvent<ToTokenWorker>) => {
  switch (data.type) {
    case 'canvas': {
      canvas = data.canvas;
      const context = canvas.getContext('2d');
      if (context !== null) loop = new FrameLoop(() => painter.draw(context, wallMs()), data.gapMs);
      break;
    }
    case 'scene': {
      const { width, height, pixelRatio } = data.scene;
      const size = [Math.round(width * pixelRatio), Math.round(height * pixelRatio)] as const;
      // Setting it clears the canvas, even to the same.
      if (canvas !== null && (canvas.width !== size[0] || canvas.height !== size[1]))
        [canvas.width, canvas.height] = size;
      painter.setScene(data.scene);
      break;
    }
    case 'calls':
      painter.change(data.changes);
      break;
    case 'clock':
      painter.setClock(data.clock);
  }
  loop?.wake();
};
