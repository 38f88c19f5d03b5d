import type { Incident, RequestVerdict, RunHeader, Summary } from "@drainprobe/core";
import { describe, expect, it } from "vitest";
import { PLAIN } from "../text/colour.js";
import { formatCount, formatDuration, formatWall } from "../text/format.js";
import { printable } from "../text/printable.js";
import { RequestFailures } from "./request-failures.js";
import { textReport } from "./text-report.js";

const STYLE = { width: 80, palette: PLAIN };
const CLOSED = { graceful: 0, "broken-promise": 0, abrupt: 0, reset: 0, silent: 0, local: 10, alive: 2 };

const HEADER: RunHeader = {
  kind: "run.header",
  format: 1,
  run: "r",
  node: "master-0",
  reference: { monotonicEpochNs: "1", wall: "2020-02-12T21:34:20.999999999Z", wallErrorNs: 1, kernelDelayNs: 1 },
  config: { paths: [{ name: "vip", verify: true }] },
  versions: {},
  addresses: [],
  lanes: [
    { path: "vip", lane: "held", url: "https://10.0.0.2:6443", ratePerSecond: 50, sessions: 2, pingIntervalNs: 1 },
  ],
};

function incident(change: Partial<Incident> = {}): Incident {
  return {
    conn: 3,
    path: "vip",
    lane: "held",
    type: "tcp.reset",
    close: "reset",
    closeNotify: false,
    local: "10.0.0.2:35314",
    remote: "10.0.0.2:6443",
    requestsInFlight: 5,
    requestsFailed: 5,
    unsafeToRetry: 2,
    goaways: [],
    evidence: [12, 15, 18],
    recoveredAfterNs: 12e6,
    t: 5.388e9,
    u: 610_000,
    ...change,
  };
}

function summary(change: Partial<Summary> = {}): Summary {
  return {
    schema: "drainprobe.summary/1",
    verdict: "pass",
    requests: {
      total: 1500,
      ok: 1500,
      failed: 0,
      abandoned: 0,
      byScope: { connection: 0, request: 0 },
      byType: {},
      unsafeToRetry: 0,
    },
    connections: { opened: 12, failed: 0, closed: CLOSED, byType: {} },
    incidents: [],
    paths: [
      {
        path: "vip",
        newConnections: { attempted: 10, failed: 0, longestGapNs: 0 },
        requests: { total: 1, ok: 1, failed: 0, abandoned: 0 },
        hairpin: 0,
      },
    ],
    thresholds: [{ name: "maxConnectionFailures", limit: 0, seen: 0, ok: true }],
    coverage: {
      durationNs: 30e9,
      lanes: [
        {
          path: "vip",
          lane: "held",
          scheduled: 1500,
          sent: 1500,
          lost: 0,
          longestBlindGapNs: 251e6,
          smallestOutageNs: 60e6,
          latenessNs: { p50: 1e5, p99: 4e5, max: 1e6 },
        },
      ],
      stalls: { count: 0, longestNs: 0, totalNs: 0 },
      worstUncertaintyNs: 610_000,
      complete: true,
      insufficient: [],
    },
    selfTest: { ran: true, passed: true, scenarios: 9, failures: [], durationNs: 0.9e9 },
    drops: {},
    ...change,
  };
}

const NO_ROLLOUT: NonNullable<Summary["rollout"]> = {
  headline: {
    removalLagNs: null,
    reAddLagNs: null,
    beforeReady: null,
    longestNewConnectionGapNs: null,
    longestNewConnectionGapPath: null,
    inFlight: { total: 0, completed: 0, turnedAway: 0, cut: 0, abandoned: 0, share: null },
    marginNs: null,
    neededDelayNs: null,
    neededDelayArithmetic: null,
  },
  objectives: [],
  rollouts: [],
  byPhase: [],
  allowed: { incidents: 0, requests: 0 },
  incidents: [],
  requests: [],
  markers: {},
  unidentifiedConnections: 0,
};

const failed = (incidents: readonly Incident[]): Summary =>
  summary({
    verdict: "fail",
    incidents,
    requests: { ...summary().requests, failed: 5, byScope: { connection: 5, request: 0 }, unsafeToRetry: 2 },
    connections: { ...summary().connections, failed: incidents.length },
    thresholds: [{ name: "maxConnectionFailures", limit: 0, seen: incidents.length, ok: false }],
  });

function report(
  of: Summary,
  more: { readonly header?: RunHeader | null; readonly failures?: readonly RequestVerdict[] } = {},
): string {
  const requestFailures = new RequestFailures();
  for (const verdict of more.failures ?? []) requestFailures.push(verdict);
  return textReport({ summary: of, header: more.header === undefined ? HEADER : more.header, requestFailures }, STYLE);
}

const [LANE] = summary().coverage.lanes;
const [PATH] = summary().paths;
const [PLAN] = HEADER.lanes;

const busy: RequestVerdict = {
  kind: "verdict",
  scope: "request",
  type: "http.retry_after",
  processed: "no",
  conn: 4,
  stream: 7,
  request: 9,
  path: "vip",
  lane: "held",
  method: "GET",
  url: "/version",
  status: 429,
  t: 6e9,
  u: 1000,
  evidence: [33],
};

describe("the text report", () => {
  it("says in its first line that nothing failed", () => {
    expect(report(summary()).replace(/\s+/g, " ")).toMatch(
      /^PASS: nothing failed: 1,500 requests answered, on 12 connections, in 30\.0 s\. vip /,
    );
  });

  it("says in its first line what failed", () => {
    expect(report(failed([incident()])).replace(/\s+/g, " ")).toMatch(
      /^FAIL: 1 connection failed and took 5 requests with it; 2 lost writes unsafe to retry\./,
    );
  });

  it("tells broken connections from attempts that never became one", () => {
    const refused = incident({ conn: 8, type: "tcp.refused", close: null, requestsFailed: 2 });
    expect(report(failed([incident(), refused])).replace(/\s+/g, " ")).toMatch(
      /^FAIL: 1 connection failed and took 5 requests with it; 1 attempt to connect failed with 2 requests waiting for it; 2 lost/,
    );
  });

  it("says that nothing could be reached", () => {
    const nothing = failed([incident({ type: "tcp.refused", close: null })]);
    const unreachable = {
      ...nothing,
      connections: { ...nothing.connections, opened: 0, failed: 4, byType: { "tcp.refused": 4 } },
    };
    expect(report(unreachable).replace(/\s+/g, " ")).toMatch(
      /^FAIL: nothing could be reached: 4 attempts to connect, none worked \(connection refused\)/,
    );
  });

  it("says why it cannot say", () => {
    const thin = summary({
      verdict: "inconclusive",
      coverage: { ...summary().coverage, insufficient: ["nothing was sent"] },
    });
    expect(report(thin)).toMatch(/^INCONCLUSIVE: too little was seen to say: nothing was sent\./);
  });

  it("tells of an incident what, who, when, what was lost and on what evidence", () => {
    const text = report(failed([incident()]));
    expect(text).toContain("connection reset (RST), without GOAWAY");
    expect(text).toContain("tcp.reset / reset, without TLS close_notify");
    expect(text.replace(/\s+/g, " ")).toContain(
      "10.0.0.2:35314 -> 10.0.0.2:6443, held lane, path vip, connection 3 (hairpin:",
    );
    expect(text.replace(/\s+/g, " ")).toContain("2020-02-12T21:34:26.387Z (t 5.388 s, or at most 610 µs earlier)");
    expect(text.replace(/\s+/g, " ")).toContain("5 requests (5 open on it at the end); 2 of them UNSAFE to retry");
    expect(text).toContain("events 12, 15, 18");
    expect(text).toContain("12.0 ms the path worked again");
  });

  it("groups what is alike and hides no number", () => {
    const many = Array.from({ length: 13 }, (_, index) =>
      incident({ conn: index + 1, t: (index + 1) * 1e9, unsafeToRetry: index === 12 ? 1 : 0 }),
    );
    const text = report(
      failed([...many, incident({ conn: 99, lane: "idle", requestsFailed: 0, requestsInFlight: 0, unsafeToRetry: 0 })]),
    ).replace(/\s+/g, " ");
    expect(text).toContain(
      "13 more like it on lanes held, idle: 60 requests lost; connections 1, 2, 3, 4, 5, 99, 6, 7, …, the last at",
    );
    // The worst of them speaks for all.
    expect(text).toContain("held lane, path vip, connection 13 ");
    expect(text).toContain("1 of them UNSAFE to retry");
  });

  it("tells the worst first, and connections that broke before attempts", () => {
    const refused = incident({ conn: 1, t: 1e9, type: "tcp.refused", close: null, local: null, unsafeToRetry: 0 });
    const fin = incident({ conn: 2, t: 2e9, type: "tcp.closed", close: "abrupt", requestsFailed: 1, unsafeToRetry: 0 });
    const text = report(failed([refused, { ...refused, conn: 4, lane: "fresh.h2" }, fin, incident()]));
    const order = ["connection reset (RST)", "connection closed (FIN)", "connection refused"];
    expect(order.map((words) => text.indexOf(words))).toEqual(
      order.map((words) => text.indexOf(words)).sort((a, b) => a - b),
    );
    expect(text).toContain("1 more like it on lane fresh.h2: 5 requests lost; connection 4");
  });

  it("says first which objective was missed, and by how much", () => {
    const objectives = [
      { name: "new-connections-accepted", text: "new ones are accepted", result: "pass", why: "all were" },
      { name: "in-flight-requests-completed", text: "in-flight requests complete", result: "fail", why: "8 of 9 cut" },
      { name: "no-connection-broken", text: "no connection is broken", result: "fail", why: "2 were" },
    ] as const;
    const rollout = { ...NO_ROLLOUT, objectives };
    expect(
      report({ ...failed([incident()]), rollout })
        .split("\n")
        .slice(0, 4),
    ).toEqual([
      "FAIL: not met: in-flight requests complete: 8 of 9 cut.",
      "  not met: no connection is broken: 2 were.",
      "  1 connection failed and took 5 requests with it; 2 lost writes unsafe to",
      "  retry.",
    ]);
  });

  it("says first which threshold was passed, where it allowed something", () => {
    const thresholds = [
      { name: "maxConnectionFailures", limit: 0, seen: 1, ok: false },
      { name: "maxUnsafe", limit: 1, seen: 2, ok: false },
      { name: "maxNewConnectionGapNs", limit: 500e6, seen: 3.2e9, ok: false },
    ] as const;
    expect(report({ ...failed([incident()]), thresholds }).replace(/\s+/g, " ")).toMatch(
      /^FAIL: over its threshold: 2 lost writes were unsafe to retry, at most 1 allowed\. over its threshold: no new connection worked for 3\.20 s, at most 500 ms allowed\. 1 connection failed/,
    );
  });

  it("shows each GOAWAY", () => {
    const goaways = [
      { lastStreamId: 2147483647, errorCode: 0, debug: "" },
      { lastStreamId: 7, errorCode: 11, debug: "too_many_pings" },
    ];
    const text = report(failed([incident({ close: "broken-promise", goaways })]));
    expect(text).toContain("1. NO_ERROR, last stream 2147483647, no debug data");
    expect(text).toContain('2. ENHANCE_YOUR_CALM, last stream 7, debug data "too_many_pings"');
  });

  it("keeps request failures apart, grouped, and leaves out what died with a connection", () => {
    const alone = summary({ requests: { ...summary().requests, byScope: { connection: 0, request: 2 } } });
    const casualty: RequestVerdict = { ...busy, scope: "connection", type: "tcp.reset" };
    const text = report(alone, { failures: [busy, { ...busy, t: 7e9 }, casualty] });
    expect(text).toContain("Requests that failed by themselves, their connection being well (2)");
    expect(text).toContain("2x told to come back later (Retry-After) (status 429)");
    expect(text).not.toContain("Connections that failed");
  });

  it("warns of certificates that nobody checked, of a missing end, and of a self-test that did not run", () => {
    const cut = summary({
      coverage: { ...summary().coverage, complete: false, unverified: ["vip"] },
      selfTest: { ran: false, passed: null, scenarios: 0, failures: [], durationNs: null },
    });
    const text = report(cut);
    expect(text).toContain("WARNING: certificates were not verified");
    expect(text).toContain("the log has no end");
    expect(text).toContain("self-test: not run, so the instrument was not proven");
  });

  it("does without a header", () => {
    expect(report(failed([incident()]), { header: null })).toContain("t 5.388 s, or at most");
  });

  it("stays within 80 columns", () => {
    const text = report(
      failed([
        incident({
          local: "[2001:db8::1]:35314",
          remote: "[2001:db8::2]:6443",
          evidence: Array.from({ length: 40 }, (_, i) => i + 100_000),
        }),
      ]),
      { failures: [busy] },
    );
    // A setting that one may want to copy is not broken.
    const tooLong = text
      .split("\n")
      .filter((line) => line.length > 80 && !line.split(" ").some((word) => word.length > 60));
    expect(tooLong).toEqual([]);
  });

  it("prints no control character, whatever a peer or a log says", () => {
    const evil = "\x1b[2J\u0007\u009b\u202e";
    const dirty = failed([
      incident({
        path: evil,
        local: evil,
        remote: evil,
        type: evil as never,
        close: evil as never,
        lane: evil as never,
        goaways: [{ lastStreamId: 1, errorCode: 0, debug: evil }],
      }),
    ]);
    const text = report(
      {
        ...dirty,
        drops: { [evil]: 1 },
        coverage: {
          ...dirty.coverage,
          insufficient: [evil],
          lanes: [{ ...LANE!, path: evil }],
        },
        connections: { ...dirty.connections, closed: { ...CLOSED, ...{ [evil]: 1 } } },
        thresholds: [{ name: evil, limit: 1, seen: 2, ok: false }],
        paths: [{ ...PATH!, path: evil }],
        selfTest: { ...dirty.selfTest, passed: false, failures: [evil] },
      },
      {
        header: { ...HEADER, node: evil, lanes: [{ ...PLAN!, path: evil, url: evil }] },
        failures: [
          {
            ...busy,
            type: evil as never,
            method: evil,
            url: evil,
            path: evil,
            lane: evil as never,
            processed: evil as never,
          },
        ],
      },
    );
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

describe("formats", () => {
  it.each([
    [0, "0 ns"],
    [999, "999 ns"],
    [412_000, "412 µs"],
    [12_340_000, "12.3 ms"],
    [999_990_000, "1000 ms"],
    [1_234_000_000, "1.23 s"],
    [125e9, "2m05s"],
    [3725e9, "1h02m05s"],
  ])("%d ns is %s", (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it("adds t to the wall clock with its nanoseconds", () => {
    expect(formatWall("2020-01-01T00:00:00.999999999Z", 1)).toBe("2020-01-01T00:00:01.000Z");
    expect(formatWall("2020-01-01T00:00:00Z", 86_400e9)).toBe("2020-01-02T00:00:00.000Z");
    expect(formatWall("yesterday", 1)).toBeNull();
  });

  it("groups large numbers and escapes what moves the cursor", () => {
    expect(formatCount(1_234_567)).toBe("1,234,567");
    expect(printable("a\x1b[31m\u2028b")).toBe("a\\x1b[31m\\u2028b");
  });
});
