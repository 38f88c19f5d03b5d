import type { CasualtyData, ConnData, IncidentData, NodeData, ReportData } from "./data.js";

export interface Filters {
  node: string;
  path: string;
  scope: string;
  type: string;
}

/** What the reader looks at. One object, changed through `update`; whoever draws subscribes. */
export class ViewState {
  readonly data: ReportData;
  readonly filters: Filters = { node: "", path: "", scope: "", type: "" };
  from: number;
  to: number;
  /** Index of the incident that is looked at. */
  selected: number | null = null;
  readonly #listeners: ((what: "view" | "filters" | "selection") => void)[] = [];
  readonly #whole: readonly [number, number];

  constructor(data: ReportData) {
    this.data = data;
    const pad = Math.max(1, (data.to - data.from) * 0.01);
    this.#whole = [data.from - pad, data.to + pad];
    [this.from, this.to] = this.#whole;
  }

  subscribe(listener: (what: "view" | "filters" | "selection") => void): void {
    this.#listeners.push(listener);
  }

  /** Shows a stretch of time, not wider than all and not narrower than 20 µs. */
  show(from: number, to: number): void {
    const [first, last] = this.#whole;
    const width = Math.min(last - first, Math.max(0.02, to - from));
    const middle = (from + to) / 2;
    this.from = Math.min(last - width, Math.max(first, middle - width / 2));
    this.to = this.from + width;
    this.#tell("view");
  }

  all(): void {
    this.show(...this.#whole);
  }

  get isWhole(): boolean {
    return this.to - this.from >= (this.#whole[1] - this.#whole[0]) * 0.999;
  }

  zoom(factor: number, around = (this.from + this.to) / 2): void {
    this.show(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  pan(share: number): void {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  filter(name: keyof Filters, value: string): void {
    this.filters[name] = value;
    this.#tell("filters");
  }

  select(incident: number | null): void {
    this.selected = incident;
    this.#tell("selection");
  }

  /** The incident with enough around it to see what led to it. */
  zoomTo(index: number): void {
    const incident = this.data.incidents[index];
    if (incident === undefined) return;
    const node = this.data.nodes[incident.node];
    const casualties = node?.casualties.filter(({ conn }) => conn === incident.conn) ?? [];
    const conn = node?.conns.find(({ id }) => id === incident.conn);
    const marks = conn?.marks.map(([, at]) => at) ?? [];
    const times = [
      incident.at - incident.uMs,
      incident.at,
      ...marks,
      ...casualties.flatMap(({ at, sent }) => [at, sent ?? at]),
    ];
    const near = times.filter((at) => Math.abs(at - incident.at) < 10_000);
    const from = Math.min(...near);
    const to = Math.max(...near);
    const room = Math.max(5, (to - from) * 0.6, incident.uMs * 4);
    this.show(from - room, to + room);
  }

  showsNode(node: NodeData): boolean {
    return this.filters.node === "" || this.filters.node === node.node;
  }

  showsPath(path: string): boolean {
    return this.filters.path === "" || this.filters.path === path;
  }

  showsIncident(incident: IncidentData): boolean {
    const { type, scope } = this.filters;
    const node = this.data.nodes[incident.node];
    return (
      node !== undefined &&
      this.showsNode(node) &&
      this.showsPath(incident.path) &&
      (type === "" || incident.type === type) &&
      scope !== "request"
    );
  }

  showsCasualty(casualty: CasualtyData): boolean {
    const { type, scope } = this.filters;
    return (type === "" || casualty.type === type) && (scope === "" || casualty.scope === scope);
  }

  /** A failed connection that the filters hide is not drawn as a failure; what went well is always drawn. */
  showsFailure(conn: ConnData): boolean {
    const { type, scope } = this.filters;
    return (type === "" || conn.type === type) && scope !== "request";
  }

  #tell(what: "view" | "filters" | "selection"): void {
    for (const listener of this.#listeners) listener(what);
  }
}
