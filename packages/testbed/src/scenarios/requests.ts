import { errorStatus } from "../faults/error-status.js";
import type { Fault } from "../faults/fault.js";
import { holdRequests } from "../faults/hold-requests.js";
import { resetStream } from "../faults/reset-stream.js";
import { shortContent } from "../faults/short-content.js";
import { unfinishedStream } from "../faults/unfinished-stream.js";
import { watchCut } from "../faults/watch-cut.js";
import { watchEnded } from "../faults/watch-ended.js";
import { CODE } from "../h2/frame.js";
import type { ExpectedRequest, ProbePlan, Scenario } from "../scenario.js";
import { ended, HELD } from "./plans.js";
import { goesOn, hasFired, playRaw } from "./play.js";

const WATCH: ProbePlan = { lanes: { watch: { paths: ["/watch"] } } };

/** One request fails alone, and its connection goes on. */
function oneRequest(
  name: string,
  title: string,
  fault: () => Fault,
  request: ExpectedRequest,
  selfTest = false,
): Scenario {
  return {
    name,
    title,
    selfTest,
    plan: HELD,
    expected: { connections: [], requests: [request], minOk: 4 },
    start: () => playRaw({ fault: fault(), settledWhen: goesOn() }),
  };
}

/** Failures that are the request's, not the connection's; and the two ends of a watch. */
export const REQUEST_SCENARIOS: readonly Scenario[] = [
  oneRequest(
    "rst-stream-refused",
    "RST_STREAM(REFUSED_STREAM) on one of three requests",
    () => resetStream(CODE.REFUSED_STREAM),
    { scope: "request", type: "h2.stream.refused", processed: "no", status: null },
    true,
  ),
  oneRequest("rst-stream-cancel", "RST_STREAM(CANCEL) on one of three requests", () => resetStream(CODE.CANCEL), {
    scope: "request",
    type: "h2.stream.reset",
    processed: "maybe",
    status: null,
  }),
  oneRequest(
    "rst-stream-internal",
    "RST_STREAM(INTERNAL_ERROR) on one of three requests",
    () => resetStream(CODE.INTERNAL_ERROR),
    {
      scope: "request",
      type: "h2.stream.reset",
      processed: "maybe",
      status: null,
    },
  ),
  oneRequest(
    "status-429-retry-after",
    "429 with Retry-After: 5",
    () => errorStatus(429, "5"),
    { scope: "request", type: "http.retry_after", processed: "no", status: 429 },
    true,
  ),
  oneRequest("status-503-retry-after", "503 with Retry-After: 1", () => errorStatus(503, "1"), {
    scope: "request",
    type: "http.retry_after",
    processed: "no",
    status: 503,
  }),
  oneRequest("status-500", "500", () => errorStatus(500, null), {
    scope: "request",
    type: "http.error",
    processed: "yes",
    status: 500,
  }),
  oneRequest(
    "content-length-short",
    "END_STREAM after half of the announced content",
    shortContent,
    { scope: "request", type: "http.response.truncated", processed: "yes", status: 200 },
    true,
  ),
  {
    name: "no-end-stream-until-deadline",
    title: "an answer that stops in its middle, on a connection that goes on",
    selfTest: true,
    plan: { ...HELD, requestTimeoutMs: 600 },
    expected: {
      connections: [],
      requests: [
        // One is meant; on a machine that stands still for so long, others run out of time with it, or before they are sent.
        { scope: "request", type: "request.timed_out", processed: "maybe", count: { min: 1, max: 1_000 } },
        {
          scope: "connection",
          type: "request.timed_out",
          processed: "no",
          status: null,
          count: { min: 0, max: 1_000 },
        },
      ],
      minOk: 4,
    },
    start: () =>
      playRaw({
        fault: unfinishedStream(),
        settledWhen: (s) => goesOn()(s) && s.connections.some((c) => c.resetByClient.size > 0),
      }),
  },
  {
    name: "watch-ended-cleanly",
    title: "END_STREAM on a watch",
    selfTest: false,
    plan: WATCH,
    expected: { connections: [], requests: [], minOk: 1 },
    start: () => playRaw({ fault: watchEnded(), settledWhen: watchedAgain }),
  },
  {
    name: "watch-cut",
    title: "FIN under a watch, no END_STREAM",
    selfTest: false,
    plan: WATCH,
    expected: {
      connections: [ended("watch", "abrupt", "tcp.closed", false)],
      requests: [{ scope: "connection", type: "tcp.closed", processed: "yes", status: 200 }],
      minOk: 0,
    },
    start: () => playRaw({ fault: watchCut(), settledWhen: watchedAgain }),
  },
  {
    name: "user-abort",
    title: "the caller aborts with requests open",
    selfTest: false,
    plan: { ...HELD, abortWhen: "fault.fired" },
    expected: {
      connections: [],
      requests: [
        { scope: "request", type: "abandoned", processed: "maybe", count: { min: 3, max: 3 } },
        // Those that were due while all three streams were taken.
        { scope: "request", type: "abandoned", processed: "no", count: { min: 0, max: 100 } },
      ],
      minOk: 0,
    },
    start: () => playRaw({ fault: holdRequests(), settledWhen: hasFired }),
  },
];

/** The watch was opened a second time and got its first bytes. */
function watchedAgain(server: Parameters<typeof hasFired>[0]): boolean {
  return hasFired(server) && server.connections.reduce((sum, c) => sum + c.requests, 0) >= 2;
}
