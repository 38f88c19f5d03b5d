// The stream table and all above the frames: a client that asks, resets and pings while a server's bytes come in.
// Input: a byte that says what the client does, a byte of length, so many bytes of the server; and again.
import { H2Client } from "../../../packages/probe-core/dist/h2/client.js";
import { encodeRequest } from "../../../packages/probe-core/dist/h2/request-head.js";
import { LIMITS } from "../../../packages/probe-core/dist/limits.js";

const HEAD = encodeRequest({ method: "GET", scheme: "https", authority: "a", path: "/", headers: [] });
const POST = encodeRequest({ method: "POST", scheme: "https", authority: "a", path: "/", headers: [] });
const BODY = new Uint8Array(300);
const OPAQUE = "0011223344556677";

export const maxBytes = 1_200;
export const words = [
  [0, 0, 0, 4, 0, 0, 0, 0, 0],
  [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 10],
  [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1],
  [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88],
  [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88],
  [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x88],
  [0, 0, 1, 9, 4, 0, 0, 0, 1, 0x88],
  [0, 0, 5, 1, 4, 0, 0, 0, 3, 0x08, 3, 0x31, 0x30, 0x33],
  [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8],
  [0, 0, 2, 0, 1, 0, 0, 0, 1, 65, 66],
  [0, 0, 2, 0, 0, 0, 0, 0, 3, 65, 66],
  [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
  [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0],
  [0, 0, 4, 8, 0, 0, 0, 0, 3, 0, 0, 1, 0],
  [0, 0, 8, 6, 1, 0, 0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77],
].map((word) => Uint8Array.from(word));
export const seeds = [
  Uint8Array.from([0, words[0].length, ...words[0], 1, words[3].length, ...words[3], 0, words[9].length, ...words[9]]),
  Uint8Array.from([
    0,
    words[1].length,
    ...words[1],
    2,
    words[13].length,
    ...words[13],
    0,
    words[6].length,
    ...words[6],
  ]),
];

export function fuzz(data) {
  const client = new H2Client({ limits: LIMITS, streamWindow: 1_000, connectionWindow: 65_535 });
  const facts = [];
  const opened = [];
  let request = 0;
  for (let at = 0; at + 2 <= data.length; ) {
    const act = data[at];
    const length = data[at + 1];
    if ((act & 7) === 1 || (act & 7) === 2) {
      const before = client.capacity;
      const stream = client.request(++request, (act & 7) === 1 ? HEAD : POST, (act & 7) === 1 ? null : BODY);
      if ((stream === 0) !== (before === 0)) throw new Error(`capacity ${before} and stream ${stream}`);
      if (stream !== 0) opened.push(stream);
    } else if ((act & 7) === 3 && opened.length > 0) client.reset(opened[act % opened.length], 8, facts);
    else if ((act & 7) === 4) client.ping(OPAQUE);
    else if (act === 5) client.goaway(0, facts);
    if ((act & 16) === 0) client.takeOutput();
    client.receive(data.subarray(at + 2, at + 2 + length), facts);
    at += 2 + length;
  }
  check(facts, client, opened);
  wholeFrames(client.takeOutput());
}

function check(facts, client, opened) {
  const ended = new Set();
  const headed = new Set();
  let failures = 0;
  for (const fact of facts) {
    if (failures > 0 && fact.kind !== "h2.goaway.sent") throw new Error(`${fact.kind} after the connection had failed`);
    switch (fact.kind) {
      case "h2.headers.received":
        if (headed.has(fact.stream) || ended.has(fact.stream)) throw new Error("a second head");
        if (!opened.includes(fact.stream)) throw new Error("a head nobody asked for");
        headed.add(fact.stream);
        break;
      case "h2.data.received":
        if (!headed.has(fact.stream) || ended.has(fact.stream))
          throw new Error("data before its head or after its end");
        break;
      case "h2.stream.ended":
        if (!headed.has(fact.stream) || ended.has(fact.stream)) throw new Error("an end too many");
        ended.add(fact.stream);
        break;
      case "h2.protocol.error":
        if (fact.stream === null) failures++;
        break;
    }
  }
  if (failures > 1) throw new Error("a connection that failed twice");
  if ((failures === 1) !== client.failed) throw new Error("failed, and nobody said so");
  if (client.openStreams > opened.length) throw new Error("more streams than were opened");
  if (client.failed && client.capacity !== 0) throw new Error("room on a connection that failed");
}

function wholeFrames(bytes) {
  if (bytes === null) return;
  let at = bytes.length >= 24 && bytes[0] === 0x50 ? 24 : 0;
  while (at < bytes.length) {
    if (at + 9 > bytes.length) throw new Error("half a frame header was written");
    at += 9 + ((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]);
  }
  if (at !== bytes.length) throw new Error("half a frame was written");
}
