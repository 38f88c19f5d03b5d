import type { EpisodeData, Judged, MatchData, NodeData, ReportData } from "./data.js";
import { byId, h } from "./dom.js";
import type { ViewState } from "./state.js";
import { durationWords, type WallWords } from "./words.js";

const SIGNS = { pass: "✓", fail: "✗", inconclusive: "?" } as const;
const WORDS = { pass: "pass", fail: "FAIL", inconclusive: "inconclusive" } as const;
const WHO: Readonly<Record<string, string>> = {
  server: "the server",
  hairpin: "hairpin or redirect of one host",
  balancer: "the balancer",
  host: "one host",
  "cannot-tell": "cannot tell",
};

/** Verdict, objectives and headline numbers. */
export function drawSummary(data: ReportData): void {
  const top = byId("top");
  const several = data.nodes.length > 1;
  const [first] = data.nodes;
  const sentence = several
    ? `on ${data.nodes.filter(({ verdict }) => verdict === data.verdict).length} of ${data.nodes.length} nodes`
    : (first?.sentence ?? "");
  top.append(
    h("h1", {}, h("span", { class: `badge ${data.verdict}` }, WORDS[data.verdict]), " ", sentence),
    // What was missed comes before what each node lost.
    h("ul", { class: "judged" }, ...judgedLines(data)),
    ...(several
      ? [h("ul", { class: "nodes" }, ...data.nodes.map(nodeLine))]
      : [h("p", { class: "about" }, `${first?.node ?? ""}: ${first?.about ?? ""}`)]),
    h(
      "div",
      { class: "tiles" },
      ...data.headline.map(({ label, value, note, bad }) =>
        h(
          "div",
          { class: bad ? "tile bad" : "tile", title: note },
          h("span", { class: "label" }, label),
          h("b", {}, value),
          h("span", { class: "note" }, note),
        ),
      ),
    ),
    ...data.nodes.flatMap(({ node, warnings }) =>
      warnings.map((text) => h("p", { class: "warning" }, several ? `${node}: ${text}` : text)),
    ),
    ...data.leftOut.map((text) => h("p", { class: "warning" }, text)),
  );
}

function nodeLine({ node, verdict, sentence, about }: NodeData): HTMLElement {
  return h(
    "li",
    {},
    h("span", { class: `sign ${verdict}` }, SIGNS[verdict]),
    h("b", {}, node),
    ` ${sentence} `,
    h("span", { class: "about" }, about),
  );
}

/** One line for each objective, those missed first; of several nodes the worst speaks, and is named. */
function judgedLines(data: ReportData): HTMLElement[] {
  const rank = { fail: 0, inconclusive: 1, pass: 2 } as const;
  const worst = new Map<string, Judged & { readonly node: string }>();
  for (const { node, judged } of data.nodes) {
    for (const each of judged) {
      const known = worst.get(each.text);
      if (known === undefined || rank[each.result] < rank[known.result]) worst.set(each.text, { ...each, node });
    }
  }
  return [...worst.values()]
    .sort((a, b) => rank[a.result] - rank[b.result])
    .map(({ result, text, why, node }) =>
      h(
        "li",
        {},
        h("span", { class: `sign ${result}`, role: "img", "aria-label": WORDS[result] }, SIGNS[result]),
        h("span", {}, text, h("span", { class: "why" }, ` ${data.nodes.length > 1 ? `${node}: ` : ""}${why}`)),
      ),
    );
}

/** Known signatures, and who the paths accuse. */
export function drawFindings(state: ViewState, wall: WallWords): void {
  const { matches, episodes, shared, skewMs } = state.data;
  const parts: HTMLElement[] = [];
  const [best, ...others] = matches;
  const known =
    best === undefined
      ? null
      : h(
          "div",
          { class: "matches" },
          h("article", { class: "match" }, ...matchLines(best)),
          ...others.map(otherMatch),
        );
  const comparable = episodes.filter(({ cells }) => cells.length > 1);
  const accused: HTMLElement[] = [];
  if (comparable.length > 0) accused.push(truthTable(comparable, state, wall));
  else if (episodes.length > 0) {
    const why = "Who did it cannot be told: one path from one node was watched, and nothing beside it.";
    accused.push(h("p", { class: "about" }, why));
  }
  if (skewMs !== null) {
    const instants =
      shared.length === 0
        ? "no two nodes saw an incident at what may be one instant"
        : `${shared.length === 1 ? "one instant was" : `${shared.length} instants were`} seen by several nodes`;
    accused.push(
      h(
        "p",
        { class: "about" },
        `Clocks of two nodes are taken to be within ${durationWords(skewMs)} of each other; inside that and the errors of their readings no order is claimed: ${instants}.`,
      ),
    );
  }
  if (known !== null) parts.push(known);
  if (accused.length > 0) parts.push(h("div", { class: "accused" }, ...accused));
  byId("findings").replaceChildren(...parts);
  byId("findings-section").hidden = parts.length === 0;
}

function matchLines({ title, cause, fix, reference, how, fits }: MatchData): HTMLElement[] {
  return [
    h("h3", {}, title, h("span", { class: "how" }, ` ${how}`)),
    h("p", {}, h("b", {}, "Cause "), cause),
    h("p", {}, h("b", {}, "Fix "), fix),
    h("p", { class: "about" }, `${fits}${reference === "" ? "" : ` · ${reference}`}`),
  ];
}

/** What fits less well opens on demand, so that the answer stands alone. */
function otherMatch(match: MatchData): HTMLElement {
  const word = match.harmless ? "harmless: " : "also like: ";
  return h(
    "details",
    { class: "match other" },
    h("summary", {}, word, h("b", {}, match.title), h("span", { class: "how" }, ` ${match.how}`)),
    ...matchLines(match).slice(1),
  );
}

const SHOWN_EPISODES = 100;

/** Stretches in which the same cells were bad, with the same answer: a rollout of many backends repeats itself. */
function alike(episodes: readonly EpisodeData[]): (readonly [EpisodeData, ...EpisodeData[]])[] {
  const groups = new Map<string, [EpisodeData, ...EpisodeData[]]>();
  for (const episode of episodes) {
    const key = JSON.stringify([episode.who, episode.reason, episode.cells.map(({ state }) => state)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [episode]);
    else group.push(episode);
  }
  return [...groups.values()];
}

function timesMore(more: readonly EpisodeData[], wall: WallWords): (Node | string)[] {
  const last = more.at(-1);
  if (last === undefined) return [];
  const words = `and ${more.length === 1 ? "once" : `${more.length} times`} more, last ${wall.exact(last.from).slice(0, 8)}`;
  return [h("br"), h("span", { class: "about" }, words)];
}

/** A node above its path: side by side they would take the table's width. */
function columnHead(name: string): HTMLElement {
  const [node = "", ...path] = name.split(" ");
  return h("th", { scope: "col" }, node, ...(path.length === 0 ? [] : [" ", h("br"), path.join(" ")]));
}

function truthTable(episodes: readonly EpisodeData[], state: ViewState, wall: WallWords): HTMLElement {
  const several = state.data.nodes.length > 1;
  const columns = [
    ...new Set(episodes.flatMap(({ cells }) => cells.map(({ node, path }) => (several ? `${node} ${path}` : path)))),
  ];
  const groups = alike(episodes);
  const rows = groups.slice(0, SHOWN_EPISODES).map(([first, ...more]) => {
    const { from, to, who, where, reason, cells } = first;
    const states = new Map(cells.map((cell) => [several ? `${cell.node} ${cell.path}` : cell.path, cell]));
    return h(
      "tr",
      {},
      h(
        "td",
        {},
        h(
          "button",
          { type: "button", class: "link", click: () => state.show(from - 500, to + 500) },
          wall.exact(from).slice(0, 12),
        ),
        h("br"),
        h("span", { class: "about" }, `for ${durationWords(to - from)}`),
        ...timesMore(more, wall),
      ),
      ...columns.map((column) => {
        const cell = states.get(column);
        const word = cell === undefined || cell.state === "unseen" ? "–" : cell.state === "bad" ? "✗ bad" : "✓ good";
        return h(
          "td",
          {
            class: `cell ${cell?.state ?? "unseen"}`,
            title: cell === undefined ? "" : `${cell.failed} failed, ${cell.ok} well`,
          },
          word,
        );
      }),
      h(
        "td",
        {},
        h("b", {}, WHO[who] ?? who),
        where === null || who === "cannot-tell" ? "" : ` (${where})`,
        h("br"),
        h("span", { class: "about" }, reason),
      ),
    );
  });
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "truth" },
      h("caption", {}, "Who did it: each stretch of failures, on each path at the same time"),
      h("thead", {}, h("tr", {}, ...["when", ...columns, "who"].map(columnHead))),
      h("tbody", {}, ...rows),
    ),
    groups.length > SHOWN_EPISODES
      ? h("p", { class: "none" }, `and ${groups.length - SHOWN_EPISODES} more kinds`)
      : null,
  );
}
