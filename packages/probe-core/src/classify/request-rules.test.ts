import { describe, expect, test } from "vitest";
import { closing, fin, foldAll, rst, Trace } from "../../test/trace-builder.js";
import type { Fact } from "../events/index.js";
import { REQUEST_RULES } from "./request-rules.js";
import type { RequestVerdict } from "./verdict-types.js";

const sent = (method = "GET"): Trace => new Trace().ready().send(1, { method });
const reset = (errorCode: number): Fact => ({
  kind: "h2.rst_stream.received",
  conn: 1,
  stream: 1,
  request: 1,
  errorCode,
});
const malformed: Fact = {
  kind: "h2.protocol.error",
  conn: 1,
  stream: 1,
  request: 1,
  errorCode: 1,
  rule: "RFC 9113 §8.1.1",
  message: "a response without :status",
};
const expired: Fact = { kind: "request.expired", request: 1, conn: 1, stream: 1, timeoutNs: 10_000 };
const aborted: Fact = { kind: "request.aborted", request: 1, conn: 1, stream: 1, reason: "run.ended" };
const unsent = (reason: "connection" | "deadline" | "run.ended" | "aborted", conn: number | null = 1): Fact => ({
  kind: "request.unsent",
  request: 1,
  conn,
  reason,
});
const refused: Fact = { kind: "tcp.connect.failed", conn: 1, code: "ECONNREFUSED", syscall: "connect", errno: -111 };
const queued = (): Trace => new Trace().queue(1).start();

/** `scope type processed`, or `ok`. */
type Result = string;

interface Case {
  readonly fires: Trace;
  readonly misses: Trace;
  readonly missIs: Result;
}

/** One case for each rule of the table; what it must give is in the table, and is checked against the verdict. */
const CASES: Readonly<Record<string, Case>> = {
  "stream.ended.without-headers": {
    fires: sent().end(1),
    misses: sent().headers(1).end(1),
    missIs: "ok",
  },
  "response.short": {
    fires: sent().headers(1, { length: 11 }).end(1, 10),
    misses: sent().headers(1, { length: 10 }).end(1, 10),
    missIs: "ok",
  },
  "response.long": {
    fires: sent().headers(1, { length: 9 }).end(1, 10),
    misses: sent("HEAD").headers(1, { length: 9 }).end(1, 0),
    missIs: "ok",
  },
  "response.ok": {
    fires: sent().headers(1, { status: 399 }).end(1),
    misses: sent().headers(1, { status: 400 }).end(1),
    missIs: "request http.error yes",
  },
  "response.expected": {
    fires: new Trace()
      .ready()
      .send(1, { expected: [500] })
      .headers(1, { status: 500 })
      .end(1),
    misses: new Trace()
      .ready()
      .send(1, { expected: [500] })
      .headers(1, { status: 503 })
      .end(1),
    missIs: "request http.error yes",
  },
  "response.retry-after": {
    fires: sent().headers(1, { status: 503, retryAfter: "1" }).end(1),
    misses: sent().headers(1, { status: 503 }).end(1),
    missIs: "request http.error yes",
  },
  "response.error": {
    fires: sent().headers(1, { status: 429 }).end(1),
    misses: sent().headers(1, { status: 429, retryAfter: "5" }).end(1),
    missIs: "request http.retry_after no",
  },
  "stream.refused.answered": {
    fires: sent().headers(1).add(reset(7)),
    misses: sent().headers(1).add(reset(8)),
    missIs: "request h2.stream.reset maybe",
  },
  "stream.refused": {
    fires: sent().add(reset(7)),
    misses: sent().add(reset(2)),
    missIs: "request h2.stream.reset maybe",
  },
  "stream.reset": {
    fires: sent().add(reset(8)),
    // After END_STREAM a RST_STREAM only tells us not to send more of the body (RFC 9113 §8.1).
    misses: sent().headers(1).end(1).add(reset(0)),
    missIs: "ok",
  },
  "stream.malformed": {
    fires: sent().add(malformed),
    misses: sent()
      .add({ ...malformed, stream: null, request: null } as Fact)
      .closed(),
    missIs: "connection h2.protocol.error maybe",
  },
  "goaway.above.answered": {
    fires: sent().headers(1).goaway(0),
    misses: sent().headers(1).goaway(1).add(fin()).closed(),
    missIs: "connection tcp.closed yes",
  },
  "goaway.above": {
    fires: sent().goaway(0),
    misses: sent().goaway(1).add(fin()).closed(),
    missIs: "connection tcp.closed maybe",
  },
  deadline: {
    fires: sent().add(expired, fin()).closed(),
    misses: sent().add(fin(), expired).closed(),
    missIs: "connection tcp.closed maybe",
  },
  aborted: {
    fires: sent().add(aborted, closing("run.ended")).closed(),
    misses: sent().add(rst(), aborted).closed(),
    missIs: "connection tcp.reset maybe",
  },
  "unsent.deadline": {
    fires: queued().add(unsent("deadline")),
    misses: queued().add(unsent("run.ended")),
    missIs: "request abandoned no",
  },
  "unsent.connection-unknown": {
    fires: new Trace().queue(1).add(unsent("connection", null)),
    misses: queued().add(refused, unsent("connection")),
    missIs: "connection tcp.refused no",
  },
  "unsent.abandoned": {
    fires: queued().add(unsent("aborted")),
    misses: queued().add(unsent("deadline")),
    missIs: "connection request.timed_out no",
  },
  "unsent.run-ended": {
    fires: queued().add(unsent("connection"), closing("run.ended")).closed(),
    misses: queued().add(unsent("connection"), closing("connect.timeout")).closed(),
    missIs: "connection tcp.timed_out no",
  },
  "unsent.goaway": {
    fires: new Trace().queue(1).connect().goaway(0).add(fin(), unsent("connection")).closed(),
    misses: new Trace().queue(1).connect().add(fin(), unsent("connection")).closed(),
    missIs: "connection tcp.closed no",
  },
  "unsent.connection": {
    fires: queued().together(refused, unsent("connection")),
    misses: queued().add(unsent("connection")),
    missIs: "request abandoned no",
  },
  "cut.by-us": {
    fires: sent().headers(1).add(closing("drain.timeout")).closed(),
    misses: sent().headers(1).add(closing("protocol.error")).closed(),
    missIs: "connection h2.protocol.error yes",
  },
  "cut.answered": {
    fires: sent().headers(1).add(rst()).closed(),
    misses: sent().add(rst()).closed(),
    missIs: "connection tcp.reset maybe",
  },
  "cut.unanswered": {
    fires: sent().add(fin()).closed(),
    misses: sent().headers(1).add(fin()).closed(),
    missIs: "connection tcp.closed yes",
  },
};

function resultOf(log: Trace): Result {
  const { requests, summary } = foldAll(log);
  expect(summary.requests.total).toBe(1);
  const [verdict] = requests;
  return verdict === undefined ? "ok" : `${verdict.scope} ${verdict.type} ${verdict.processed}`;
}

test("every rule has a case, and every case a rule", () => {
  expect(Object.keys(CASES).sort()).toEqual(REQUEST_RULES.map((rule) => rule.name).sort());
});

describe.each(Object.entries(CASES))("%s", (name, { fires, misses, missIs }) => {
  const rule = REQUEST_RULES.find((candidate) => candidate.name === name);

  test("fires", () => {
    const outcome = rule?.outcome;
    if (outcome === undefined || outcome === "ok") {
      expect(resultOf(fires)).toBe("ok");
      return;
    }
    const [verdict] = foldAll(fires).requests;
    const ofConnection = foldAll(fires).connections[0]?.type ?? null;
    const type = outcome.type === "connection" ? ofConnection : outcome.type;
    expect(resultOf(fires)).toBe(`${outcome.scope} ${type} ${outcome.processed}`);
    expect(verdict?.evidence.length).toBeGreaterThan(0);
    if (rule?.on !== "connection.ended") {
      const cited = fires.events.filter((event) => verdict?.evidence.includes(event.seq));
      expect(cited.at(-1)).toMatchObject({ kind: rule?.on, t: verdict?.t, u: verdict?.u });
    }
  });

  test("a near miss is another rule's", () => {
    expect(resultOf(misses)).toBe(missIs);
  });
});

describe("requests and their connection", () => {
  test("a verdict names everything about the request", () => {
    const log = sent("POST").headers(1, { status: 201 }).add(rst()).closed();
    const expected: RequestVerdict = {
      kind: "verdict",
      scope: "connection",
      type: "tcp.reset",
      processed: "yes",
      conn: 1,
      stream: 1,
      request: 1,
      path: "vip",
      lane: "held",
      method: "POST",
      url: "https://api/version",
      status: 201,
      t: log.events[7]?.t ?? -1,
      u: log.events[7]?.u ?? -1,
      evidence: [6, 7, 8],
    };
    expect(foldAll(log).requests).toEqual([expected]);
  });

  test("END_STREAM that was read after the FIN still counts", () => {
    const { requests, connections, summary } = foldAll(sent().headers(1).add(fin()).end(1).closed());
    expect(requests).toEqual([]);
    expect(connections[0]).toMatchObject({ close: "abrupt", requestsInFlight: 0 });
    expect(summary.requests).toMatchObject({ total: 1, ok: 1, failed: 0 });
  });

  test("a request sent in spite of a GOAWAY is judged when it is sent", () => {
    const log = new Trace().ready().goaway(0).send(1, { method: "POST" }).add(fin()).closed();
    const { verdicts, summary } = foldAll(log);
    expect(verdicts[0]).toMatchObject({ request: 1, type: "h2.goaway", processed: "no", evidence: [6, 7] });
    expect(summary.requests.unsafeToRetry).toBe(0);
  });

  test("a request is on the stream it was first sent on", () => {
    const log = sent().send(1, { stream: 7 }).headers(1).end(1);
    expect(resultOf(log)).toBe("ok");
    expect(foldAll(sent().send(1, { stream: 7 }).add(rst()).closed()).requests).toMatchObject([{ stream: 1 }]);
  });

  test.each([204, 304])("a %i has no content, whatever length it tells of", (status) => {
    expect(resultOf(sent().headers(1, { status, length: 100 }).end(1, 0))).toBe("ok");
  });

  test("open when the log ends: abandoned, even after a GOAWAY with an error code", () => {
    expect(resultOf(sent().goaway(1, 11))).toBe("request abandoned maybe");
  });

  test("a request found by its stream alone", () => {
    const log = sent().add({ ...reset(8), request: null } as Fact);
    expect(resultOf(log)).toBe("request h2.stream.reset maybe");
  });

  test.each([
    ["GET", 0],
    ["HEAD", 0],
    ["OPTIONS", 0],
    ["POST", 1],
    ["PUT", 1],
    ["DELETE", 1],
    ["PATCH", 1],
  ])("%s with an unknown fate: %i unsafe to retry", (method, unsafe) => {
    const { summary, incidents } = foldAll(sent(method).add(rst()).closed());
    expect(summary.requests.unsafeToRetry).toBe(unsafe);
    expect(incidents[0]?.unsafeToRetry).toBe(unsafe);
    expect(summary.thresholds.find(({ name }) => name === "maxUnsafe")).toMatchObject({
      seen: unsafe,
      ok: unsafe === 0,
    });
  });

  test("a write we abandoned ourselves is not the target's failure", () => {
    const { summary } = foldAll(sent("POST").add(aborted, closing("run.ended")).closed());
    expect(summary.requests).toMatchObject({ abandoned: 1, failed: 0, unsafeToRetry: 0 });
    expect(summary.thresholds.filter(({ ok }) => !ok)).toEqual([]);
  });
});
