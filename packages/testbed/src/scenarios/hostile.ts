import { endlessBody } from "../faults/endless-body.js";
import type { Fault } from "../faults/fault.js";
import { floods } from "../faults/floods.js";
import { forbiddenFrames } from "../faults/forbidden-frames.js";
import { headerBombs } from "../faults/header-bombs.js";
import { keyUpdateFlood } from "../faults/key-update-flood.js";
import { noStreamsAllowed } from "../faults/no-streams-allowed.js";
import { tlsRecords } from "../faults/tls-records.js";
import { trailerBomb } from "../faults/trailer-bomb.js";
import { trickles } from "../faults/trickles.js";
import { zeroWindows } from "../faults/zero-windows.js";
import type { Expected, ExpectedRequest, ProbePlan, Range, Scenario } from "../scenario.js";
import type { RawServer } from "../server/raw-server.js";
import { ended } from "./plans.js";
import { hasFired, playRaw } from "./play.js";

/** Two sessions: the first one meets the fault, the other one must not feel it. */
const BESIDE: ProbePlan = {
  lanes: { held: { sessions: 2, streams: 3, ratePerSecond: 60 } },
  requestTimeoutMs: 1_500,
  pingIntervalMs: 60,
};
const SOME_LOST = { min: 1, max: 6 };
const ENOUGH_ANSWERS = 12;
const TRICKLE_MS = 40;

const AT_MOST_ONE = { min: 0, max: 1 };
/** Those beside the first, and those sent before the end was seen. */
const THE_OTHERS = { min: 0, max: 6 };

/** One connection that we ended, because the peer broke a rule. */
const ENDED_BY_US = { lane: "held", close: "local", type: "h2.protocol.error", closeNotify: null };

function lost(processed: ExpectedRequest["processed"], count: Range): ExpectedRequest {
  return { scope: "connection", type: "h2.protocol.error", processed, count };
}

/** How a hostile server's bytes end its connection: found out by us. `requests`: what becomes of those on it, if not the usual. */
function protocolError(requests: readonly ExpectedRequest[] = [lost("maybe", SOME_LOST)]): Expected {
  return {
    connections: [ENDED_BY_US],
    requests,
    minOk: ENOUGH_ANSWERS,
    nodeEngine: {
      connections: [{ ...ENDED_BY_US, count: AT_MOST_ONE }],
      requests: [
        ...requests.map((request) => ({ ...request, count: { min: 0, max: request.count?.max ?? 1 } })),
        { scope: "request", type: "request.timed_out", processed: "maybe", count: THE_OTHERS },
      ],
      why: "node:http2 has bounds of its own: it may end the connection before we have seen enough, and does not say why",
    },
  };
}

/** The head of the first answer had come. */
const FIRST_ANSWERED = [lost("yes", { min: 1, max: 1 }), lost("maybe", THE_OTHERS)];
/** The first request fails by itself, by the first frame; the flood behind it ends the connection. */
const firstFails = (type: string, processed: ExpectedRequest["processed"]): readonly ExpectedRequest[] => [
  { scope: "request", type, processed },
  lost("maybe", THE_OTHERS),
];

/** The fault is done, its victim is gone, and the others have been served meanwhile and after. */
function victimGone(server: RawServer): boolean {
  const [victim] = server.firedOn;
  return victim?.closed === true && answers(server) >= ENOUGH_ANSWERS;
}

/** The fault is under way and the others are served all the same. */
function othersServed(server: RawServer): boolean {
  return hasFired(server) && answers(server) >= ENOUGH_ANSWERS;
}

function answers(server: RawServer): number {
  return server.connections.reduce((sum, c) => sum + c.answered, 0);
}

interface Hostile {
  readonly title: string;
  readonly fault: () => Fault;
  readonly expected?: Expected;
  readonly plan?: ProbePlan;
  readonly settled?: (server: RawServer) => boolean;
}

function hostile(name: string, { title, fault, expected, plan, settled }: Hostile): Scenario {
  return {
    name,
    title,
    selfTest: false,
    plan: plan ?? BESIDE,
    expected: expected ?? protocolError(),
    start: () => playRaw({ fault: fault(), settledWhen: settled ?? victimGone }),
  };
}

const timedOut: Expected = {
  connections: [],
  requests: [{ scope: "request", type: "request.timed_out", processed: "maybe", count: { min: 1, max: 40 } }],
  minOk: ENOUGH_ANSWERS,
};

const brokenTls: Expected = {
  connections: [ended("held", "local", "tls.protocol.error", null)],
  requests: [{ scope: "connection", type: "tls.protocol.error", processed: "maybe", count: { min: 0, max: 3 } }],
  minOk: ENOUGH_ANSWERS,
};

/** Servers that are out to hurt their client, or broken in a way that does. Each fault meets one connection; the one beside it is served. */
export const HOSTILE_SCENARIOS: readonly Scenario[] = [
  hostile("flood-settings", { title: "SETTINGS without end", fault: floods.settings }),
  hostile("flood-ping", { title: "PING without end", fault: floods.ping }),
  hostile("flood-ping-ack", { title: "answers to PINGs nobody sent, without end", fault: floods.pingAck }),
  hostile("flood-empty-data", {
    title: "DATA without content, without end",
    fault: floods.emptyData,
    expected: protocolError(FIRST_ANSWERED),
  }),
  hostile("flood-continuation", { title: "CONTINUATION without content, without end", fault: floods.continuation }),
  hostile("flood-window-update", { title: "WINDOW_UPDATE by one byte, without end", fault: floods.windowUpdate }),
  hostile("flood-informational", { title: "status 103 without end", fault: floods.informational }),
  hostile("flood-goaway", { title: "GOAWAY without end", fault: floods.goaway }),
  hostile("flood-unknown-frames", { title: "frames of an unknown type, without end", fault: floods.unknownFrames }),
  hostile("flood-rst-on-closed-stream", {
    title: "RST_STREAM on one stream, without end",
    fault: floods.rstOnClosedStream,
    expected: protocolError(firstFails("h2.stream.reset", "maybe")),
  }),
  hostile("flood-push-promise", {
    title: "PUSH_PROMISE without end, though push is off",
    fault: forbiddenFrames.pushPromise,
  }),
  hostile("flood-data-on-closed-stream", {
    title: "DATA without end on a stream that has ended",
    fault: forbiddenFrames.dataOnClosedStream,
    expected: protocolError([lost("maybe", THE_OTHERS)]),
  }),
  hostile("flood-data-on-unknown-stream", {
    title: "DATA without end on a stream nobody opened",
    fault: forbiddenFrames.dataOnUnknownStream,
  }),
  hostile("frame-beyond-limit", {
    title: "a DATA frame of 1 MB",
    fault: forbiddenFrames.frameBeyondLimit,
    expected: protocolError(FIRST_ANSWERED),
  }),
  hostile("goaway-beyond-limit", {
    title: "GOAWAY with 16 MB of debug data, in one frame",
    fault: forbiddenFrames.goawayBeyondLimit,
    expected: {
      ...protocolError(),
      nodeEngine: {
        connections: [{ ...ENDED_BY_US, count: AT_MOST_ONE }],
        requests: [
          lost("maybe", { min: 0, max: 6 }),
          { scope: "request", type: "request.timed_out", processed: "maybe", count: { min: 0, max: 40 } },
        ],
        why: "node:http2 may keep the connection, on which nothing is answered any more",
      },
    },
  }),
  hostile("window-overflow", {
    title: "WINDOW_UPDATE that raises the window above 2^31-1",
    fault: forbiddenFrames.windowOverflow,
  }),
  hostile("window-overflow-by-settings", {
    title: "SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1",
    fault: forbiddenFrames.windowOverflowBySettings,
  }),
  hostile("hpack-bomb", {
    title: "field blocks of references to a field of 4 KB, without end",
    fault: headerBombs.hpackBomb,
    expected: protocolError(firstFails("h2.protocol.error", "maybe")),
  }),
  hostile("endless-header-list", { title: "a field block that never ends", fault: headerBombs.endlessHeaderList }),
  hostile("table-size-games", {
    title: "dynamic table sizes up and down, without end",
    fault: headerBombs.tableSizeGames,
  }),
  hostile("table-size-too-large", {
    title: "a dynamic table larger than we allow",
    fault: headerBombs.tableSizeTooLarge,
  }),
  hostile("trailer-bomb", {
    title: "trailers of references to a field of 4 KB, after each answer",
    fault: trailerBomb,
    expected: {
      connections: [],
      requests: [{ scope: "request", type: "h2.protocol.error", processed: "maybe", count: { min: 1, max: 100 } }],
      minOk: ENOUGH_ANSWERS,
      nodeEngine: {
        requests: [
          { scope: "request", type: "h2.protocol.error", processed: "maybe", count: { min: 0, max: 100 } },
          { scope: "request", type: "request.timed_out", processed: "maybe", count: { min: 0, max: 100 } },
        ],
        why: "node:http2 refuses such trailers without a word of why, and may leave the request open until its deadline",
      },
    },
    settled: othersServed,
  }),
  hostile("no-streams-allowed", {
    title:
      "SETTINGS_MAX_CONCURRENT_STREAMS 0 for ever: nothing may be asked there, and the session beside it is asked instead",
    fault: noStreamsAllowed,
    expected: { connections: [], requests: [], minOk: ENOUGH_ANSWERS },
    settled: othersServed,
  }),
  hostile("zero-windows", {
    title: "windows of 0 that never open, and requests with a body",
    fault: zeroWindows,
    plan: { ...BESIDE, request: { method: "POST", path: "/", body: "x".repeat(1_000) } },
    expected: timedOut,
    settled: othersServed,
  }),
  hostile("trickle-handshake", {
    title: "the TLS handshake, one byte at a time",
    fault: () => trickles.handshake({ everyMs: TRICKLE_MS }),
    plan: { ...BESIDE, connectTimeoutMs: 400 },
    expected: {
      connections: [ended("held", "silent", "tls.timed_out")],
      requests: [{ scope: "connection", type: "tls.timed_out", processed: "no", count: { min: 0, max: 40 } }],
      minOk: ENOUGH_ANSWERS,
    },
  }),
  hostile("trickle-settings", {
    title: "SETTINGS, one byte at a time",
    fault: () => trickles.settings({ everyMs: TRICKLE_MS }),
    plan: { ...BESIDE, connectTimeoutMs: 400 },
    expected: {
      connections: [ended("held", "silent", "h2.settings.timed_out")],
      requests: [{ scope: "connection", type: "h2.settings.timed_out", processed: "no", count: { min: 0, max: 40 } }],
      minOk: ENOUGH_ANSWERS,
    },
  }),
  hostile("trickle-headers", {
    title: "response headers, one byte at a time; not even PING gets through",
    fault: () => trickles.headers({ everyMs: TRICKLE_MS }),
    plan: { ...BESIDE, requestTimeoutMs: 400 },
    expected: timedOut,
    settled: othersServed,
  }),
  hostile("trickle-headers-for-ever", {
    title: "response headers, one byte at a time, until PING has been unanswered for ten timeouts",
    fault: () => trickles.headers({ everyMs: TRICKLE_MS }),
    plan: { ...BESIDE, pingTimeoutMs: 100, requestTimeoutMs: 10_000 },
    expected: {
      connections: [ended("held", "silent", "h2.ping.timed_out")],
      requests: [{ scope: "connection", type: "h2.ping.timed_out", processed: "maybe", count: SOME_LOST }],
      minOk: ENOUGH_ANSWERS,
    },
  }),
  hostile("trickle-body", {
    title: "content, one byte at a time; PING is answered",
    fault: () => trickles.body({ everyMs: TRICKLE_MS }),
    plan: { ...BESIDE, requestTimeoutMs: 400 },
    expected: timedOut,
    settled: othersServed,
  }),
  hostile("endless-body", {
    title: "content without end, as fast as our windows let it",
    fault: endlessBody,
    plan: { ...BESIDE, requestTimeoutMs: 1_000 },
    expected: timedOut,
    settled: othersServed,
  }),
  hostile("tls-record-oversized", { title: "a TLS record of 64 KB", fault: tlsRecords.oversized, expected: brokenTls }),
  hostile("tls-record-forged", {
    title: "a TLS record that nobody encrypted",
    fault: tlsRecords.forged,
    expected: brokenTls,
  }),
  hostile("tls-key-update-flood", {
    title: "KeyUpdate without end, each rightly encrypted: TLS sets no bound, so PING has to",
    fault: keyUpdateFlood,
    plan: { ...BESIDE, pingTimeoutMs: 400, requestTimeoutMs: 10_000 },
    expected: {
      connections: [ended("held", "silent", "h2.ping.timed_out")],
      requests: [{ scope: "connection", type: "h2.ping.timed_out", processed: "maybe", count: { min: 0, max: 6 } }],
      minOk: ENOUGH_ANSWERS,
    },
  }),
  hostile("tls-endless-handshake", {
    title: "a ServerHello of 16 MB",
    fault: tlsRecords.endlessHandshake,
    expected: {
      connections: [ended("held", null, "tls.protocol.error")],
      requests: [{ scope: "connection", type: "tls.protocol.error", processed: "no", count: { min: 0, max: 40 } }],
      minOk: ENOUGH_ANSWERS,
    },
  }),
  {
    name: "cert-hostile-names",
    title: "a certificate whose names hold escapes, markup, NUL and line breaks, and a thousand more",
    selfTest: false,
    plan: { lanes: { freshTls: { ratePerSecond: 10 } } },
    expected: {
      connections: [{ ...ended("fresh.tls", null, "tls.cert.name_invalid"), count: { min: 1, max: 100 } }],
      requests: [],
      minOk: 0,
    },
    start: () =>
      playRaw({
        identity: "hostileNames",
        firedWhen: (s) => s.connections.length > 0,
        settledWhen: (s) => s.connections.filter((c) => c.closed).length >= 3,
      }),
  },
];
