// The log reader and the fold behind it: any bytes are judged, none make them throw, and counters balance. Input: a log.
import { parseLogLine } from "../../../packages/probe-core/dist/events/log-format.js";
import { createFold } from "../../../packages/probe-core/dist/verdict/fold.js";

const HEADER = {
  kind: "run.header",
  format: 1,
  run: "r",
  node: "n",
  reference: { monotonicEpochNs: "0", wall: "2026-01-01T00:00:00.000000000Z", wallErrorNs: 0, kernelDelayNs: 0 },
  config: { paths: [], engine: "wire", lanes: [], thresholds: {} },
  versions: {},
  addresses: [],
  lanes: [],
};
const LINES = [
  {
    kind: "tcp.connect.started",
    seq: 1,
    t: 1,
    u: 0,
    conn: 1,
    path: "p",
    lane: "held",
    remote: "1.2.3.4:5",
    intended: null,
  },
  { kind: "tcp.connect.complete", seq: 2, t: 2, u: 0, conn: 1, local: "1.2.3.4:9", remote: "1.2.3.4:5" },
  {
    kind: "request.sent",
    seq: 3,
    t: 3,
    u: 0,
    request: 1,
    conn: 1,
    stream: 1,
    path: "p",
    lane: "held",
    method: "GET",
    url: "u",
    intended: 3,
  },
  {
    kind: "h2.goaway.received",
    seq: 4,
    t: 4,
    u: 0,
    conn: 1,
    index: 1,
    lastStreamId: 1,
    errorCode: 0,
    debug: "",
    debugBytes: 0,
  },
  { kind: "h2.stream.ended", seq: 4, t: 4, u: 0, conn: 1, stream: 1, request: 1, bytes: 3 },
  { kind: "tcp.fin.received", seq: 5, t: 5, u: 0, conn: 1, bytesRead: 1 },
  { kind: "tcp.closed", seq: 6, t: 6, u: 0, conn: 1, bytesRead: 1, bytesWritten: 1 },
  { kind: "run.footer", t: 7, events: 6, scheduled: {}, drops: {}, reason: "duration" },
];

export const maxBytes = 3_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const words = [
  ...LINES.map((line) => `${JSON.stringify(line)}\n`),
  `${JSON.stringify(HEADER)}\n`,
  "\n",
  "null",
  '"seq":',
  '"t":-1',
  "1e999",
  '"conn":null',
  '"__proto__":{"a":1}',
  "[]",
  '"kind":"verdict"',
  "\u2028",
].map((text) => encoder.encode(text));
export const seeds = [encoder.encode([HEADER, ...LINES].map((line) => JSON.stringify(line)).join("\n"))];

export function fuzz(data) {
  let verdicts = 0;
  const fold = createFold({
    onVerdict: (verdict) => {
      if (verdict.scope !== "connection" || "request" in verdict) verdicts++;
    },
  });
  for (const text of decoder.decode(data).split("\n")) {
    const line = parseLogLine(text);
    if (line.is === "record") fold.push(line.record);
  }
  const { requests } = fold.finish();
  if (requests.ok + requests.failed + requests.abandoned !== requests.total)
    throw new Error(`counters: ${JSON.stringify(requests)}`);
  if ({}.a !== undefined) throw new Error("prototype polluted");
  return verdicts;
}
