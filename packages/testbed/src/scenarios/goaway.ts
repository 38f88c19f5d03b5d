import { goawayThenFinMidBody } from "../faults/goaway-then-fin-mid-body.js";
import { goawayThenRstMidBody } from "../faults/goaway-then-rst-mid-body.js";
import { goawayWithError } from "../faults/goaway-with-error.js";
import { gracefulGoaway } from "../faults/graceful-goaway.js";
import { streamsAboveLastIgnored } from "../faults/streams-above-last-ignored.js";
import { twoStepGoaway } from "../faults/two-step-goaway.js";
import type { ExpectedConnection, Scenario } from "../scenario.js";
import { HELD, lostThree } from "./plans.js";
import { playRaw, replaced } from "./play.js";

const AT_MOST_ONE = { min: 0, max: 1 };
const NODE_LEAVES =
  "node:http2 may close a connection with GOAWAY by itself once its streams are done (seen on Node 26), and then the peer's end is not seen";

/** The same end, which the `node` engine sees only if the peer is quicker than node:http2. */
function perhaps(connection: ExpectedConnection): ExpectedConnection {
  return { ...connection, count: AT_MOST_ONE };
}

const GRACEFUL: ExpectedConnection = {
  lane: "held",
  close: "graceful",
  type: null,
  closeNotify: true,
  goaways: [{ lastStreamId: 5, errorCode: 0, debug: "" }],
};
const TWO_STEP: ExpectedConnection = {
  ...GRACEFUL,
  goaways: [
    { lastStreamId: 2 ** 31 - 1, errorCode: 0 },
    { lastStreamId: 5, errorCode: 0 },
  ],
};
const ABOVE_LAST: ExpectedConnection = { ...GRACEFUL, goaways: [{ lastStreamId: 1, errorCode: 0 }] };
const CALM: ExpectedConnection = {
  ...GRACEFUL,
  type: "h2.goaway",
  goaways: [{ lastStreamId: 1, errorCode: 11, debug: "too_many_pings" }],
};

/** A stream above the last stream id: provably not processed, and known to be so at the GOAWAY. */
const NOT_TAKEN = { scope: "connection", type: "h2.goaway", processed: "no", status: null } as const;

/** Endings with a GOAWAY. */
export const GOAWAY_SCENARIOS: readonly Scenario[] = [
  {
    name: "graceful-goaway",
    title: "GOAWAY, every open request answered, close_notify, FIN",
    selfTest: true,
    plan: HELD,
    expected: {
      connections: [GRACEFUL],
      requests: [],
      minOk: 5,
      nodeEngine: { connections: [perhaps(GRACEFUL)], why: NODE_LEAVES },
    },
    start: () => playRaw({ fault: gracefulGoaway(), settledWhen: replaced() }),
  },
  {
    name: "two-step-goaway",
    title:
      "GOAWAY with the highest id, a round trip, GOAWAY with the last stream taken, all answered, close_notify, FIN",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [TWO_STEP],
      requests: [],
      minOk: 5,
      nodeEngine: { connections: [perhaps(TWO_STEP)], why: NODE_LEAVES },
    },
    start: () => playRaw({ fault: twoStepGoaway(), settledWhen: replaced() }),
  },
  {
    name: "goaway-then-fin-mid-body",
    title: "GOAWAY that covers the open requests, then FIN in the middle of their answers",
    selfTest: true,
    plan: HELD,
    expected: {
      connections: [{ ...GRACEFUL, close: "broken-promise", type: "tcp.closed", closeNotify: false }],
      requests: [lostThree("tcp.closed", "yes")],
      minOk: 2,
    },
    start: () => playRaw({ fault: goawayThenFinMidBody(), settledWhen: replaced() }),
  },
  {
    name: "goaway-then-rst-mid-body",
    title: "GOAWAY that covers the open requests, then RST in the middle of their answers",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [{ ...GRACEFUL, close: "broken-promise", type: "tcp.reset", closeNotify: false }],
      requests: [lostThree("tcp.reset", "yes")],
      minOk: 2,
    },
    start: () => playRaw({ fault: goawayThenRstMidBody(), settledWhen: replaced() }),
  },
  {
    name: "goaway-error-code-debug-data",
    title: "GOAWAY(ENHANCE_YOUR_CALM, too_many_pings) with requests above its last stream id",
    selfTest: true,
    plan: HELD,
    expected: {
      connections: [CALM],
      // Two were open above it; a third may have taken the place of the answered one before the GOAWAY was read.
      requests: [{ ...NOT_TAKEN, count: { min: 2, max: 3 } }],
      minOk: 3,
      nodeEngine: {
        connections: [
          perhaps(CALM),
          { lane: "held", close: "local", type: "h2.goaway", goaways: [...(CALM.goaways ?? [])], count: AT_MOST_ONE },
        ],
        why: "node:http2 destroys the session at a GOAWAY with an error code",
      },
    },
    start: () => playRaw({ fault: goawayWithError(), settledWhen: replaced() }),
  },
  {
    name: "streams-above-last-ignored",
    title:
      "Go's way: GOAWAY(last 1), stream 1 answered, streams above it ignored without a word, close_notify and FIN later",
    selfTest: true,
    plan: HELD,
    expected: {
      connections: [ABOVE_LAST],
      requests: [{ ...NOT_TAKEN, count: { min: 2, max: 2 } }],
      minOk: 3,
      nodeEngine: { connections: [perhaps(ABOVE_LAST)], why: NODE_LEAVES },
    },
    start: () => playRaw({ fault: streamsAboveLastIgnored(), settledWhen: replaced() }),
  },
];
