import { describe, expect, it } from "vitest";
import { foldAll, HEADER, MS, rst, Trace } from "../../test/trace-builder.js";
import { CLIENT_GO_RULES, clientGoRule } from "./client-go.js";
import type { ClientGoSummary } from "./client-go-types.js";
import { type RequestVerdict, VERDICT_TYPES } from "./verdict-types.js";

const verdict = (change: Partial<RequestVerdict>): RequestVerdict => ({
  kind: "verdict",
  scope: "connection",
  type: "tcp.reset",
  processed: "maybe",
  conn: 1,
  stream: 1,
  request: 1,
  path: "vip",
  lane: "held",
  method: "GET",
  url: "https://api/version",
  status: null,
  t: 0,
  u: 0,
  evidence: [1],
  ...change,
});

/** Per rule: a failure that it decides, and a near one that another rule does. */
const CASES: Readonly<Record<string, readonly [Partial<RequestVerdict>, Partial<RequestVerdict>, string]>> = {
  "not-simulated": [{ type: "abandoned" }, { type: "request.timed_out" }, "waits"],
  "retry-after": [{ type: "http.retry_after", status: 429 }, { type: "http.error", status: 429 }, "http.error"],
  "goaway.above": [{ type: "h2.goaway", processed: "no" }, { type: "h2.goaway", processed: "maybe" }, "cut"],
  "stream.refused": [
    { type: "h2.stream.refused", processed: "no" },
    { type: "h2.stream.refused", processed: "maybe", status: 200 },
    "answered",
  ],
  "dial.refused": [{ type: "tcp.refused", stream: null }, { type: "tcp.unreachable", stream: null }, "error"],
  "dial.timed_out": [{ type: "tcp.timed_out", stream: null }, { type: "tcp.timed_out" }, "error"],
  "dial.tls.timed_out": [{ type: "tls.timed_out", stream: null }, { type: "tls.failed", stream: null }, "error"],
  "dial.reset": [{ type: "tcp.reset", stream: null }, { type: "tcp.reset" }, "cut"],
  "dial.closed": [{ type: "tcp.closed", stream: null }, { type: "tcp.closed" }, "cut"],
  waits: [{ type: "request.timed_out", status: 200 }, { type: "http.response.truncated", status: 200 }, "answered"],
  answered: [{ type: "tcp.reset", status: 200 }, { type: "tcp.reset" }, "cut"],
  "http.error": [{ type: "http.error", status: 500 }, { type: "http.response.truncated", status: 200 }, "answered"],
  broken_pipe: [{ type: "tcp.broken_pipe" }, { type: "tcp.closed" }, "cut"],
  silent: [{ type: "h2.ping.timed_out" }, { type: "tcp.timed_out" }, "error"],
  cut: [{ type: "tcp.closed" }, { type: "tcp.closed", status: 200 }, "answered"],
  error: [{ type: "h2.stream.reset" }, { type: "h2.stream.refused", processed: "no" }, "stream.refused"],
};

describe("the rules of client-go", () => {
  it("each have their case", () => expect(Object.keys(CASES)).toEqual(CLIENT_GO_RULES.map(({ name }) => name)));

  it.each(Object.entries(CASES))("%s: decides its case and not its neighbour", (name, [fires, misses, instead]) => {
    expect(clientGoRule(verdict(fires)).name).toBe(name);
    expect(clientGoRule(verdict(misses)).name).toBe(instead);
  });

  it("know every type, and say where each was read", () => {
    for (const type of VERDICT_TYPES) expect(clientGoRule(verdict({ type })).name).toBeTypeOf("string");
    for (const { name, source, doc } of CLIENT_GO_RULES) {
      expect(doc.length).toBeGreaterThan(20);
      if (name !== "not-simulated") expect(source).toMatch(/^(k8s\.io|golang\.org)\//);
    }
  });

  it("never retry a write that may have been acted on, unless the server asks for it", () => {
    for (const type of VERDICT_TYPES) {
      for (const status of [null, 200]) {
        const { post, name } = clientGoRule(verdict({ type, status, processed: "maybe", method: "POST" }));
        if (name !== "retry-after") expect(["error", "waits", "not-simulated"]).toContain(post);
      }
    }
  });
});

const TOLD = { kind: "backend.named", backend: "m0", alias: "10.0.0.5:6443", by: "option" } as const;
const S = 1_000 * MS;

function simulated(trace: Trace): ClientGoSummary {
  const { clientGo } = foldAll([HEADER, ...trace.events, trace.footer()]).summary;
  if (clientGo === null || clientGo === undefined) throw new Error("not simulated");
  return clientGo;
}

describe("for how long a caller would have waited", () => {
  /** One request cut by a RST at 10 s; the path works again at `back`. */
  const cut = (back: number | null): ClientGoSummary => {
    const trace = new Trace()
      .add(TOLD)
      .ready()
      .at(9.9 * S)
      .send(1)
      .at(10 * S)
      .add(rst())
      .closed();
    if (back !== null)
      trace
        .at(back * S)
        .step(0)
        .ready(2);
    return simulated(trace);
  };

  it("a cut request: a GET is asked again each second, a POST fails at once", () => {
    expect(cut(12.5)).toEqual({
      requests: 1,
      kubeletGet: {
        fates: { unseen: 0, retried: 1, error: 0, waits: 0, "not-simulated": 0 },
        retriesExhausted: 0,
        longestWaitNs: 3 * S,
      },
      controllerPost: {
        fates: { unseen: 0, retried: 0, error: 1, waits: 0, "not-simulated": 0 },
        retriesExhausted: 0,
        longestWaitNs: 0,
      },
      byRule: { cut: 1 },
    });
    expect(cut(10.2).kubeletGet.longestWaitNs).toBe(1 * S);
  });

  it("ten retries, and no more", () => {
    expect(cut(20).kubeletGet).toMatchObject({ retriesExhausted: 0, longestWaitNs: 10 * S });
    expect(cut(20.1).kubeletGet).toMatchObject({ retriesExhausted: 1, longestWaitNs: 10 * S });
    expect(cut(null).kubeletGet).toMatchObject({ retriesExhausted: 0 });
  });

  it("429: both wait as long as the server said", () => {
    const trace = new Trace()
      .add(TOLD)
      .ready()
      .send(1)
      .at(10 * S)
      .headers(1, { status: 429, retryAfter: "5" })
      .end(1);
    trace
      .at(13 * S)
      .send(2)
      .headers(2)
      .end(2);
    const { kubeletGet, controllerPost } = simulated(trace);
    for (const caller of [kubeletGet, controllerPost]) {
      expect(caller).toMatchObject({ fates: { retried: 1 }, longestWaitNs: 5 * S });
    }
  });

  it("Retry-After as a date is not read: the answer is an error", () => {
    const date = "Wed, 21 Oct 2026 07:28:00 GMT";
    const trace = new Trace().add(TOLD).ready().send(1).headers(1, { status: 503, retryAfter: date }).end(1);
    expect(simulated(trace)).toMatchObject({
      kubeletGet: { fates: { error: 1 }, longestWaitNs: 0 },
      byRule: { "http.error": 1 },
    });
  });

  it("silence: noticed after 45 s, then retried by a GET", () => {
    const trace = new Trace()
      .add(TOLD)
      .ready()
      .send(1)
      .at(10 * S);
    trace.add({ kind: "h2.ping.expired", conn: 1, waitedNs: 2 * S }).closed();
    trace
      .at(11 * S)
      .step(0)
      .ready(2);
    expect(simulated(trace)).toMatchObject({
      kubeletGet: { fates: { retried: 1 }, longestWaitNs: 46 * S },
      controllerPost: { fates: { error: 1 }, longestWaitNs: 45 * S },
      byRule: { silent: 1 },
    });
  });

  it("above the last stream id: nobody sees it", () => {
    const trace = new Trace().add(TOLD).ready().send(1).send(2).goaway(1);
    expect(simulated(trace)).toMatchObject({
      kubeletGet: { fates: { unseen: 1 } },
      controllerPost: { fates: { unseen: 1 } },
    });
  });

  it("is not asked in a run that was not told of backends", () => {
    expect(foldAll(new Trace().ready().send(1).add(rst()).closed()).summary.clientGo).toBeNull();
  });
});
