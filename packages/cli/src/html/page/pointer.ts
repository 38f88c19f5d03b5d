import { timeAt } from "./axis.js";
import { byId, h } from "./dom.js";
import { choose, step } from "./incidents.js";
import { type Drawn, type Spot, spotAt } from "./lanes.js";
import type { ViewState } from "./state.js";
import { durationWords, type WallWords } from "./words.js";

/** Mouse, touch and keys on the chart. `drawn` gives what was drawn last, `brush` shows the stretch being chosen. */
export function listen(
  canvas: HTMLCanvasElement,
  state: ViewState,
  wall: WallWords,
  drawn: () => Drawn,
  brush: (range: readonly [number, number] | null) => void,
): void {
  let start: number | null = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = event.offsetX;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (start !== null && Math.abs(event.offsetX - start) > 4) brush([start, event.offsetX]);
    else hover(spotAt(drawn(), event.offsetX, event.offsetY), event, wall);
  });
  canvas.addEventListener("pointerup", (event) => {
    const from = start;
    start = null;
    brush(null);
    if (from === null) return;
    const { scale } = drawn();
    if (Math.abs(event.offsetX - from) > 4) {
      const times = [timeAt(scale, from), timeAt(scale, event.offsetX)].sort((a, b) => a - b);
      state.show(times[0] ?? state.from, times[1] ?? state.to);
      return;
    }
    const spot = spotAt(drawn(), event.offsetX, event.offsetY);
    const index = spot === null ? -1 : incidentOf(spot, state);
    if (index >= 0) choose(state, index);
    else state.select(null);
  });
  canvas.addEventListener("pointerleave", () => hover(null, null, wall));
  canvas.addEventListener("dblclick", () => state.all());
  canvas.addEventListener(
    "wheel",
    (event) => {
      // A plain wheel scrolls the page: a chart that swallows it is a trap.
      if (!(event.ctrlKey || event.metaKey || event.shiftKey)) return;
      event.preventDefault();
      if (event.shiftKey) state.pan(Math.sign(event.deltaY || event.deltaX) * 0.1);
      else state.zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(drawn().scale, event.offsetX));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = KEYS[event.key];
    if (action === undefined) return;
    action(state);
    event.preventDefault();
  });
}

const KEYS: Readonly<Record<string, (state: ViewState) => void>> = {
  "+": (state) => state.zoom(0.5),
  "=": (state) => state.zoom(0.5),
  "-": (state) => state.zoom(2),
  ArrowLeft: (state) => state.pan(-0.2),
  ArrowRight: (state) => state.pan(0.2),
  "0": (state) => state.all(),
  Home: (state) => state.all(),
  n: (state) => step(state, 1),
  ArrowDown: (state) => step(state, 1),
  p: (state) => step(state, -1),
  ArrowUp: (state) => step(state, -1),
  Enter: (state) => {
    if (state.selected !== null) state.zoomTo(state.selected);
  },
  Escape: (state) => state.select(null),
};

function incidentOf({ row, conn }: Spot, { data }: ViewState): number {
  return data.incidents.findIndex((incident) => incident.node === row.nodeIndex && incident.conn === conn.id);
}

function hover(spot: Spot | null, event: PointerEvent | null, wall: WallWords): void {
  const tip = byId("tip");
  tip.hidden = spot === null;
  if (spot === null || event === null) return;
  const { conn, row } = spot;
  const lost = row.node.casualties.filter((each) => each.conn === conn.id);
  const end = conn.to === null ? "open at the end" : `lived ${durationWords(conn.to - conn.from)}`;
  tip.replaceChildren(
    h("b", {}, `connection ${conn.id} · ${conn.type ?? conn.close ?? ""}`),
    h("span", {}, conn.ends),
    h("span", {}, `${wall.exact(conn.from)}, ${end}${conn.backend === null ? "" : `, backend ${conn.backend}`}`),
    ...(lost.length === 0
      ? []
      : [
          h(
            "span",
            { class: "harm" },
            `${lost.length} lost, ${lost.filter(({ unsafe }) => unsafe).length} unsafe to retry`,
          ),
        ]),
  );
  const x = Math.min(event.pageX + 14, document.documentElement.clientWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(4, x)}px`;
  tip.style.top = `${event.pageY + 16}px`;
}
