import { drawAxis, FONT, prepare, type Scale, scaleOf, xOf } from "./axis.js";
import type { NodeData } from "./data.js";
import type { ViewState } from "./state.js";
import { type Theme, theme } from "./theme.js";
import { countWords, type WallWords } from "./words.js";

const PANEL = 84;
const TITLE = 22;
const BACKEND = 17;

interface Series {
  readonly name: string;
  readonly start: number;
  readonly binMs: number;
  readonly counts: readonly number[];
}

/** Throughput, errors and the phase of each backend, under the chart and on its axis. */
export function drawPanels(canvas: HTMLCanvasElement, state: ViewState, wall: WallWords): void {
  const nodes = state.data.nodes.filter((node) => state.showsNode(node));
  const backends = nodes.flatMap((node) => rollouts(node, nodes.length > 1));
  const names = [...new Set(backends.map(({ name }) => name))];
  const phases = TITLE + Math.max(1, names.length) * BACKEND;
  const height = 2 * (TITLE + PANEL) + phases + 12;
  const { context, width } = prepare(canvas, height);
  const scale = scaleOf(state.from, state.to, width);
  const colours = theme();
  drawAxis(context, scale, wall, height, null);
  drawSeries(context, 0, "throughput", "answers / s", answers(nodes, state), scale, colours, colours.series);
  const failures = errors(nodes, state);
  drawSeries(context, TITLE + PANEL, "errors", "failures / s", failures, scale, colours, [
    colours.fail,
    ...colours.series.slice(2),
  ]);
  drawPhases(context, 2 * (TITLE + PANEL), names, backends, scale, colours);
}

function answers(nodes: readonly NodeData[], state: ViewState): Series[] {
  return nodes.flatMap(({ node, from, lanes }) => {
    const paths = [...new Set(lanes.map(({ path }) => path))].filter((path) => state.showsPath(path));
    return paths.map((path) => {
      const own = lanes.filter((lane) => lane.path === path && lane.lane !== "idle");
      const binMs = Math.max(1, ...own.map((lane) => lane.binMs));
      const counts: number[] = [];
      for (const lane of own) {
        for (const [bin, count] of lane.ok.entries()) {
          const at = Math.floor((bin * lane.binMs) / binMs);
          counts[at] = (counts[at] ?? 0) + count;
        }
      }
      return {
        name: nodes.length > 1 ? `${node} ${path}` : path,
        start: from,
        binMs,
        counts: Array.from(counts, (count) => count ?? 0),
      };
    });
  });
}

function errors(nodes: readonly NodeData[], state: ViewState): Series[] {
  return nodes
    .flatMap(({ from, errors: own }) =>
      own.map(({ type, binMs, counts }) => ({ name: type, start: from, binMs, counts })),
    )
    .filter(({ name }) => state.filters.type === "" || state.filters.type === name);
}

/** Rates in columns of a few pixels; in a column of errors the highest bin counts, so that zooming out hides none. */
function drawSeries(
  context: CanvasRenderingContext2D,
  top: number,
  title: string,
  unit: string,
  all: readonly Series[],
  scale: Scale,
  colours: Theme,
  palette: readonly string[],
): void {
  const isErrors = title === "errors";
  const names = [...new Set(all.map(({ name }) => name))];
  const column = isErrors ? 2 : Math.max(3, ...all.map(({ binMs }) => binMs * scale.perMs));
  const columns = Math.ceil((scale.right - scale.left) / column);
  const rates = names.map(() => new Float64Array(columns + 1));
  for (const { name, start, binMs, counts } of all) {
    const rate = rates[names.indexOf(name)];
    if (rate === undefined) continue;
    const first = Math.max(0, Math.floor((scale.from - start) / binMs));
    const last = Math.min(counts.length - 1, Math.ceil((scale.to - start) / binMs));
    for (let bin = first; bin <= last; bin += 1) {
      const at = Math.floor((xOf(scale, start + bin * binMs) - scale.left) / column);
      const count = counts[bin] ?? 0;
      if (count === 0 || at < 0 || at > columns) continue;
      if (isErrors) rate[at] = Math.max(rate[at] ?? 0, (count * 1000) / binMs);
      else rate[at] = (rate[at] ?? 0) + (count * 1000) / Math.max(binMs, column / scale.perMs);
    }
  }
  const most = Math.max(1e-9, ...rates.map((rate) => rate.reduce((a, b) => Math.max(a, b), 0)));
  const bottom = top + TITLE + PANEL - 8;
  const tall = PANEL - 12;
  context.font = `600 ${FONT}`;
  context.textAlign = "left";
  context.fillStyle = colours.ink;
  context.fillText(title, 4, top + TITLE + 4);
  context.font = FONT;
  context.fillStyle = colours.dim;
  context.fillText(unit, 4, top + TITLE + 18);
  context.textAlign = "right";
  if (names.length > 0)
    context.fillText(
      countWords(most >= 10 ? Math.round(most) : Number(most.toFixed(1))),
      scale.left - 8,
      top + TITLE + 4,
    );
  context.fillText("0", scale.left - 8, bottom);
  context.strokeStyle = colours.rule;
  context.beginPath();
  context.moveTo(scale.left, bottom + 0.5);
  context.lineTo(scale.right, bottom + 0.5);
  context.stroke();
  for (const [index, rate] of rates.entries()) {
    const colour = palette[index % palette.length] ?? colours.dim;
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = 1.3;
    if (!isErrors) context.beginPath();
    for (const [at, value] of rate.entries()) {
      const x = scale.left + at * column;
      if (x > scale.right) break;
      const y = bottom - (value / most) * tall;
      if (isErrors) {
        if (value > 0) context.fillRect(x, Math.min(y, bottom - 3), 2, Math.max(3, bottom - y));
      } else if (at === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    if (!isErrors) context.stroke();
  }
  let x = scale.left + 4;
  context.textAlign = "left";
  for (const [index, name] of names.entries()) {
    if (x > scale.right - 60) break;
    context.fillStyle = palette[index % palette.length] ?? colours.dim;
    context.fillRect(x, top + 8, 9, 9);
    context.fillStyle = colours.dim;
    context.fillText(name, x + 13, top + 16);
    x += 28 + context.measureText(name).width;
  }
  if (names.length === 0) {
    context.fillStyle = colours.dim;
    context.fillText("none", scale.left + 4, bottom - 6);
  }
}

interface Rollout {
  readonly name: string;
  readonly backend: string;
  readonly node: NodeData;
  readonly phases: NodeData["backends"][number]["phases"];
}

function rollouts(node: NodeData, several: boolean): Rollout[] {
  return node.backends.map(({ backend, phases }) => ({ name: rowName(node, backend, several), backend, node, phases }));
}

/** What one node saw of a backend is not what another saw. */
function rowName({ node }: NodeData, backend: string, several: boolean): string {
  return several && node !== backend ? `${node}: ${backend}` : backend;
}

function drawPhases(
  context: CanvasRenderingContext2D,
  top: number,
  names: readonly string[],
  all: readonly Rollout[],
  scale: Scale,
  colours: Theme,
): void {
  context.font = `600 ${FONT}`;
  context.textAlign = "left";
  context.fillStyle = colours.ink;
  context.fillText("termination phase", 4, top + 14);
  context.font = FONT;
  context.fillStyle = colours.dim;
  if (names.length === 0) {
    context.fillText("no marker told of a rollout", scale.left + 4, top + TITLE + 8);
    return;
  }
  let legend = scale.left + 4;
  for (const phase of new Set(all.flatMap(({ phases }) => phases.map((each) => each.phase)))) {
    context.fillStyle = colours.phases[phase] ?? colours.rule;
    context.fillRect(legend, top + 6, 9, 9);
    context.fillStyle = colours.dim;
    context.fillText(phase, legend + 13, top + 14);
    legend += 28 + context.measureText(phase).width;
  }
  for (const { name, phases } of all) {
    const y = top + TITLE + names.indexOf(name) * BACKEND;
    for (const { phase, from, to } of phases) {
      const x = Math.max(scale.left, xOf(scale, from));
      const right = Math.min(scale.right, xOf(scale, to));
      if (right <= x && (right < scale.left || x > scale.right)) continue;
      context.fillStyle = colours.phases[phase] ?? colours.rule;
      context.fillRect(x, y, Math.max(1, right - x), BACKEND - 4);
    }
  }
  for (const { node, name, backend: own } of all) {
    const row = names.indexOf(name);
    for (const { at, backend } of node.markers) {
      const x = xOf(scale, at);
      if (backend !== own || x < scale.left || x > scale.right) continue;
      context.fillStyle = colours.marker;
      context.fillRect(x - 0.5, top + TITLE + row * BACKEND, 1, BACKEND - 4);
    }
  }
  context.fillStyle = colours.dim;
  context.textAlign = "right";
  for (const [index, name] of names.entries()) {
    const shown = name.length > 18 ? `${name.slice(0, 17)}…` : name;
    context.fillText(shown, scale.left - 8, top + TITLE + index * BACKEND + 10);
  }
}
