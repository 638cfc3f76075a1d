import type { TokenContext, TokenView } from './draw-tokens.ts';
import type { EdgeLoad } from './edge-loads.ts';

export type StrokeContext = TokenContext &
  Pick<OffscreenCanvasRenderingContext2D, 'measureText' | 'fillRect'>;

const THINNEST = 3;
const THICKEST = 16;

/** As thick as what is under way doubles. */
export const thickness = (underWay: number): number =>
  underWay <= 0 ? 0 : Math.min(THICKEST, THINNEST + 1.5 * Math.log2(underWay));

/** Draws each edge as thick as it is busy, with how many calls a second begin on it. */
export function drawEdgeLoads(context: StrokeContext, loads: readonly EdgeLoad[], view: TokenView): void {
  const at = ({ x, y }: { readonly x: number; readonly y: number }) =>
    [view.x + x * view.zoom, view.y + y * view.zoom] as const;
  context.strokeStyle = view.colours.ink;
  for (const { corners, underWay } of loads) {
    const [first, ...rest] = corners;
    if (first === undefined || underWay === 0) continue;
    context.globalAlpha = 0.32;
    context.lineWidth = thickness(underWay) * Math.max(0.7, view.zoom);
    context.beginPath();
    context.moveTo(...at(first));
    for (const corner of rest) context.lineTo(...at(corner));
    context.stroke();
  }
  context.globalAlpha = 1;
  context.font = '700 13px ui-sans-serif, system-ui, sans-serif';
  for (const { corners, perSecond } of loads) {
    const from = corners[Math.floor((corners.length - 1) / 2)];
    const to = corners[Math.floor((corners.length - 1) / 2) + 1];
    if (from === undefined || to === undefined || perSecond === 0) continue;
    const [x, y] = at({ x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
    const text = `${perSecond}/s`;
    const { width } = context.measureText(text);
    context.fillStyle = view.colours.paper;
    context.fillRect(x - width / 2 - 4, y - 9, width + 8, 18);
    context.fillStyle = view.colours.ink;
    context.fillText(text, x, y + 0.5);
  }
}
