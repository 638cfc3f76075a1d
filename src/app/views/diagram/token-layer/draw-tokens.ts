import type { Token } from './place-tokens.ts';

/** Colours as the canvas takes them. */
export interface TokenColours {
  readonly ink: string;
  readonly paper: string;
  readonly ok: string;
  readonly fail: string;
  readonly half: string;
}

export interface TokenView {
  /** The diagram's pan and zoom, in CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
  readonly colours: TokenColours;
  /** Tokens of these traces stand out; empty: all alike. */
  readonly traces: ReadonlySet<string>;
}

/** What the drawing needs of a context: an OffscreenCanvas's one has it too. */
export type TokenContext = Pick<
  OffscreenCanvasRenderingContext2D,
  | 'setTransform'
  | 'clearRect'
  | 'beginPath'
  | 'closePath'
  | 'arc'
  | 'moveTo'
  | 'lineTo'
  | 'quadraticCurveTo'
  | 'rect'
  | 'fill'
  | 'stroke'
  | 'fillText'
  | 'fillStyle'
  | 'strokeStyle'
  | 'lineWidth'
  | 'globalAlpha'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
  | 'lineCap'
  | 'lineJoin'
>;

/** At least 12 px across on screen, whatever the zoom. */
const radiusAt = (zoom: number): number => Math.max(6, 5.5 * zoom);

/** Draws one frame. Pure but for the context: the same tokens and view give the same pixels. */
export function drawTokens(context: TokenContext, tokens: readonly Token[], view: TokenView): void {
  context.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  const radius = radiusAt(view.zoom);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const token of tokens) {
    const x = view.x + token.x * view.zoom;
    const y = view.y + token.y * view.zoom;
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) continue;
    const dimmed = view.traces.size > 0 && (token.traceId === null || !view.traces.has(token.traceId));
    context.globalAlpha = (dimmed ? 0.22 : 1) * Math.max(0, Math.min(1, token.strength));
    draw(context, token, x, y, view.traces.size > 0 && !dimmed ? radius * 1.25 : radius, view.colours);
  }
  context.globalAlpha = 1;
}

function draw(
  context: TokenContext,
  token: Token,
  x: number,
  y: number,
  r: number,
  colours: TokenColours,
): void {
  const colour = token.probe ? colours.half : colours.ink;
  switch (token.shape) {
    case 'out':
    case 'waiting':
      body(context, token, x, y, token.message ? r * 0.92 : r);
      context.fillStyle = colour;
      context.fill();
      if (token.shape === 'waiting') halo(context, x, y, r, colours.fail);
      if (token.probe) halo(context, x, y, r + 3, colours.half);
      number(context, token, x, y, r, colours.paper);
      return;
    case 'back':
      body(context, token, x, y, (token.message ? r * 0.92 : r) - 1);
      context.fillStyle = colours.paper;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = colour;
      context.stroke();
      if (token.probe) halo(context, x, y, r + 3, colours.half);
      number(context, token, x, y, r, colour);
      return;
    case 'failure':
      diamond(context, x, y, r * 1.3);
      context.fillStyle = colours.fail;
      context.fill();
      cross(context, x, y, r * 0.42, colours.paper);
      return;
    case 'lost':
      diamond(context, x, y, r * 1.3);
      context.fillStyle = colours.paper;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = colours.fail;
      context.stroke();
      cross(context, x, y, r * 0.42, colours.fail);
      return;
    case 'timeout':
      clock(context, x, y, r * 1.2, colours);
      return;
    case 'rejected':
      shield(context, x, y, r * 1.2, token.breaker ? colours.fail : colours.ink, colours.paper);
      return;
    default:
  }
}

function body(context: TokenContext, token: Token, x: number, y: number, r: number): void {
  context.beginPath();
  if (token.message) context.rect(x - r, y - r * 0.75, r * 2, r * 1.5);
  else context.arc(x, y, r, 0, Math.PI * 2);
}

function halo(context: TokenContext, x: number, y: number, r: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, r + 1.5, 0, Math.PI * 2);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.stroke();
}

function number(context: TokenContext, token: Token, x: number, y: number, r: number, colour: string): void {
  if (token.attempt < 2) return;
  context.fillStyle = colour;
  context.font = `700 ${Math.round(r * 1.5)}px ui-sans-serif, system-ui, sans-serif`;
  context.fillText(String(Math.min(9, token.attempt)), x, y + 0.5);
}

function diamond(context: TokenContext, x: number, y: number, r: number): void {
  context.beginPath();
  context.moveTo(x, y - r);
  context.lineTo(x + r, y);
  context.lineTo(x, y + r);
  context.lineTo(x - r, y);
  context.closePath();
}

function cross(context: TokenContext, x: number, y: number, r: number, colour: string): void {
  context.beginPath();
  context.moveTo(x - r, y - r);
  context.lineTo(x + r, y + r);
  context.moveTo(x + r, y - r);
  context.lineTo(x - r, y + r);
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}

function clock(context: TokenContext, x: number, y: number, r: number, colours: TokenColours): void {
  context.beginPath();
  context.arc(x, y, r, 0, Math.PI * 2);
  context.fillStyle = colours.paper;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = colours.fail;
  context.stroke();
  context.beginPath();
  context.moveTo(x, y - r * 0.55);
  context.lineTo(x, y);
  context.lineTo(x + r * 0.45, y + r * 0.2);
  context.stroke();
}

function shield(context: TokenContext, x: number, y: number, r: number, colour: string, paper: string): void {
  context.beginPath();
  context.moveTo(x, y - r);
  context.lineTo(x + r * 0.85, y - r * 0.6);
  context.lineTo(x + r * 0.85, y + r * 0.05);
  context.quadraticCurveTo(x + r * 0.75, y + r * 0.8, x, y + r * 1.1);
  context.quadraticCurveTo(x - r * 0.75, y + r * 0.8, x - r * 0.85, y + r * 0.05);
  context.lineTo(x - r * 0.85, y - r * 0.6);
  context.closePath();
  context.fillStyle = paper;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}
