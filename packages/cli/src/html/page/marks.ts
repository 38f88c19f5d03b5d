import { MARKS } from "./data.js";
import type { Theme } from "./theme.js";

/** Draws one mark of a lifeline: each has a shape of its own. */
export function drawMark(
  context: CanvasRenderingContext2D,
  mark: number,
  x: number,
  y: number,
  size: number,
  theme: Theme,
): void {
  const s = size;
  context.lineWidth = Math.max(1.2, s / 3);
  context.beginPath();
  switch (MARKS[mark]) {
    case "GOAWAY":
      context.fillStyle = theme.goaway;
      context.moveTo(x - s, y - s);
      context.lineTo(x + s, y - s);
      context.lineTo(x, y + s * 0.9);
      context.closePath();
      context.fill();
      return;
    case "FIN":
      context.strokeStyle = theme.fin;
      context.moveTo(x, y - s * 1.2);
      context.lineTo(x, y + s * 1.2);
      context.lineWidth = Math.max(2, s / 2);
      context.stroke();
      return;
    case "close_notify":
      context.strokeStyle = theme.notify;
      context.arc(x, y, s * 0.75, 0, 2 * Math.PI);
      context.stroke();
      return;
    case "PING lost":
      context.strokeStyle = theme.ping;
      context.moveTo(x, y - s);
      context.lineTo(x + s, y);
      context.lineTo(x, y + s);
      context.lineTo(x - s, y);
      context.closePath();
      context.stroke();
      return;
    case "RST":
      context.strokeStyle = theme.fail;
      context.lineWidth = Math.max(2, s / 2.2);
      cross(context, x, y, s);
      return;
    case "connect failed":
      context.strokeStyle = theme.fail;
      cross(context, x, y, s * 0.7);
      return;
    default:
      context.strokeStyle = theme.fail;
      context.rect(x - s * 0.7, y - s * 0.7, s * 1.4, s * 1.4);
      context.stroke();
  }
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, s: number): void {
  context.moveTo(x - s, y - s);
  context.lineTo(x + s, y + s);
  context.moveTo(x + s, y - s);
  context.lineTo(x - s, y + s);
  context.stroke();
}

/** A request that was lost: a dot; a write that is unsafe to retry: a filled square with a rim. */
export function drawCasualty(
  context: CanvasRenderingContext2D,
  unsafe: boolean,
  x: number,
  y: number,
  theme: Theme,
): void {
  context.beginPath();
  if (unsafe) {
    context.fillStyle = theme.unsafe;
    context.strokeStyle = theme.paper;
    context.lineWidth = 1;
    context.rect(x - 3.5, y - 3.5, 7, 7);
    context.fill();
    context.stroke();
    return;
  }
  context.fillStyle = theme.fail;
  context.arc(x, y, 2.2, 0, 2 * Math.PI);
  context.fill();
}
