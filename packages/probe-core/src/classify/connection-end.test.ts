import { describe, expect, test } from "vitest";
import { closing, fin, foldAll, MS, rst, Trace } from "../../test/trace-builder.js";
import type { Fact } from "../events/index.js";
import { CONNECTION_RULES, FIN_WITH_RST, GOAWAY_RULES } from "./connection-rules.js";

const trace = (): Trace => new Trace();
const code = (name: string): { code: string; syscall: null; errno: null } => ({
  code: name,
  syscall: null,
  errno: null,
});
const writeFailed = (name: string): Fact => ({ kind: "tcp.write.failed", conn: 1, ...code(name) });
const readFailed = (name: string): Fact => ({ kind: "tcp.read.failed", conn: 1, ...code(name) });
const goodbye: Fact = { kind: "tls.close_notify.received", conn: 1 };
const protocolError = (stream: number | null): Fact => ({
  kind: "h2.protocol.error",
  conn: 1,
  stream,
  request: null,
  errorCode: 1,
  rule: "RFC 9113 §6.1",
  message: "DATA on stream 0",
});
const pingExpired: Fact = { kind: "h2.ping.expired", conn: 1, waitedNs: 2_000 * MS };

describe(FIN_WITH_RST.name, () => {
  const behind = rst(1, { code: "EPIPE", seenBy: "peername", afterFin: true });

  test("fires on the RST of the same instant, and cites both", () => {
    const log = trace().ready().together(fin(), behind).closed();
    const [verdict] = foldAll(log).connections;
    expect(verdict).toMatchObject({ close: "abrupt", type: "tcp.broken_pipe" });
    expect(verdict?.evidence).toEqual([2, 4, 6, 7]);
  });

  test.each([
    ["a later instant", trace().ready().add(fin(), behind).closed()],
    [
      "another code",
      trace()
        .ready()
        .together(fin(), rst(1, { seenBy: "peername", afterFin: true }))
        .closed(),
    ],
    [
      "seen by a write of ours",
      trace()
        .ready()
        .together(fin(), { ...behind, seenBy: "write" } as Fact)
        .closed(),
    ],
  ])("does not fire for %s", (_, log) => {
    expect(foldAll(log).connections[0]).toMatchObject({ close: "abrupt", type: "tcp.closed" });
  });
});

describe("GOAWAY before the end", () => {
  test("names are unique", () => {
    const names = [...CONNECTION_RULES, ...GOAWAY_RULES].map((rule) => rule.name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    ["FIN", fin(), "tcp.closed"],
    ["RST", rst(), "tcp.reset"],
    ["EPIPE", writeFailed("EPIPE"), "tcp.broken_pipe"],
    ["a failed read", readFailed("EIO"), "tcp.failed"],
  ])("goaway.broken-promise: %s with a stream below the last id open", (_, end, type) => {
    const { connections, requests } = foldAll(trace().ready().answered(1).send(2).goaway(3).add(end).closed());
    expect(connections[0]).toMatchObject({ close: "broken-promise", type, requestsInFlight: 1, closeNotify: false });
    expect(requests).toMatchObject([{ request: 2, scope: "connection", type, processed: "maybe" }]);
  });

  test.each([
    ["FIN", fin()],
    ["RST", rst()],
    ["EPIPE", writeFailed("EPIPE")],
  ])("goaway.graceful: %s after the streams below it were finished", (_, end) => {
    const log = trace().ready().send(1).goaway(1).headers(1).end(1).add(goodbye, end).closed();
    const { connections, requests, summary } = foldAll(log);
    expect(connections[0]).toMatchObject({ close: "graceful", type: null, requestsInFlight: 0, closeNotify: true });
    expect(requests).toEqual([]);
    expect(summary.verdict).toBe("pass");
  });

  test("is not blamed for silence", () => {
    const { connections } = foldAll(trace().ready().send(1).goaway(1, 2).add(pingExpired).closed());
    expect(connections[0]).toMatchObject({ close: "silent", type: "h2.ping.timed_out" });
  });

  test("with an error code names the failure, whatever ends the connection", () => {
    const graceful = foldAll(trace().ready().goaway(0, 11).add(fin()).closed()).connections[0];
    expect(graceful).toMatchObject({ close: "graceful", type: "h2.goaway" });
    const broken = foldAll(trace().ready().send(1).goaway(1, 11).add(rst()).closed());
    expect(broken.connections[0]).toMatchObject({ close: "broken-promise", type: "h2.goaway" });
    expect(broken.requests[0]).toMatchObject({ type: "h2.goaway", processed: "maybe" });
    expect(broken.requests[0]?.evidence).toEqual([6, 7, 8]);
    const local = foldAll(trace().ready().goaway(0, 11).add(closing("drain.timeout")).closed()).connections[0];
    expect(local).toMatchObject({ close: "local", type: "h2.goaway" });
  });

  test("with an error code, in answer to our own close, names nothing", () => {
    const log = trace().ready().add(closing("run.ended")).goaway(0, 11).add(fin()).closed();
    expect(foldAll(log).connections[0]).toMatchObject({ close: "alive", type: null, goaways: [{ errorCode: 11 }] });
  });

  test("a later GOAWAY cannot take back a promise already withdrawn", () => {
    const log = trace().ready().goaway(1).goaway(5, 0, 1, 2).send(1).send(3).headers(1).end(1).add(fin()).closed();
    const { requests, connections } = foldAll(log);
    // Stream 1 is at the last stream id and is served; stream 5 is above it.
    expect(requests).toMatchObject([{ request: 3, stream: 5, type: "h2.goaway", processed: "no", evidence: [6, 9] }]);
    expect(connections[0]).toMatchObject({ close: "graceful", type: null });
  });

  test("does not rename broken HTTP/2", () => {
    const { connections } = foldAll(trace().ready().goaway(0, 11).add(protocolError(null)).closed());
    expect(connections[0]).toMatchObject({ close: "local", type: "h2.protocol.error" });
  });

  test("keeps each GOAWAY, and the smallest last stream id binds", () => {
    const log = trace()
      .ready()
      .send(1)
      .send(2)
      .goaway(2 ** 31 - 1)
      .goaway(1, 0, 1, 2)
      .headers(1)
      .end(1)
      .add(fin())
      .closed();
    const { connections, requests, incidents } = foldAll(log);
    expect(connections[0]?.goaways.map(({ lastStreamId }) => lastStreamId)).toEqual([2 ** 31 - 1, 1]);
    expect(connections[0]).toMatchObject({ close: "graceful", type: null });
    expect(requests).toMatchObject([{ request: 2, type: "h2.goaway", processed: "no", t: log.events[8]?.t }]);
    expect(incidents).toMatchObject([{ type: "h2.goaway", close: "graceful", requestsFailed: 1, unsafeToRetry: 0 }]);
  });
});

describe("what a verdict cites", () => {
  test("the record that was cut, and the first goodbye", () => {
    const cut: Fact = {
      kind: "tls.record.truncated",
      conn: 1,
      contentType: 23,
      expectedBytes: 900,
      receivedBytes: 7,
    };
    expect(foldAll(trace().ready().add(cut, fin()).closed()).connections[0]?.evidence).toEqual([2, 4, 6, 7]);
    const twice = trace().ready().add(goodbye, goodbye, fin()).closed();
    expect(foldAll(twice).connections[0]?.evidence).toEqual([2, 4, 6, 8]);
  });
});

describe("requestsInFlight", () => {
  const aborted: Fact = { kind: "request.aborted", request: 1, conn: 1, stream: 1, reason: "run.ended" };

  test("counts what we gave up to end the run", () => {
    const log = trace().ready().send(1).send(2).headers(2).end(2).add(aborted, closing("run.ended")).closed();
    expect(foldAll(log).connections[0]).toMatchObject({ close: "alive", requestsInFlight: 1 });
  });

  test("does not count what was given up before the peer ended it", () => {
    const log = trace().ready().send(1).send(2).add(aborted, rst()).closed();
    expect(foldAll(log).connections[0]).toMatchObject({ close: "reset", requestsInFlight: 1 });
  });
});

describe("closeNotify", () => {
  test.each([
    ["true: it came before the FIN", trace().ready().add(goodbye, fin()).closed(), true],
    ["true: it was read after the FIN was seen", trace().ready().add(fin(), goodbye).closed(), true],
    ["false: TLS was established and the FIN came bare", trace().ready().add(fin()).closed(), false],
    ["null: there was no TLS", trace().connect().add(fin()).closed(), null],
    ["null: the handshake was not complete", trace().connect().handshake().add(fin()).closed(), null],
    ["null: it only answers ours", trace().ready().add(closing("run.ended"), goodbye, fin()).closed(), null],
    ["null: silence says nothing", trace().ready().add(pingExpired).closed(), null],
  ])("%s", (_, log, closeNotify) => {
    expect(foldAll(log).connections[0]?.closeNotify).toBe(closeNotify);
  });
});
