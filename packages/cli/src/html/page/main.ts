import type { ReportData } from "./data.js";
import { drawDetail } from "./detail.js";
import { byId } from "./dom.js";
import { makeFilters } from "./filters.js";
import { drawIncidents, markSelected } from "./incidents.js";
import { type Drawn, drawLanes } from "./lanes.js";
import { drawPanels } from "./panels.js";
import { listen } from "./pointer.js";
import { ViewState } from "./state.js";
import { drawFindings, drawSummary } from "./summary.js";
import { onTheme } from "./theme.js";
import { drawTwin } from "./twin.js";
import { durationWords, pluralWords, WallWords } from "./words.js";

function start(): void {
  const data = JSON.parse(byId("data").textContent ?? "") as ReportData;
  const state = new ViewState(data);
  const wall = new WallWords(data.base);
  const lanes = byId("lanes") as HTMLCanvasElement;
  const panels = byId("panels") as HTMLCanvasElement;
  let drawn: Drawn | null = null;
  let brush: readonly [number, number] | null = null;
  let waiting = false;

  const draw = (): void => {
    waiting = false;
    drawn = drawLanes(lanes, state, wall, brush);
    drawPanels(panels, state, wall);
    byId("range").textContent =
      `${wall.exact(state.from).slice(0, 12)} – ${wall.exact(state.to).slice(0, 12)} (${durationWords(state.to - state.from)})${state.isWhole ? "" : ", zoomed"}, ${wall.day()}`;
    if (twin.open) drawTwin(state, wall);
    document.body.dataset.drawn = String(Number(document.body.dataset.drawn ?? 0) + 1);
  };
  const soon = (): void => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  };
  const twin = byId("twin-details") as HTMLDetailsElement;

  drawSummary(data);
  drawFindings(state, wall);
  makeFilters(state);
  drawIncidents(state, wall);
  drawDetail(state, wall);
  state.subscribe((what) => {
    if (what === "filters") drawIncidents(state, wall);
    if (what === "selection") {
      markSelected(state);
      drawDetail(state, wall);
      const incident = state.selected === null ? undefined : data.incidents[state.selected];
      byId("said").textContent =
        incident === undefined ? "" : `${incident.title}, ${pluralWords(incident.failed, "request")} lost`;
    }
    soon();
  });
  listen(
    lanes,
    state,
    wall,
    () => drawn ?? drawLanes(lanes, state, wall, brush),
    (range) => {
      if (brush === range) return;
      brush = range;
      soon();
    },
  );
  byId("zoom-in").addEventListener("click", () => state.zoom(0.5));
  byId("zoom-out").addEventListener("click", () => state.zoom(2));
  byId("zoom-all").addEventListener("click", () => state.all());
  twin.addEventListener("toggle", soon);
  window.addEventListener("resize", soon);
  // What opens on demand is open on paper.
  let opened: HTMLDetailsElement[] = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>("details.match:not([open])")];
    for (const details of opened) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
  // Paper cannot wait for a frame.
  onTheme(draw);
  draw();
}

start();
