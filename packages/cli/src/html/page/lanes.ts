import { drawAxis, FONT, prepare, type Scale, scaleOf, timeAt, xOf } from "./axis.js";
import type { ConnData } from "./data.js";
import { drawCasualty, drawMark } from "./marks.js";
import { layOut, type Row, trackY } from "./rows.js";
import type { ViewState } from "./state.js";
import { type Theme, theme } from "./theme.js";
import type { WallWords } from "./words.js";

/** Something of the chart that can be pointed at. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly row: Row;
  readonly conn: ConnData;
  readonly failed: boolean;
}

export interface Drawn {
  readonly scale: Scale;
  readonly rows: readonly Row[];
  readonly spots: readonly Spot[];
  readonly height: number;
}

const AXIS = 20;
/** So much of a lifeline before its failing end is drawn as failing. */
const FAILING = 26;

/** Draws all rows. What went well is thinned to what pixels can show; a failure is drawn at every zoom. */
export function drawLanes(
  canvas: HTMLCanvasElement,
  state: ViewState,
  wall: WallWords,
  brush: readonly [number, number] | null,
): Drawn {
  const { rows, height } = layOut(state);
  const total = height + AXIS;
  const { context, width } = prepare(canvas, total);
  const scale = scaleOf(state.from, state.to, width);
  const colours = theme();
  context.save();
  context.translate(0, AXIS);
  for (const row of rows) drawStrip(context, row, scale, colours);
  drawBands(context, state, rows, scale, colours);
  context.restore();
  drawAxis(context, scale, wall, total, 12);
  context.save();
  context.translate(0, AXIS);
  const spots: Spot[] = [];
  for (const row of rows) {
    drawLabels(context, row, state, scale, colours);
    context.save();
    context.beginPath();
    context.rect(scale.left, row.top - 4, scale.right - scale.left + 4, row.height + 8);
    context.clip();
    drawDensity(context, row, scale, colours);
    spots.push(...drawLifelines(context, row, state, scale, colours));
    drawCasualties(context, row, state, scale, colours);
    context.restore();
  }
  drawMarkers(context, state, rows, scale, height, colours);
  context.restore();
  if (brush !== null) drawBrush(context, brush, total, colours);
  return { scale, rows, spots, height: total };
}

function drawStrip(context: CanvasRenderingContext2D, row: Row, scale: Scale, { strip }: Theme): void {
  context.fillStyle = strip;
  context.fillRect(scale.left, row.top, scale.right - scale.left, row.height);
}

/** Phases of backends behind the rows of their node, stalls of the probe over them. */
function drawBands(
  context: CanvasRenderingContext2D,
  state: ViewState,
  rows: readonly Row[],
  scale: Scale,
  colours: Theme,
): void {
  for (const [index, node] of state.data.nodes.entries()) {
    const own = rows.filter(({ nodeIndex }) => nodeIndex === index);
    const first = own[0];
    const last = own.at(-1);
    if (first === undefined || last === undefined) continue;
    const top = first.top;
    const bottom = last.top + last.height;
    const band = (from: number, to: number, colour: string, alpha: number, least: number): void => {
      const x = Math.max(scale.left, xOf(scale, from));
      const right = Math.min(scale.right, Math.max(xOf(scale, to), x + least));
      if (right <= x) return;
      context.globalAlpha = alpha;
      context.fillStyle = colour;
      context.fillRect(x, top, right - x, bottom - top);
      context.globalAlpha = 1;
    };
    for (const { phases } of node.backends) {
      for (const { phase, from, to, errorMs } of phases) {
        if (phase === "serving" || phase === "ready") continue;
        const colour = colours.phases[phase] ?? colours.rule;
        band(from, to, colour, 0.4, 0);
        band(from - errorMs, from + errorMs, colour, 0.3, 0);
      }
    }
    for (const [from, to] of node.stalls) band(from, to, colours.dim, 0.25, 1);
  }
}

function drawLabels(context: CanvasRenderingContext2D, row: Row, state: ViewState, scale: Scale, colours: Theme): void {
  context.textAlign = "left";
  context.font = FONT;
  if (row.beginsNode) {
    context.fillStyle = colours.ink;
    context.font = `600 ${FONT.replace("11px", "12px")}`;
    const { node, wallErrorMs } = row.node;
    const doubt =
      state.data.nodes.length > 1
        ? `   clock ± ${wallErrorMs < 1 ? `${Math.round(wallErrorMs * 1000)} µs` : `${wallErrorMs.toFixed(1)} ms`}`
        : "";
    context.fillText(node, 4, row.top - 9);
    const after = 4 + context.measureText(node).width;
    context.font = FONT;
    context.fillStyle = colours.dim;
    context.fillText(doubt, after, row.top - 9);
  }
  const middle = row.top + Math.min(row.height / 2, 12) + 3;
  context.fillStyle = colours.ink;
  if (row.beginsPath || row.beginsNode) {
    context.font = `600 ${FONT}`;
    context.fillText(fitted(context, row.lane.path, 62), 4, middle);
  }
  context.font = FONT;
  context.fillStyle = colours.dim;
  context.textAlign = "right";
  context.fillText(row.lane.lane, scale.left - 8, middle);
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  let shown = text;
  while (shown.length > 2 && context.measureText(shown).width > width) shown = `${shown.slice(0, -2)}…`;
  return shown;
}

/** New connections of a lane that opens one for each request are too many for lifelines: bars, failures from the bottom. */
function drawDensity(context: CanvasRenderingContext2D, row: Row, scale: Scale, colours: Theme): void {
  const { lane } = row;
  if (!lane.lane.startsWith("fresh.")) return;
  const start = row.node.from;
  const most = Math.max(1, ...lane.ok);
  const first = Math.max(0, Math.floor((scale.from - start) / lane.binMs));
  const last = Math.min(lane.ok.length - 1, Math.ceil((scale.to - start) / lane.binMs));
  const columns = new Map<number, { ok: number; failed: number; bins: number }>();
  for (
    let bin = first;
    bin <= Math.max(last, Math.min(lane.failed.length - 1, Math.ceil((scale.to - start) / lane.binMs)));
    bin += 1
  ) {
    const x = Math.floor(xOf(scale, start + bin * lane.binMs));
    const column = columns.get(x) ?? { ok: 0, failed: 0, bins: 0 };
    column.ok += lane.ok[bin] ?? 0;
    column.failed += lane.failed[bin] ?? 0;
    column.bins += 1;
    columns.set(x, column);
  }
  const wide = Math.max(1, Math.ceil(lane.binMs * scale.perMs) - 0.5);
  context.fillStyle = colours.ok;
  for (const [x, { ok, bins }] of columns) {
    if (ok <= 0) continue;
    const tall = Math.max(2, (Math.min(1, ok / bins / most) || 0) * row.height * 0.9);
    context.fillRect(x, row.top + row.height - tall, Math.min(wide, 6), tall);
  }
  context.fillStyle = colours.fail;
  for (const [x, { failed }] of columns) {
    if (failed > 0) context.fillRect(x, row.top + row.height - 4, Math.max(2, Math.min(wide, 6)), 4);
  }
}

function drawLifelines(
  context: CanvasRenderingContext2D,
  row: Row,
  state: ViewState,
  scale: Scale,
  colours: Theme,
): Spot[] {
  const spots: Spot[] = [];
  const each = (row.height - 4) / row.tracks;
  const size = Math.max(2.5, Math.min(5, each * 0.42));
  const chosen = state.selected === null ? undefined : state.data.incidents[state.selected];
  const selected = chosen?.node === row.nodeIndex ? chosen.conn : null;
  const busy = new Set<string>();
  const later: { conn: ConnData; y: number }[] = [];
  for (const { conn, track } of row.lines) {
    const to = conn.to ?? row.node.to;
    const lastMark = conn.marks.at(-1)?.[1] ?? to;
    if (Math.max(to, lastMark) < scale.from || conn.from > scale.to) continue;
    const y = trackY(row, track);
    const failed = conn.type !== null;
    if (failed && !state.showsFailure(conn)) continue;
    const x = Math.max(scale.left - 4, xOf(scale, conn.from));
    const end = Math.min(scale.right + 4, xOf(scale, to));
    const up = conn.up === null ? end : Math.max(x, xOf(scale, conn.up));
    context.lineWidth = Math.max(1, Math.min(failed ? 3 : 2.5, each * 0.3));
    context.strokeStyle = colours.attempt;
    line(context, x, up, y);
    if (conn.up !== null) {
      context.strokeStyle = colours.life;
      line(context, up, end, y);
      // It was well until its end: only that is the failure's.
      context.strokeStyle = colours.fail;
      const tail = Math.max(up, xOf(scale, to) - FAILING);
      if (failed && tail < end) line(context, tail, end, y);
    }
    if (failed || conn.id === selected || conn.marks.length > 0) later.push({ conn, y });
    spots.push({ x: Math.min(scale.right, Math.max(scale.left, end)), y, row, conn, failed });
  }
  for (const { conn, y } of later) {
    if (conn.id === selected) halo(context, conn, y, row, scale, colours);
    for (const [mark, at, uMs] of conn.marks) {
      const x = xOf(scale, at);
      if (x < scale.left - 6 || x > scale.right + 6) continue;
      const pixel = `${Math.round(x / 2)}/${Math.round(y)}/${mark}`;
      if (conn.type === null && busy.has(pixel)) continue;
      busy.add(pixel);
      const doubt = uMs * scale.perMs;
      if (doubt > 4) {
        context.globalAlpha = 0.18;
        context.fillStyle = colours.doubt;
        context.fillRect(x - doubt, y - size * 1.4, doubt, size * 2.8);
        context.globalAlpha = 1;
      }
      drawMark(context, mark, x, y, size, colours);
    }
  }
  return spots;
}

function line(context: CanvasRenderingContext2D, from: number, to: number, y: number): void {
  context.beginPath();
  context.moveTo(from, y);
  context.lineTo(Math.max(to, from + 1.5), y);
  context.stroke();
}

function halo(
  context: CanvasRenderingContext2D,
  conn: ConnData,
  y: number,
  row: Row,
  scale: Scale,
  { select }: Theme,
): void {
  const x = Math.max(scale.left, xOf(scale, conn.from));
  const end = Math.min(scale.right, xOf(scale, conn.to ?? row.node.to));
  context.strokeStyle = select;
  context.lineWidth = 1.5;
  context.beginPath();
  context.roundRect(x - 7, y - 8, Math.max(0, end - x) + 14, 16, 6);
  context.stroke();
}

function drawCasualties(
  context: CanvasRenderingContext2D,
  row: Row,
  state: ViewState,
  scale: Scale,
  colours: Theme,
): void {
  const ys = new Map(row.lines.map(({ conn, track }) => [conn.id, trackY(row, track)]));
  const drawn = new Set<number>();
  for (const unsafe of [false, true]) {
    for (const casualty of row.node.casualties) {
      if (casualty.unsafe !== unsafe || casualty.lane !== row.laneIndex || !state.showsCasualty(casualty)) continue;
      const x = xOf(scale, casualty.sent ?? casualty.at);
      if (x < scale.left - 4 || x > scale.right + 4) continue;
      const y = (casualty.conn === null ? undefined : ys.get(casualty.conn)) ?? row.top + row.height - 4;
      // One dot for each pixel is all that can be seen; an unsafe one is drawn over the others.
      const pixel = Math.round(x) * 4096 + Math.round(y) * 2 + (unsafe ? 1 : 0);
      if (drawn.has(pixel)) continue;
      drawn.add(pixel);
      drawCasualty(context, unsafe, x, y, colours);
    }
  }
}

/** Where a host switched its own balancer redirect, over all rows of its node. */
function drawMarkers(
  context: CanvasRenderingContext2D,
  state: ViewState,
  rows: readonly Row[],
  scale: Scale,
  height: number,
  colours: Theme,
): void {
  for (const [index, node] of state.data.nodes.entries()) {
    const own = rows.filter(({ nodeIndex }) => nodeIndex === index);
    const top = own[0]?.top;
    const last = own.at(-1);
    if (top === undefined || last === undefined) continue;
    for (const { at, uMs, marker, source } of node.markers) {
      if (source !== "switch.file" && marker !== "termination.started") continue;
      const x = xOf(scale, at);
      if (x < scale.left || x > scale.right) continue;
      context.globalAlpha = 0.15;
      context.fillStyle = colours.marker;
      context.fillRect(x - uMs * scale.perMs, top, uMs * scale.perMs, last.top + last.height - top);
      context.globalAlpha = 1;
      context.strokeStyle = colours.marker;
      context.lineWidth = 1.2;
      context.setLineDash(source === "switch.file" ? [6, 3] : [2, 3]);
      context.beginPath();
      context.moveTo(x, top - 4);
      context.lineTo(x, Math.min(height, last.top + last.height + 3));
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = colours.marker;
      context.font = FONT;
      context.textAlign = x > scale.right - 70 ? "right" : "left";
      const label = source === "switch.file" ? (marker === "redirect.off" ? "redirect off" : "redirect on") : "T0";
      context.fillText(label, x + (x > scale.right - 70 ? -3 : 3), top - 2);
    }
  }
}

function drawBrush(
  context: CanvasRenderingContext2D,
  [a, b]: readonly [number, number],
  height: number,
  { select }: Theme,
): void {
  context.globalAlpha = 0.15;
  context.fillStyle = select;
  context.fillRect(Math.min(a, b), 0, Math.abs(b - a), height);
  context.globalAlpha = 1;
}

/** What lies nearest to a point, failures first; `null` where nothing is near. */
export function spotAt({ spots, scale, rows }: Drawn, x: number, y: number): Spot | null {
  const inside = y - AXIS;
  const row = rows.find(({ top, height }) => inside >= top - 2 && inside <= top + height + 2);
  if (row === undefined || x < scale.left - 4) return null;
  const at = timeAt(scale, x);
  let best: Spot | null = null;
  let least = 14;
  for (const spot of spots) {
    if (spot.row !== row) continue;
    const { conn } = spot;
    const covers = conn.from <= at && (conn.to ?? row.node.to) >= at;
    const near = Math.min(
      ...[conn.from, conn.to ?? row.node.to, ...conn.marks.map(([, each]) => each)].map((each) =>
        Math.abs(xOf(scale, each) - x),
      ),
    );
    const across = covers ? 0 : near;
    if (across > 10) continue;
    const distance = Math.abs(spot.y - inside) + across * 0.6 - (spot.failed && near < 10 ? 6 : 0);
    if (distance < least) {
      least = distance;
      best = spot;
    }
  }
  return best;
}
