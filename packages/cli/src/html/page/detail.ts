import type { CasualtyData, NodeData } from "./data.js";
import { byId, h } from "./dom.js";
import type { ViewState } from "./state.js";
import { countWords, durationWords, pluralWords, type WallWords } from "./words.js";

const SHOWN_EVENTS = 60;
const SHOWN_CASUALTIES = 60;

/** What is known of the selected incident: what, who, when, what it cost, and the events it rests on. */
export function drawDetail(state: ViewState, wall: WallWords): void {
  const panel = byId("detail");
  const index = state.selected;
  const incident = index === null ? undefined : state.data.incidents[index];
  const node = incident === undefined ? undefined : state.data.nodes[incident.node];
  if (index === null || incident === undefined || node === undefined) {
    panel.replaceChildren(
      h("p", { class: "none" }, "Choose an incident to see what led to it, and on which events that rests."),
    );
    return;
  }
  const shared = state.data.shared.filter(({ incidents }) => incidents.includes(index));
  const episode = state.data.episodes.find(({ from, to }) => incident.at >= from - 1 && incident.at <= to + 1);
  const facts: [string, string][] = [
    ["verdict", `${incident.type}${incident.close === null ? "" : ` / ${incident.close}`}`],
    ["who", `${state.data.nodes.length > 1 ? `${node.node}: ` : ""}${incident.who}`],
    ["when", `${wall.exact(incident.at)}, or at most ${durationWords(incident.uMs)} earlier`],
    ...(incident.phase === null ? [] : ([["phase", incident.phase]] as [string, string][])),
    ["lost", incident.lost],
    ...incident.goaways.map((text): [string, string] => ["GOAWAY", text]),
    ["after", incident.after],
    ...shared.map(({ nodes }): [string, string] => [
      "same instant",
      `also on ${nodes.filter((name) => name !== node.node).join(", ")}: one backend or the balancer, not each host; which came first cannot be told`,
    ]),
    ...(episode === undefined ? [] : ([["blame", `${episode.who}: ${episode.reason}`]] as [string, string][])),
  ];
  panel.replaceChildren(
    h("h3", {}, incident.title),
    h("dl", {}, ...facts.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])),
    evidence(incident.evidence, node, wall),
    ...casualties(incident.conn, node, wall),
  );
}

function evidence(seqs: readonly number[], node: NodeData, wall: WallWords): HTMLElement {
  const rows = seqs.slice(0, SHOWN_EVENTS).map((seq) => {
    const event = node.events[seq];
    if (event === undefined) return h("li", {}, h("span", { class: "about" }, `event ${seq}: in the log only`));
    const [at, uMs, kind, text] = event;
    const when = h("time", { title: `or at most ${durationWords(uMs)} earlier` }, wall.exact(at));
    return h(
      "li",
      {},
      h("span", { class: "line" }, h("b", {}, kind), when),
      h("span", { class: "about" }, `event ${seq} · ${text}`),
    );
  });
  return opened(`Evidence: ${pluralWords(seqs.length, "event")}`, rows, seqs.length, true);
}

function casualties(conn: number, node: NodeData, wall: WallWords): HTMLElement[] {
  const lost = node.casualties.filter((each) => each.conn === conn);
  if (lost.length === 0) return [];
  const rows = [...lost]
    .sort((a, b) => Number(b.unsafe) - Number(a.unsafe) || a.at - b.at)
    .slice(0, SHOWN_CASUALTIES)
    .map((each) =>
      h(
        "li",
        { class: each.unsafe ? "unsafe" : null },
        h("span", { class: "line" }, h("b", {}, fateOf(each)), h("time", {}, wall.exact(each.sent ?? each.at))),
        h("span", { class: "about" }, `request ${each.request} · ${each.type} · ${each.what}`),
      ),
    );
  return [opened(`Lost with it: ${pluralWords(lost.length, "request")}`, rows, lost.length, false)];
}

function fateOf({ unsafe, processed }: CasualtyData): string {
  if (unsafe) return "UNSAFE to retry";
  return processed === "maybe" ? "perhaps carried out" : processed === "no" ? "not carried out" : "carried out";
}

function opened(title: string, rows: readonly HTMLElement[], count: number, open: boolean): HTMLElement {
  const more = count - rows.length;
  return h(
    "details",
    { open },
    h("summary", {}, title),
    h("ol", { class: "events" }, ...rows),
    more > 0 ? h("p", { class: "none" }, `and ${countWords(more)} more; the log has them all`) : null,
  );
}
