import { MARKS } from "./data.js";
import { byId, h } from "./dom.js";
import type { ViewState } from "./state.js";
import { countWords, durationWords, type WallWords } from "./words.js";

const SHOWN = 500;

/** The chart in words: what each lane did, and each connection that shows a mark, in the stretch and under the filters of the chart. */
export function drawTwin(state: ViewState, wall: WallWords): void {
  const lanes: HTMLElement[] = [];
  const lines: HTMLElement[] = [];
  let more = 0;
  for (const node of state.data.nodes) {
    if (!state.showsNode(node)) continue;
    for (const [index, lane] of node.lanes.entries()) {
      if (!state.showsPath(lane.path)) continue;
      const count = (counts: readonly number[]): number =>
        counts.reduce((sum, each, bin) => {
          const at = node.from + bin * lane.binMs;
          return at + lane.binMs >= state.from && at <= state.to ? sum + each : sum;
        }, 0);
      const own = node.conns.filter(({ lane: of }) => of === index);
      const cells = [node.node, lane.path, lane.lane, countWords(count(lane.ok)), countWords(count(lane.failed))];
      lanes.push(h("tr", {}, ...cells.map((text) => h("td", {}, text))));
      for (const conn of own) {
        const to = conn.to ?? node.to;
        if (to < state.from || conn.from > state.to || (conn.type === null && conn.marks.length === 0)) continue;
        if (conn.type !== null && !state.showsFailure(conn)) continue;
        if (lines.length >= SHOWN) {
          more += 1;
          continue;
        }
        const lost = node.casualties.filter((each) => each.conn === conn.id && state.showsCasualty(each));
        const unsafe = lost.filter((each) => each.unsafe).length;
        lines.push(
          h(
            "tr",
            {},
            h("td", {}, `${node.node} ${lane.path} ${lane.lane}`),
            h("td", {}, String(conn.id)),
            h("td", {}, conn.ends),
            h("td", {}, wall.exact(conn.from)),
            h("td", {}, conn.to === null ? "open at the end" : durationWords(conn.to - conn.from)),
            h("td", {}, conn.marks.map(([mark, at]) => `${MARKS[mark] ?? "?"} ${wall.exact(at)}`).join(", ")),
            h("td", {}, conn.type ?? conn.close ?? ""),
            h("td", {}, lost.length === 0 ? "0" : `${lost.length}${unsafe > 0 ? `, ${unsafe} unsafe` : ""}`),
          ),
        );
      }
    }
  }
  byId("twin").replaceChildren(
    table(
      "Lanes: answers and failures in the stretch of time shown",
      ["node", "path", "lane", "well", "failed"],
      lanes,
    ),
    table(
      "Connections with a mark",
      ["lane", "connection", "from → to", "began", "lived", "marks", "verdict", "requests lost"],
      lines,
    ),
    ...(more > 0 ? [h("p", { class: "none" }, `and ${countWords(more)} more: zoom in, or filter, to read them`)] : []),
  );
}

function table(caption: string, heads: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...heads.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...rows),
    ),
  );
}
