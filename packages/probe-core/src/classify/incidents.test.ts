import { describe, expect, test } from "vitest";
import { closing, fin, foldAll, MS, rst, Trace } from "../../test/trace-builder.js";
import type { Fact } from "../events/index.js";
import { LIMITS } from "../limits.js";

const refused = (conn: number, code = "ECONNREFUSED"): Fact => ({
  kind: "tcp.connect.failed",
  conn,
  code,
  syscall: "connect",
  errno: null,
});
const unsent = (request: number, conn: number): Fact => ({
  kind: "request.unsent",
  request,
  conn,
  reason: "connection",
});

describe("incidents", () => {
  test("ten requests lost with one connection are one incident with ten casualties", () => {
    const log = new Trace().ready();
    for (let request = 1; request <= 10; request += 1) log.send(request, { method: "POST" });
    log.headers(3).add(rst()).closed();
    const { incidents, summary, verdicts } = foldAll(log);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      conn: 1,
      type: "tcp.reset",
      close: "reset",
      closeNotify: false,
      local: "10.0.0.6:35314",
      remote: "10.0.0.2:6443",
      requestsInFlight: 10,
      requestsFailed: 10,
      unsafeToRetry: 9,
      recoveredAfterNs: null,
    });
    expect(incidents[0]?.evidence).toEqual([2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    expect(summary.thresholds[0]).toMatchObject({ name: "maxConnectionFailures", seen: 1, ok: false });
    // The connection first, then its casualties in the order they were sent.
    expect(verdicts.map((verdict) => ("request" in verdict ? verdict.request : "connection"))).toEqual([
      "connection",
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    ]);
  });

  test("a graceful end without casualties is none; with some it is", () => {
    expect(foldAll(new Trace().ready().answered(1).goaway(1).add(fin()).closed()).incidents).toEqual([]);
    const log = new Trace().ready().answered(1).send(2).goaway(1).add(fin()).closed();
    const { incidents, summary } = foldAll(log);
    expect(incidents).toMatchObject([{ type: "h2.goaway", close: "graceful", requestsInFlight: 0, requestsFailed: 1 }]);
    expect(summary.connections).toMatchObject({ failed: 0, closed: { graceful: 1 } });
    expect(summary.verdict).toBe("fail");
  });

  test("so it is when the run ends before the connection does", () => {
    const log = new Trace().ready().send(1).goaway(0).add(closing("run.ended")).closed();
    expect(foldAll(log).incidents).toMatchObject([{ type: "h2.goaway", close: "alive", requestsFailed: 1 }]);
  });

  test("requests that waited for an attempt are its casualties, told before or after its end, or much later", () => {
    const before = new Trace().queue(1).connect().handshake().add(fin(), unsent(1, 1)).closed();
    const same = new Trace().queue(1).start().together(refused(1), unsent(1, 1)).ready(2);
    const later = new Trace().queue(1).start().add(refused(1)).ready(2).add(unsent(1, 1));
    for (const log of [before, same, later]) {
      const { summary } = foldAll(log);
      expect(summary.incidents).toMatchObject([{ conn: 1, requestsFailed: 1, requestsInFlight: 0 }]);
    }
    expect(foldAll(same).incidents).toMatchObject([{ requestsFailed: 1 }]);
    expect(foldAll(same).summary.incidents[0]?.evidence).toEqual([1, 3, 4]);
  });

  test("a request given up late with an attempt that ended in grace makes an incident of it", () => {
    const log = new Trace().queue(1).connect().goaway(0).add(fin()).closed().ready(2).add(unsent(1, 1));
    const { summary } = foldAll(log);
    expect(summary.incidents).toMatchObject([{ conn: 1, type: "h2.goaway", close: "graceful", requestsFailed: 1 }]);
    expect(summary.verdict).toBe("fail");
  });

  test("want of ports or memory here is no incident, and makes the result inconclusive", () => {
    const log = new Trace()
      .ready(2)
      .answered(1, 2)
      .queue(2)
      .start()
      .together(refused(1, "EADDRNOTAVAIL"), unsent(2, 1));
    const { incidents, summary, requests } = foldAll(log);
    expect(incidents).toEqual([]);
    expect(requests).toMatchObject([{ type: "local.resources", scope: "connection", processed: "no" }]);
    expect(summary.connections).toMatchObject({ failed: 0, byType: { "local.resources": 1 } });
    expect(summary.paths[0]?.newConnections).toMatchObject({ attempted: 2, failed: 0 });
    expect(summary.verdict).toBe("inconclusive");
    expect(summary.coverage.insufficient.join()).toContain("1 connection attempts failed for want of ports");
  });

  test("requests lost while an attempt hangs are an incident, though the attempt has not failed yet", () => {
    const log = new Trace().queue(1).start();
    log.add({ kind: "request.unsent", request: 1, conn: 1, reason: "deadline" }, closing("run.ended")).closed();
    const { incidents, summary } = foldAll(log);
    expect(incidents).toMatchObject([{ type: "request.timed_out", close: null, requestsFailed: 1 }]);
    expect(summary.verdict).toBe("fail");
  });

  test("the list is bounded, the count is not", () => {
    const log = new Trace();
    for (let conn = 1; conn <= LIMITS.incidents + 5; conn += 1) log.start(conn).add(refused(conn));
    const { summary } = foldAll(log);
    expect(summary.incidents).toHaveLength(LIMITS.incidents);
    expect(summary.thresholds[0]?.seen).toBe(LIMITS.incidents + 5);
    expect(summary.drops).toEqual({ incidents: 5 });
  });
});

describe("recoveredAfterNs", () => {
  test("from the first failure on the path to the next connection that works there", () => {
    const log = new Trace().ready(1).ready(2).ready(9, "held", "direct");
    log.at(1_000 * MS).add(rst(1));
    log.at(1_010 * MS).add(rst(2));
    log
      .at(1_200 * MS)
      .closed(1)
      .closed(2)
      .connect(3, "fresh.tcp", "direct");
    // On this path only the end of the handshake shows that a fresh.tls connection works.
    log
      .at(1_299 * MS)
      .connect(4, "fresh.tls")
      .handshake(4);
    log.at(1_400 * MS).secure(4);
    const { summary } = foldAll(log);
    expect(summary.incidents.map((incident) => incident.recoveredAfterNs)).toEqual([401 * MS, 401 * MS]);
  });

  test("a later outage has its own beginning", () => {
    const log = new Trace().ready(1);
    log
      .at(1_000 * MS)
      .add(rst(1))
      .closed(1)
      .ready(2);
    log
      .at(5_000 * MS)
      .add(fin(2))
      .closed(2);
    log.at(5_100 * MS).connect(3, "fresh.tcp");
    const { summary } = foldAll(log);
    expect(summary.incidents.map((incident) => incident.recoveredAfterNs)).toEqual([6 * MS, 101 * MS]);
  });
});
