import { byId, h } from "./dom.js";
import type { Filters, ViewState } from "./state.js";

/** The four filters: plain selects, for keys and screen readers. One that has nothing to choose from is left out. */
export function makeFilters(state: ViewState): void {
  const { nodes, incidents } = state.data;
  const types = new Set([
    ...incidents.map(({ type }) => type),
    ...nodes.flatMap(({ casualties, conns }) => [
      ...casualties.map(({ type }) => type),
      ...conns.flatMap(({ type }) => type ?? []),
    ]),
  ]);
  const paths = new Set(nodes.flatMap(({ lanes }) => lanes.map(({ path }) => path)));
  byId("filters").append(
    ...select(state, "node", [...new Set(nodes.map(({ node }) => node))]),
    ...select(state, "path", [...paths]),
    ...select(state, "scope", ["connection", "request"]),
    ...select(state, "type", [...types].sort()),
  );
}

function select(state: ViewState, name: keyof Filters, values: readonly string[]): HTMLElement[] {
  if (values.length < 2) return [];
  const choose = (event: Event): void => {
    if (event.target instanceof HTMLSelectElement) state.filter(name, event.target.value);
  };
  const options = values.map((value) => h("option", { value }, value));
  return [
    h(
      "label",
      {},
      `${name} `,
      h("select", { id: `filter-${name}`, change: choose }, h("option", { value: "" }, "all"), ...options),
    ),
  ];
}
