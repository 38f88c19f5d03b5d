import { describe, expect, it } from "vitest";
import { PROMETHEUS_METRICS } from "../packages/probe-core/src/index.js";
import { filledIn, queriesOf, readDashboard } from "./support/dashboard.js";

const dashboard = readDashboard();
const queries = queriesOf(dashboard);

/** Every series Prometheus has of us, with the labels it has. */
const served = new Map<string, readonly string[]>();
for (const [name, { type, labels }] of Object.entries(PROMETHEUS_METRICS)) {
  if (type === "histogram") {
    served.set(`${name}_bucket`, [...labels, "le"]);
    served.set(`${name}_sum`, labels);
    served.set(`${name}_count`, labels);
  } else served.set(name, labels);
}

/** Labels that Prometheus itself puts on a series. */
const OF_PROMETHEUS = ["instance", "job"];

describe("docs/grafana-dashboard.json", () => {
  it.each(queries)("$panel: asks for metrics that are served, by labels they have: $expr", ({ expr }) => {
    const names = expr.match(/\bdrainprobe_\w+/g) ?? [];
    expect(names.length).toBeGreaterThan(0);
    const labels = new Set(names.flatMap((name) => [...(served.get(name) ?? [`${name} is not served`])]));
    expect([...labels].filter((label) => label.endsWith("not served"))).toEqual([]);
    const matched = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = ""]) =>
      [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1] ?? ""),
    );
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inside = ""]) => inside.split(/\s*,\s*/));
    for (const label of [...matched, ...grouped]) expect([...labels, ...OF_PROMETHEUS]).toContain(label);
  });

  it("knows every variable it uses", () => {
    const known = dashboard.templating.list.map(({ name }) => `$${name}`).concat("$__rate_interval");
    for (const { expr } of queries) {
      for (const used of expr.match(/\$\w+/g) ?? []) expect(known).toContain(used);
      expect(filledIn(expr, "1m")).not.toContain("$");
    }
  });

  it("fills its variables from metrics that are served", () => {
    const asked = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(asked.length).toBeGreaterThan(0);
    for (const definition of asked) {
      const [, name = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      expect([...(served.get(name) ?? []), ...OF_PROMETHEUS]).toContain(label);
    }
  });

  it("shows every metric that tells of a failure", () => {
    const all = queries.map(({ expr }) => expr).join("\n");
    for (const name of [
      "drainprobe_request_failures_total",
      "drainprobe_requests_unsafe_to_retry_total",
      "drainprobe_connections_ended_total",
      "drainprobe_incidents_total",
      "drainprobe_new_connection_outage_seconds",
      "drainprobe_schedule_missed_total",
      "drainprobe_drops_total",
    ]) {
      expect(all).toContain(name);
    }
  });

  it("has panels that do not lie on each other, each with a title, an id of its own and a word of explanation", () => {
    const taken = new Map<string, string>();
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { title, type, description, gridPos } of dashboard.panels) {
      expect(title).not.toBe("");
      if (type !== "row") expect(description, title).toMatch(/\.$/);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x},${y}`), title).toBeUndefined();
          taken.set(`${x},${y}`, title);
        }
      }
    }
  });
});
