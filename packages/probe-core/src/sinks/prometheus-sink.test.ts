import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulateRun } from "../../test/connection-simulator.js";
import { Scrape } from "../../test/prometheus-scrape.js";
import { closing, fin, HEADER, MS, rst, Trace } from "../../test/trace-builder.js";
import { CLOSES, VERDICT_TYPES } from "../classify/verdict-types.js";
import { LANES, type LogRecord } from "../events/index.js";
import { createFold } from "../verdict/fold.js";
import type { Summary } from "../verdict/summary-types.js";
import { type Metric, PROMETHEUS_METRICS } from "./prometheus-metrics.js";
import { PrometheusSink } from "./prometheus-sink.js";

const BUILD = { version: "1.2.3", nodeVersion: "20.19.0" };

interface Counted {
  readonly sink: PrometheusSink;
  readonly during: Scrape;
  readonly after: Scrape;
  readonly summary: Summary;
}

/** Folds and counts a log as a probe does, and looks at the metrics before and after the fold's end. */
function count(log: Trace | readonly LogRecord[]): Counted {
  const sink = new PrometheusSink(BUILD);
  const fold = createFold({
    onVerdict: (verdict) => sink.appendVerdict(verdict),
    onIncident: (incident) => sink.appendIncident(incident),
  });
  for (const record of log instanceof Trace ? [HEADER, ...log.events, log.footer()] : log) {
    sink.write(record);
    fold.push(record);
  }
  const during = new Scrape(sink.text(fold.snapshot().drops));
  const summary = fold.finish();
  return { sink, during, after: new Scrape(sink.text()), summary };
}

const without = (counts: Readonly<Record<string, number>>, ...keys: readonly string[]): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([key]) => !keys.includes(key)));

describe("PrometheusSink", () => {
  test("counts what the summary counts, whatever happened", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { after, summary } = count(simulateRun(seed, 400).trace);
        const { requests, connections, incidents } = summary;
        const sum = (...of: Parameters<Scrape["sum"]>): number => after.sum(...of) ?? 0;
        expect(sum("drainprobe_requests_started_total")).toBe(requests.total);
        for (const result of ["ok", "failed", "abandoned"] as const) {
          expect(sum("drainprobe_requests_total", { result })).toBe(requests[result]);
        }
        expect(after.by("drainprobe_request_failures_total", "type")).toEqual(without(requests.byType, "abandoned"));
        for (const scope of ["connection", "request"] as const) {
          expect(sum("drainprobe_request_failures_total", { scope })).toBe(requests.byScope[scope]);
        }
        expect(sum("drainprobe_requests_unsafe_to_retry_total")).toBe(requests.unsafeToRetry);
        expect(sum("drainprobe_connections_opened_total")).toBe(connections.opened);
        expect(without(after.by("drainprobe_connections_ended_total", "type"), "none")).toEqual(connections.byType);
        expect(without(after.by("drainprobe_connections_ended_total", "close"), "none")).toEqual(
          Object.fromEntries(Object.entries(connections.closed).filter(([, closed]) => closed > 0)),
        );
        expect(sum("drainprobe_incidents_total")).toBe(incidents.length);
        for (const gauge of ["requests_in_flight", "connections_open", "sessions_open"]) {
          expect(sum(`drainprobe_${gauge}`), gauge).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("agrees with the fold's own counts at any moment of a run", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 600 }), (seed, length) => {
        const events = simulateRun(seed, 400).trace.events.slice(0, length);
        const sink = new PrometheusSink(BUILD);
        const fold = createFold({ onVerdict: (verdict) => sink.appendVerdict(verdict) });
        for (const record of [HEADER, ...events]) {
          sink.write(record);
          fold.push(record);
        }
        const { requests, connections } = fold.snapshot();
        const scrape = new Scrape(sink.text());
        expect(scrape.sum("drainprobe_requests_total", { result: "ok" }) ?? 0).toBe(requests.ok);
        expect(scrape.sum("drainprobe_requests_in_flight") ?? 0).toBe(requests.inFlight);
        expect(scrape.sum("drainprobe_connections_open") ?? 0).toBe(connections.open);
      }),
      { numRuns: 60 },
    );
  });

  test("has no label value but those of closed lists and the run's paths, and no metric that is not in the table", () => {
    const missed = ["in-flight.limit", "connection.limit", "overrun", "local.resources"];
    const allowed: Readonly<Record<string, readonly string[]>> = {
      path: ["vip", "direct"],
      lane: LANES,
      type: [...VERDICT_TYPES, ...missed, "none", "unattributed_events", "missing_events"],
      scope: ["connection", "request"],
      close: [...CLOSES, "none"],
      processed: ["yes", "no", "maybe"],
      result: ["ok", "failed", "abandoned"],
      version: ["1.2.3"],
      node_version: ["20.19.0"],
    };
    const tables = new Map<string, Metric>(Object.entries(PROMETHEUS_METRICS));
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { during, after } = count(simulateRun(seed, 300).trace);
        for (const { name, labels } of [...during.samples, ...after.samples]) {
          const metric = tables.get(name.replace(/_(bucket|sum|count)$/, "")) ?? tables.get(name);
          const { le, ...own } = labels;
          const wrong = [
            ...(metric === undefined ? ["unknown"] : []),
            ...((le !== undefined) === name.endsWith("_bucket") ? [] : ["le"]),
            ...(Object.keys(own).join() === metric?.labels.join() ? [] : ["labels"]),
            ...Object.entries(own).flatMap(([label, value]) => (allowed[label]?.includes(value) ? [] : [value])),
          ];
          if (wrong.length > 0) expect.fail(`${name} ${JSON.stringify(labels)}: ${wrong.join(", ")}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("declares each metric before its samples, with its type and its help", () => {
    const { after } = count(simulateRun(7, 2_000).trace);
    expect(after.types.size).toBeGreaterThan(20);
    for (const [name, type] of after.types) {
      const metric = Object.entries(PROMETHEUS_METRICS).find(([known]) => known === name)?.[1];
      expect(type).toBe(metric?.type);
      expect(after.helps.get(name)).toBe(metric?.help);
    }
  });

  test("shows planned lanes at zero before anything has happened, and the build before the run", () => {
    const sink = new PrometheusSink(BUILD);
    expect(new Scrape(sink.text()).samples).toEqual([
      { name: "drainprobe_build_info", labels: { version: "1.2.3", node_version: "20.19.0" }, value: 1 },
    ]);
    const plan = { url: "https://api/", ratePerSecond: 1, sessions: 1, pingIntervalNs: 1 };
    const selfTest = { ran: true, passed: true, scenarios: 1, failures: [], durationNs: 1 };
    sink.write({ ...HEADER, selfTest, lanes: [{ path: "vip", lane: "held", ...plan }] });
    const scrape = new Scrape(sink.text());
    expect(scrape.sum("drainprobe_requests_total", { path: "vip", lane: "held", result: "failed" })).toBe(0);
    expect(scrape.sum("drainprobe_new_connection_outage_seconds", { path: "vip" })).toBe(0);
    expect(scrape.sum("drainprobe_self_test_passed")).toBe(1);
    expect(scrape.sum("drainprobe_run_start_time_seconds")).toBe(Date.UTC(2026, 0, 1) / 1000);
    expect(scrape.of("drainprobe_connect_seconds_count")).toEqual([]);
  });

  test("latency is counted from when a request was due and from when it was sent", () => {
    const log = new Trace().ready();
    const base = log.events.at(-1)!;
    log.events.push({
      kind: "request.sent",
      request: 1,
      conn: 1,
      stream: 1,
      path: "vip",
      lane: "held",
      method: "GET",
      url: "https://api/",
      intended: base.t,
      seq: base.seq + 1,
      t: base.t + 30 * MS,
      u: 0,
    });
    log.at(base.t + 34 * MS).headers(1);
    log.at(base.t + 35 * MS).end(1);
    const { after } = count(log);
    const bucket = (name: string, le: string): number | undefined => after.sum(`drainprobe_${name}_bucket`, { le });
    expect([bucket("request_from_sent_seconds", "0.0025"), bucket("request_from_sent_seconds", "0.005")]).toEqual([
      0, 1,
    ]);
    expect([bucket("request_from_intended_seconds", "0.025"), bucket("request_from_intended_seconds", "0.05")]).toEqual(
      [0, 1],
    );
    expect(after.sum("drainprobe_request_from_intended_seconds_sum")).toBeCloseTo(0.035, 9);
  });

  test("a session stops taking requests at its GOAWAY, and its connection stays open", () => {
    const { during } = count(new Trace().ready().answered(1).ready(2).goaway(1));
    expect(during.sum("drainprobe_sessions_open")).toBe(1);
    expect(during.sum("drainprobe_connections_open")).toBe(2);
    expect(during.sum("drainprobe_goaways_received_total")).toBe(1);
  });

  test("new connections: the gap is counted when they work again, and is an outage until then", () => {
    const refused = { kind: "tcp.connect.failed", code: "ECONNREFUSED", syscall: "connect", errno: -111 } as const;
    const log = new Trace().ready(1);
    log.at(1_000 * MS).start(2, "fresh.tcp");
    log.at(1_001 * MS).add({ ...refused, conn: 2 });
    log.at(1_100 * MS).start(3, "fresh.tcp");
    log.at(1_150 * MS).add({ ...refused, conn: 3 });
    const broken = count(log).during;
    expect(broken.sum("drainprobe_new_connection_outage_seconds")).toBeCloseTo(0.15, 9);
    expect(broken.sum("drainprobe_new_connection_gap_seconds_count")).toBeUndefined();
    log.at(1_200 * MS).start(4, "fresh.tcp");
    log.at(1_202 * MS).add({ kind: "tcp.connect.complete", conn: 4, local: "10.0.0.6:1", remote: "10.0.0.2:6443" });
    const { during } = count(log);
    expect(during.sum("drainprobe_new_connection_outage_seconds")).toBe(0);
    expect(during.sum("drainprobe_new_connection_gap_seconds_sum")).toBeCloseTo(0.202, 9);
    expect(during.sum("drainprobe_new_connection_gap_seconds_count")).toBe(1);
  });

  test("an attempt that the run's end cut short, or that failed for want of ports, is no outage", () => {
    const local = {
      kind: "tcp.connect.failed",
      conn: 2,
      code: "EADDRNOTAVAIL",
      syscall: "connect",
      errno: -99,
    } as const;
    const log = new Trace().ready(1).start(2, "fresh.tcp").add(local).start(3, "fresh.tcp");
    log
      .add(closing("run.ended", 3))
      .closed(3)
      .step(50 * MS)
      .add(closing("run.ended"))
      .closed();
    expect(count(log).after.sum("drainprobe_new_connection_outage_seconds")).toBe(0);
  });

  test("ends of every kind free what was held of a connection", () => {
    for (const end of [fin(), rst(), closing("run.ended")]) {
      const { during } = count(new Trace().ready().add(end).closed());
      expect(during.sum("drainprobe_connections_open")).toBe(0);
      expect(during.sum("drainprobe_sessions_open")).toBe(0);
    }
  });

  test("drops are shown by name", () => {
    const sink = new PrometheusSink(BUILD);
    const scrape = new Scrape(sink.text({ "log events": 3 }));
    expect(scrape.sum("drainprobe_drops_total", { type: "log_events" })).toBe(3);
  });

  test("a path's name cannot break the format", () => {
    const name = 'a"b\\c\nd{}';
    const { after } = count(new Trace().connect(1, "held", name));
    // As in every other output: what is no plain character is shown by its number.
    expect(after.sum("drainprobe_connections_opened_total", { path: 'a"b\\\\c\\x0ad{}' })).toBe(1);
  });

  test("tells one phase of each backend that a path leads to alone, and no other", () => {
    const sink = new PrometheusSink(BUILD);
    sink.text({}, { local: "late", "peer-1": "serving" });
    const scrape = new Scrape(sink.text({}, { local: "down" }));
    const ones = scrape.samples.filter(({ name, value }) => name === "drainprobe_backend_phase" && value === 1);
    expect(ones.map(({ labels }) => labels)).toEqual([
      { path: "local", phase: "down" },
      { path: "peer-1", phase: "serving" },
    ]);
  });
});
