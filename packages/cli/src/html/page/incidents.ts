import type { IncidentData } from "./data.js";
import { byId, h } from "./dom.js";
import type { ViewState } from "./state.js";
import { countWords, pluralWords, type WallWords } from "./words.js";

/** Alike: the same end, lane, path and node. Shown as one entry that opens. */
interface Group {
  readonly first: number;
  readonly members: number[];
}

const SHOWN_MEMBERS = 200;

/** The closed entry that an incident is in. */
const homes = new Map<number, HTMLDetailsElement>();

/** The list of incidents, worst first. Each is a button; arrows walk through them. */
export function drawIncidents(state: ViewState, wall: WallWords): void {
  const list = byId("incidents");
  const groups = grouped(state);
  homes.clear();
  const shown = groups.reduce((sum, { members }) => sum + members.length, 0);
  const all = state.data.incidents.length;
  byId("incident-count").textContent = shown === all ? countWords(all) : `${countWords(shown)} of ${countWords(all)}`;
  list.replaceChildren(...groups.map((group) => entry(group, state, wall)));
  if (groups.length === 0) {
    list.append(h("li", { class: "none" }, all === 0 ? "No connection failed." : "The filters leave none."));
  }
  markSelected(state);
}

function grouped(state: ViewState): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const [index, incident] of state.data.incidents.entries()) {
    if (!state.showsIncident(incident)) continue;
    const { node, path, lane, type, close, phase } = incident;
    const key = JSON.stringify([node, path, lane, type, close, phase]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: index, members: [index] });
    else group.members.push(index);
  }
  return [...groups.values()];
}

function entry({ first, members }: Group, state: ViewState, wall: WallWords): HTMLElement {
  const incident = state.data.incidents[first] as IncidentData;
  if (members.length === 1) return h("li", {}, button(first, incident, state, wall, true));
  const rest = h("ol", { class: "members" });
  const details = h(
    "details",
    {},
    h("summary", {}, `${countWords(members.length - 1)} more like it${harmOf(members.slice(1), state)}`),
    rest,
  );
  for (const index of members.slice(1, SHOWN_MEMBERS)) homes.set(index, details);
  // The first hundred of ten thousand are enough to click; all are in the chart.
  details.addEventListener("toggle", () => {
    if (!details.open || rest.childElementCount > 0) return;
    for (const index of members.slice(1, SHOWN_MEMBERS)) {
      const member = state.data.incidents[index];
      if (member !== undefined) rest.append(h("li", {}, button(index, member, state, wall, false)));
    }
    if (members.length > SHOWN_MEMBERS)
      rest.append(
        h(
          "li",
          { class: "none" },
          `and ${countWords(members.length - SHOWN_MEMBERS)} more: zoom the chart to find them`,
        ),
      );
    markSelected(state);
  });
  return h("li", {}, button(first, incident, state, wall, true), details);
}

function harmOf(members: readonly number[], state: ViewState): string {
  const failed = members.reduce((sum, index) => sum + (state.data.incidents[index]?.failed ?? 0), 0);
  const unsafe = members.reduce((sum, index) => sum + (state.data.incidents[index]?.unsafe ?? 0), 0);
  return failed === 0
    ? ""
    : `: ${pluralWords(failed, "request")} lost${unsafe === 0 ? "" : `, ${countWords(unsafe)} unsafe`}`;
}

function button(index: number, incident: IncidentData, state: ViewState, wall: WallWords, whole: boolean): HTMLElement {
  const node = state.data.nodes[incident.node];
  const where = `${state.data.nodes.length > 1 ? `${node?.node ?? "?"} · ` : ""}${incident.path} ${incident.lane}`;
  const harm =
    incident.failed === 0
      ? h("span", { class: "harm none" }, "no request lost")
      : h(
          "span",
          { class: "harm" },
          pluralWords(incident.failed, "request"),
          " lost",
          incident.unsafe > 0 ? h("b", {}, ` · ${countWords(incident.unsafe)} unsafe`) : null,
        );
  return h(
    "button",
    { type: "button", class: "incident", "data-incident": index, click: () => choose(state, index) },
    whole ? h("strong", {}, incident.title) : null,
    h("span", { class: "where" }, `${where} · connection ${incident.conn}`),
    h("span", { class: "line" }, h("time", {}, wall.exact(incident.at)), harm),
  );
}

/** Selects an incident and shows it. */
export function choose(state: ViewState, index: number): void {
  state.select(index);
  state.zoomTo(index);
}

/** The one before or after the selected one, as listed. */
export function step(state: ViewState, by: 1 | -1): void {
  const listed = grouped(state).flatMap(({ members }) => members);
  if (listed.length === 0) return;
  const at = state.selected === null ? -1 : listed.indexOf(state.selected);
  const next = at < 0 ? (by === 1 ? 0 : listed.length - 1) : Math.min(listed.length - 1, Math.max(0, at + by));
  const index = listed[next];
  if (index !== undefined) choose(state, index);
}

/** Shows which one is looked at; opens the entry that hides it. */
export function markSelected(state: ViewState): void {
  const home = state.selected === null ? undefined : homes.get(state.selected);
  // What is in it comes with its toggle event, and marks it then.
  if (home !== undefined && !home.open) home.open = true;
  for (const each of byId("incidents").querySelectorAll<HTMLElement>("[data-incident]")) {
    const is = Number(each.dataset.incident) === state.selected;
    if (is) {
      each.setAttribute("aria-current", "true");
      each.scrollIntoView({ block: "nearest" });
    } else each.removeAttribute("aria-current");
  }
}
