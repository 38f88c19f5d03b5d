import { theme } from "./theme.js";
import type { WallWords } from "./words.js";

/** Room for labels at the left of the chart and of the panels. */
export const GUTTER = 132;
const STEPS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1.5e4, 3e4, 6e4, 12e4, 3e5,
  6e5, 18e5, 36e5, 72e5, 216e5, 864e5,
];

/** Time to pixels. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
  readonly perMs: number;
}

export function scaleOf(from: number, to: number, width: number): Scale {
  const left = GUTTER;
  const right = width - 10;
  return { from, to, left, right, perMs: (right - left) / (to - from) };
}

export function xOf(scale: Scale, at: number): number {
  return scale.left + (at - scale.from) * scale.perMs;
}

export function timeAt(scale: Scale, x: number): number {
  return scale.from + (x - scale.left) / scale.perMs;
}

/** Lines at round wall times over the whole height; labels at `labelY`, where it is given. */
export function drawAxis(
  context: CanvasRenderingContext2D,
  scale: Scale,
  wall: WallWords,
  height: number,
  labelY: number | null,
): void {
  const { rule, dim } = theme();
  const want = 90 / scale.perMs;
  const step = STEPS.find((each) => each >= want) ?? 864e5;
  context.lineWidth = 1;
  context.strokeStyle = rule;
  context.fillStyle = dim;
  context.font = FONT;
  context.textAlign = "center";
  for (let at = wall.firstTick(scale.from, step); at <= scale.to; at += step) {
    const x = Math.round(xOf(scale, at)) + 0.5;
    if (x < scale.left) continue;
    context.beginPath();
    context.moveTo(x, labelY === null ? 0 : labelY + 5);
    context.lineTo(x, height);
    context.stroke();
    if (labelY !== null) context.fillText(wall.tick(at, step), Math.min(x, scale.right - 26), labelY);
  }
}

export const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';

/** A canvas as sharp as the screen, or sharper on paper. */
export function prepare(
  canvas: HTMLCanvasElement,
  height: number,
): { context: CanvasRenderingContext2D; width: number } {
  const width = Math.max(320, canvas.parentElement?.clientWidth ?? 960);
  const ratio = Math.min(3, Math.max(window.devicePixelRatio, 1));
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no 2d context");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = theme().paper;
  context.fillRect(0, 0, width, height);
  return { context, width };
}
