import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { assertDrainsCleanly, assertIncident, assertNoConnectionFailures } from "../entries/assert.js";
import "../entries/vitest.js";
import { closing, fin, foldTrace, rst, Trace } from "../entries/testing.js";
import type { Summary } from "../verdict/summary-types.js";

const summary = (trace: Trace): Summary => foldTrace(trace).summary;

/** GOAWAY, what it counted answered, then closed. */
const drained = (): Trace => new Trace().ready().answered(1).goaway(1).add(fin()).closed();
const refused = (trace: Trace): Trace =>
  trace.start(2, "fresh.h2").add({
    kind: "tcp.connect.failed",
    conn: 2,
    code: "ECONNREFUSED",
    syscall: "connect",
    errno: -111,
  });

function message(check: () => void): string {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return expect.fail("it passed");
}

describe("toDrainCleanly", () => {
  it("passes where each connection was told to go and got what it had asked for", () => {
    expect(summary(drained())).toDrainCleanly();
    expect(summary(drained())).toHaveNoConnectionFailures();
  });

  it("does not mind that a server that is gone takes no connections, unless a longest gap is given", () => {
    const gone = summary(refused(drained()));
    expect(gone).toDrainCleanly();
    expect(gone).not.toHaveNoConnectionFailures();
    expect(gone).toHaveIncident({ type: "tcp.refused", close: null, lane: "fresh.h2" });
    const trace = refused(drained())
      .at(900e6)
      .ready(3, "fresh.h2")
      .answered(2, 3)
      .add(closing("lane.complete", 3))
      .closed(3);
    expect(summary(trace)).toDrainCleanly({ maxNewConnectionGapMs: 2_000 });
    const text = message(() => expect(summary(trace)).toDrainCleanly({ maxNewConnectionGapMs: 500 }));
    expect(text).toMatch(
      /path vip: no new connection worked for \d{3}\.\d ms, at most 500 ms allowed \(1 of 3 attempts/,
    );
  });

  it("names what was cut, with its casualties and its evidence", () => {
    const cut = new Trace().ready().answered(1).send(2, { method: "POST" }).add(rst()).closed();
    const text = message(() => expect(summary(cut)).toDrainCleanly());
    expect(text).toBe(
      [
        "the server did not drain cleanly:",
        "  - 1 connection failed and took 1 request along, 1 of them UNSAFE to send again: tcp.reset 1",
        "",
        "  1. tcp.reset / reset: connection 1 ended by RST without GOAWAY, without TLS close_notify",
        "     held lane, path vip, 10.0.0.6:35314 -> 10.0.0.2:6443",
        "     at 0.010 s (or up to 1 µs earlier); 1 request lost with it, 1 UNSAFE to send again",
        "     evidence: events 2, 4, 9, 10 of the log",
        "",
        "seen in 10.0 ms: 2 requests (1 ok, 1 failed, 0 given up by us), 1 connection (1 reset)",
      ].join("\n"),
    );
  });

  it.each([
    ["nothing that ended", new Trace().ready().answered(1), /nothing was seen to drain/],
    ["no request that was answered", new Trace().ready().goaway(0).add(fin()).closed(), /no request was answered/],
    [
      "an answer of 503 on a connection that is well",
      drained().ready(2).send(2, { conn: 2 }).headers(2, { conn: 2, status: 503 }).end(2, 1, 2),
      /1 request failed on a connection that was well: http\.error 1/,
    ],
    [
      "a promise that was broken",
      new Trace().ready().answered(1).send(2).goaway(3).add(fin()).closed(),
      /broken-promise/,
    ],
  ])("fails for %s", (_what, trace, wanted) => {
    expect(message(() => expect(summary(trace)).toDrainCleanly())).toMatch(wanted);
  });

  it("lets a GOAWAY leave what it does not count, unless that is bounded", () => {
    const trace = new Trace().ready().answered(1).send(2).goaway(1).add(fin()).closed();
    expect(summary(trace)).toDrainCleanly();
    expect(summary(trace)).not.toDrainCleanly({ maxUnprocessed: 0 });
    expect(summary(trace)).toDrainCleanly({ maxUnprocessed: 1 });
  });

  it("says what it saw where it was not to pass", () => {
    expect(message(() => expect(summary(drained())).not.toDrainCleanly())).toMatch(
      /^did not expect this: it drained cleanly: 1 connection\nseen in/,
    );
  });

  it("tells a promise that nobody awaited from a summary", () => {
    expect(() => expect(Promise.resolve()).toDrainCleanly()).toThrow("await it first");
  });
});

describe("assertions for node:test", () => {
  it("throw what node:assert throws, with the same text", () => {
    const cut = summary(new Trace().ready().answered(1).add(fin()).closed());
    assertDrainsCleanly(summary(drained()));
    assertNoConnectionFailures(summary(drained()));
    assertIncident(cut, { type: "tcp.closed", close: "abrupt" });
    for (const check of [
      () => assertDrainsCleanly(cut),
      () => assertNoConnectionFailures(cut),
      () => assertIncident(cut, { type: "tcp.reset" }),
    ]) {
      expect(check).toThrow(AssertionError);
      expect(check).toThrow(/tcp\.closed \/ abrupt: connection 1 ended by FIN without GOAWAY/);
    }
  });
});
