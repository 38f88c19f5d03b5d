import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { closing, fin, foldAll, HEADER, MS, rst, Trace } from "../../test/trace-builder.js";
import type { LogRecord, RunFooter } from "../events/index.js";
import { createFold } from "./fold.js";

const good = (): Trace => new Trace().ready().answered(1).answered(2).add(closing("run.ended")).closed();

describe("the summary's verdict", () => {
  test("pass: all was seen and nothing failed", () => {
    const { summary } = foldAll(good());
    expect(summary).toMatchObject({
      verdict: "pass",
      requests: { total: 2, ok: 2 },
      connections: { opened: 1, failed: 0 },
    });
    expect(summary.coverage).toMatchObject({ complete: true, insufficient: [] });
    expect(summary.thresholds).toEqual([
      { name: "maxConnectionFailures", limit: 0, seen: 0, ok: true },
      { name: "maxRequestFailures", limit: 0, seen: 0, ok: true },
      { name: "maxUnsafe", limit: 0, seen: 0, ok: true },
    ]);
  });

  test("fail: a limit was exceeded, whatever the coverage", () => {
    const log = new Trace().ready().send(1).headers(1, { status: 500 }).end(1);
    expect(foldAll([HEADER, ...log.events]).summary.verdict).toBe("fail");
    expect(foldAll(log, { thresholds: { maxRequestFailures: 1 } }).summary.verdict).toBe("pass");
  });

  test("fail: no new connection worked for longer than allowed", () => {
    const log = new Trace().connect(1, "fresh.tcp").add(closing("lane.complete")).closed();
    log
      .at(100 * MS)
      .start(2, "fresh.tcp")
      .add({ kind: "tcp.connect.failed", conn: 2, code: "ECONNREFUSED", syscall: null, errno: null });
    log.at(299 * MS).connect(3, "fresh.tcp");
    const lenient = { maxConnectionFailures: 1 };
    const allowed = foldAll(log, { thresholds: { ...lenient, maxNewConnectionGapNs: 200 * MS } }).summary;
    expect(allowed.paths[0]?.newConnections).toEqual({ attempted: 3, failed: 1, longestGapNs: 200 * MS });
    expect(allowed.thresholds.at(-1)).toEqual({
      name: "maxNewConnectionGapNs",
      limit: 200 * MS,
      seen: 200 * MS,
      ok: true,
    });
    expect(allowed.verdict).toBe("pass");
    const strict = foldAll(log, { thresholds: { ...lenient, maxNewConnectionGapNs: 200 * MS - 1 } }).summary;
    expect(strict.verdict).toBe("fail");
  });

  const inconclusive: readonly (readonly [string, readonly LogRecord[], RegExp])[] = [
    ["nothing was sent", [HEADER, new Trace().footer()], /^nothing was sent$/],
    ["the log was cut off", [HEADER, ...good().events], /no footer/],
    [
      "more than 10 % of a schedule was lost",
      [HEADER, ...good().events, good().footer({ "vip/held": 3 })],
      /vip held: 1 of 3 scheduled operations \(33 %\)/,
    ],
    [
      "events were dropped",
      [HEADER, ...good().events, good().footer({}, { "log events": 4 })],
      /dropped: 4 log events/,
    ],
    [
      "events are missing",
      [HEADER, ...good().events.filter(({ seq }) => seq !== 5), good().footer()],
      /dropped: 1 missing events/,
    ],
    [
      "we stood still for more than 20 % of the run",
      [HEADER, ...good().add({ kind: "process.stall", durationNs: 4 * MS }).events, good().footer()],
      /stood still for \d\d % of the run/,
    ],
    [
      "no request was answered, and none had the time to fail",
      [HEADER, ...new Trace().ready().send(1).add(closing("run.ended")).closed().events, good().footer()],
      /vip: none of 1 requests was answered/,
    ],
    [
      "a verdict rests on nothing",
      [HEADER, ...new Trace().ready().answered(1).closed().events, good().footer()],
      /1 verdicts rest on nothing/,
    ],
    [
      "requests found no connection",
      [
        HEADER,
        ...new Trace()
          .ready()
          .answered(1)
          .queue(2)
          .add({ kind: "request.unsent", request: 2, conn: null, reason: "deadline" }).events,
        good().footer(),
      ],
      /1 requests found no connection/,
    ],
  ];
  test.each(inconclusive)("inconclusive: %s", (_, log, reason) => {
    const { summary } = foldAll(log, { thresholds: { maxConnectionFailures: 1 } });
    expect(summary.verdict).toBe("inconclusive");
    expect(summary.coverage.insufficient).toHaveLength(1);
    expect(summary.coverage.insufficient[0]).toMatch(reason);
  });

  test("what only a log with holes calls a failure fails nobody", () => {
    const holed = good().events.filter(({ kind }) => kind !== "h2.headers.received");
    const { summary } = foldAll([HEADER, ...holed, good().footer()]);
    expect(summary.requests.byType).toEqual({ unknown: 2 });
    expect(summary.thresholds.filter(({ ok }) => !ok)).toEqual([]);
    expect(summary.verdict).toBe("inconclusive");
  });

  test("a tenth of a schedule may be lost", () => {
    const log = new Trace().ready();
    for (let request = 1; request <= 9; request += 1) log.answered(request);
    const { summary } = foldAll([HEADER, ...log.events, log.footer({ "vip/held": 10 })]);
    expect(summary.coverage.lanes[0]).toMatchObject({ scheduled: 10, sent: 9, lost: 1 });
    expect(summary.verdict).toBe("pass");
  });

  test("a self-test that failed leaves no pass; drops that only shorten a list do", () => {
    const fold = createFold();
    for (const record of [HEADER, ...good().events, good().footer()]) fold.push(record);
    const selfTest = { ran: true, passed: false, scenarios: 3, failures: ["rst-idle"], durationNs: 1 };
    const summary = fold.finish({ selfTest, drops: { records: 7, verdicts: 1 } });
    expect(summary).toMatchObject({ verdict: "inconclusive", selfTest, drops: { records: 7, verdicts: 1 } });
    expect(summary.coverage.insufficient).toEqual(["the self-test failed"]);
    expect(fold.finish()).toBe(summary);
  });
});

describe("coverage", () => {
  test("planned lanes are shown though they did nothing", () => {
    const plan = { path: "vip", lane: "fresh.tls", url: "", ratePerSecond: 1, sessions: 0, pingIntervalNs: 0 } as const;
    const footer: RunFooter = good().footer({ "vip/fresh.tls": 5 });
    const { coverage } = foldAll([{ ...HEADER, lanes: [plan] }, ...good().events, footer]).summary;
    expect(coverage.lanes.map(({ lane, sent, lost }) => [lane, sent, lost])).toEqual([
      ["fresh.tls", 0, 5],
      ["held", 2, null],
    ]);
    expect(coverage.insufficient.join()).toContain("vip fresh.tls: 5 of 5");
  });

  test("the observation ends when we begin to end it", () => {
    const log = new Trace().ready().add({ kind: "h2.ping.acknowledged", conn: 1, rttNs: 1 }).answered(1);
    log.at(100 * MS).add(closing("run.ended"));
    log
      .at(900 * MS)
      .add({ kind: "h2.ping.acknowledged", conn: 1, rttNs: 1 })
      .closed();
    const { durationNs, lanes } = foldAll(log).summary.coverage;
    expect(durationNs).toBe(99 * MS);
    expect(lanes[0]?.longestBlindGapNs).toBe(93 * MS);
  });

  test("the worst uncertainty is that of events that verdicts rest on", () => {
    const log = new Trace().ready().add(fin()).closed();
    const events = log.events.map((event) => ({
      ...event,
      u: event.kind === "tcp.fin.received" ? 5_000_000 : event.kind === "tcp.closed" ? 9_000_000 : 1,
    }));
    expect(foldAll([HEADER, ...events]).summary.coverage.worstUncertaintyNs).toBe(5_000_000);
  });
});

test("the worst uncertainty is that of requests' events too", () => {
  const log = new Trace().ready().send(1).add({
    kind: "h2.rst_stream.received",
    conn: 1,
    stream: 1,
    request: 1,
    errorCode: 8,
  });
  const events = log.events.map((event) => ({ ...event, u: event.kind === "h2.rst_stream.received" ? 7_000_000 : 1 }));
  const after = { ...log.events[0], kind: "tcp.fin.received", conn: 1, bytesRead: 0, seq: 8, t: 9 * MS, u: 2 };
  const folded = foldAll([HEADER, ...events, after as LogRecord]);
  expect(folded.summary.coverage.worstUncertaintyNs).toBe(7_000_000);
});

describe("snapshot", () => {
  test("shows the state so far", () => {
    const fold = createFold();
    const log = new Trace().ready(1).ready(2, "idle").answered(1).send(2).send(3).add(rst(1)).closed(1);
    for (const event of log.events.slice(0, -1)) fold.push(event);
    expect(fold.snapshot()).toMatchObject({
      requests: { total: 3, ok: 1, failed: 0, inFlight: 2 },
      connections: { opened: 2, open: 2, failed: 0 },
      incidents: 0,
    });
    for (const event of log.events.slice(-1)) fold.push(event);
    const snapshot = fold.snapshot();
    expect(snapshot).toMatchObject({
      t: log.events.at(-1)?.t,
      requests: { total: 3, ok: 1, failed: 2, inFlight: 0 },
      connections: { opened: 2, open: 1, failed: 1 },
      incidents: 1,
    });
    expect(snapshot.lanes).toEqual([
      { path: "vip", lane: "held", sent: 3, open: 0, failed: 2 },
      { path: "vip", lane: "idle", sent: 0, open: 1, failed: 0 },
    ]);
  });

  test("hairpin: the local address is the remote one", () => {
    const log = new Trace().start();
    log.add({ kind: "tcp.connect.complete", conn: 1, local: "[fd00::2]:35314", remote: "[fd00::2]:6443" });
    expect(foldAll(log).summary.paths[0]?.hairpin).toBe(1);
    expect(foldAll(good()).summary.paths[0]?.hairpin).toBe(0);
  });
});

describe("memory", () => {
  test("holds what is open, and forgets the rest", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const fold = createFold();
    let seq = 0;
    const round = (n: number): void => {
      const log = new Trace().connect(n, "fresh.h2").queue(n, { lane: "fresh.h2" }).send(n, { conn: n, stream: 1 });
      log.add({ kind: "h2.rst_stream.received", conn: n, stream: 1, request: n, errorCode: 7 });
      log.add(closing("lane.complete", n)).closed(n);
      for (const event of log.events) {
        seq += 1;
        fold.push({ ...event, seq, t: seq });
      }
    };
    // Past the ended connections that are remembered.
    for (let n = 1; n <= 3_000; n += 1) round(n);
    const before = heap();
    for (let n = 3_001; n <= 20_000; n += 1) round(n);
    expect(heap() - before).toBeLessThan(1_000_000);
    expect(fold.snapshot().requests).toMatchObject({ total: 20_000, failed: 20_000, inFlight: 0 });
  });
});
