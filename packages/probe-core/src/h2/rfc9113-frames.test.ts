import { describe, expect, it } from "vitest";
import {
  ACK,
  Conversation,
  concat,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goaway,
  headers,
  literals,
  ok,
  PADDED,
  PRIORITY_FLAG,
  protocolErrors,
  rstStream,
  settings,
  uint32,
  windowUpdate,
} from "../../test/h2-frames.js";
import { LIMITS } from "../limits.js";

const GOAWAY = 7;
const STATUS_200 = literals([[":status", "200"]]);

/** The bytes end the connection: one fact, GOAWAY with the code, nothing read after it. */
function expectConnectionError(conversation: Conversation, bytes: Uint8Array, code: number, rule: string): void {
  const facts = conversation.server(bytes);
  expect(protocolErrors(facts)).toEqual([{ where: "connection", code, rule }]);
  expect(facts.at(-1)).toEqual({ kind: "h2.goaway.sent", errorCode: code });
  const last = conversation.written().at(-1);
  expect([last?.type, last?.stream, [...(last?.payload ?? [])]]).toEqual([GOAWAY, 0, [...uint32(0), ...uint32(code)]]);
  expect(conversation.client.failed).toBe(true);
  expect(conversation.client.capacity).toBe(0);
  expect(conversation.server(settings(), goaway(0, 0))).toEqual([]);
  expect(conversation.written()).toEqual([]);
}

/** A conversation with stream 1 open and asked for. */
function asked(): Conversation {
  const conversation = Conversation.begun();
  conversation.ask();
  conversation.written();
  return conversation;
}

describe("RFC 9113 §3.4: connection preface", () => {
  it.each([
    ["PING first", frame(6, 0, 0, new Uint8Array(8)), "RFC 9113 §3.4"],
    ["SETTINGS ACK first", frame(4, ACK, 0), "RFC 9113 §3.4"],
    ["a frame of an unknown type first", frame(0xf0, 0, 0), "RFC 9113 §3.4"],
  ])("'The SETTINGS frame … MUST be the first frame the server sends': %s", (_name, bytes, rule) => {
    expectConnectionError(new Conversation(), bytes, 1, rule);
  });

  it("says so when the peer speaks HTTP/1 or TLS instead", () => {
    const http1 = new Conversation().server(
      Uint8Array.from("HTTP/1.1 400 Bad Request\r\n\r\n", (c) => c.charCodeAt(0)),
    );
    expect(http1[0]).toMatchObject({ kind: "h2.protocol.error", message: expect.stringContaining("HTTP/1") });
    const alert = new Conversation().server(Uint8Array.from([0x15, 0x03, 0x03, 0, 2, 2, 70, 0, 0]));
    expect(alert[0]).toMatchObject({ kind: "h2.protocol.error", message: expect.stringContaining("TLS") });
  });
});

describe("RFC 9113 §4: frames", () => {
  it("§4.1: 'Implementations MUST ignore and discard frames of unknown types', undefined flags and the reserved bit", () => {
    const conversation = asked();
    expect(conversation.server(frame(0xbe, 0xff, 0x80000000, [1, 2, 3]), frame(0x0a, 0, 1, [9]))).toEqual([]);
    expect(conversation.server(frame(6, 0xf0, 0x80000000, [1, 2, 3, 4, 5, 6, 7, 8]))).toEqual([]);
    expect(conversation.written()).toEqual([
      { type: 6, flags: ACK, stream: 0, payload: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]) },
    ]);
  });

  it.each([
    ["DATA", frame(0, 0, 1, new Uint8Array(16_385))],
    ["HEADERS", frame(1, END_HEADERS, 1, new Uint8Array(16_385))],
    ["an unknown type", frame(0xbe, 0, 1, new Uint8Array(16_385))],
  ])("§4.2: 'FRAME_SIZE_ERROR if a frame exceeds the size defined in SETTINGS_MAX_FRAME_SIZE': %s", (_name, bytes) => {
    expectConnectionError(asked(), bytes, 6, "RFC 9113 §4.2");
  });

  it("§4.2: 'MUST be capable of receiving … frames up to 2^14 octets in length'", () => {
    const conversation = asked();
    const kinds = conversation.server(ok(1), data(1, 16_384, END_STREAM)).map((fact) => fact.kind);
    expect(kinds).toEqual(["h2.headers.received", "h2.data.received", "h2.stream.ended"]);
  });

  it("§4.2: 'or is too small to contain mandatory frame data'", () => {
    expectConnectionError(asked(), frame(0, PADDED, 1), 6, "RFC 9113 §4.2");
    expectConnectionError(asked(), frame(1, PADDED | PRIORITY_FLAG, 1, [0, 0, 0, 0, 0]), 6, "RFC 9113 §4.2");
  });

  it("§4.3: 'A decoding error in a field block MUST be treated as a connection error of type COMPRESSION_ERROR'", () => {
    expectConnectionError(asked(), frame(1, END_HEADERS, 1, [0x80]), 9, "RFC 7541 §6.1");
  });

  it("§4.3: blocks of streams nobody waits for are decoded as well", () => {
    const conversation = asked();
    const other = conversation.ask();
    conversation.client.reset(1, 8, []);
    // The reset stream's HEADERS put a field into the table; the other stream's HEADERS name it.
    conversation.server(frame(1, END_HEADERS, 1, [0x48, 3, 0x34, 0x30, 0x34]));
    expect(conversation.server(frame(1, END_HEADERS, other, [0xbe]))).toMatchObject([{ stream: other, status: 404 }]);
  });
});

describe("RFC 9113 §6: each frame type", () => {
  it.each([
    ["§6.1 DATA on stream 0", data(0, "x"), 1, "6.1"],
    ["§6.1 DATA with padding of the length of the payload", frame(0, PADDED, 1, [4, 1, 2, 3]), 1, "6.1"],
    ["§6.2 HEADERS on stream 0", headers(0, [[":status", "200"]]), 1, "6.2"],
    [
      "§6.2 HEADERS with more padding than payload",
      frame(1, END_HEADERS | PADDED, 1, [9, ...STATUS_200.slice(0, 8)]),
      1,
      "6.2",
    ],
    ["§6.3 PRIORITY on stream 0", frame(2, 0, 0, [0, 0, 0, 0, 0]), 1, "6.3"],
    ["§6.4 RST_STREAM on stream 0", rstStream(0, 8), 1, "6.4"],
    ["§6.4 RST_STREAM on an idle stream", rstStream(3, 8), 1, "6.4"],
    ["§6.4 RST_STREAM of 3 bytes", frame(3, 0, 1, [0, 0, 8]), 6, "6.4"],
    ["§6.5 SETTINGS on a stream", frame(4, 0, 1), 1, "6.5"],
    ["§6.5 SETTINGS of 7 bytes", frame(4, 0, 0, new Uint8Array(7)), 6, "6.5"],
    ["§6.5 SETTINGS ACK with a payload", frame(4, ACK, 0, new Uint8Array(6)), 6, "6.5"],
    ["§6.5.2 ENABLE_PUSH 1 from a server", settings({ 2: 1 }), 1, "6.5.2"],
    ["§6.5.2 INITIAL_WINDOW_SIZE of 2^31", settings({ 4: 2 ** 31 }), 3, "6.5.2"],
    ["§6.5.2 MAX_FRAME_SIZE of 16383", settings({ 5: 16_383 }), 1, "6.5.2"],
    ["§6.5.2 MAX_FRAME_SIZE of 2^24", settings({ 5: 2 ** 24 }), 1, "6.5.2"],
    ["§6.6 PUSH_PROMISE, though push is disabled", frame(5, END_HEADERS, 1, [...uint32(2), ...STATUS_200]), 1, "6.6"],
    ["§6.7 PING on a stream", frame(6, 0, 1, new Uint8Array(8)), 1, "6.7"],
    ["§6.7 PING of 7 bytes", frame(6, 0, 0, new Uint8Array(7)), 6, "6.7"],
    ["§6.8 GOAWAY on a stream", frame(7, 0, 1, new Uint8Array(8)), 1, "6.8"],
    ["§6.8 GOAWAY of 7 bytes", frame(7, 0, 0, new Uint8Array(7)), 6, "6.8"],
    ["§6.9 WINDOW_UPDATE of 3 bytes", frame(8, 0, 0, [0, 0, 1]), 6, "6.9"],
    ["§6.9 WINDOW_UPDATE of 0 on the connection", windowUpdate(0, 0), 1, "6.9"],
    ["§6.9.1 a window of the connection above 2^31-1", windowUpdate(0, 2 ** 31 - 1), 3, "6.9.1"],
    ["§6.10 CONTINUATION out of the blue", frame(9, END_HEADERS, 1, STATUS_200), 1, "6.10"],
    ["§5.1 DATA on an idle stream", data(3, "x"), 1, "5.1"],
    ["§5.1 WINDOW_UPDATE on an idle stream", windowUpdate(3, 1), 1, "5.1"],
    ["§5.1 HEADERS on an idle stream", ok(3), 1, "5.1"],
    ["§5.1.1 HEADERS on a stream of the server's", ok(2), 1, "5.1.1"],
    ["§5.1.1 DATA on a stream of the server's", data(2, "x"), 1, "5.1.1"],
  ])("%s ends the connection", (_name, bytes, code, section) => {
    expectConnectionError(asked(), bytes, code, `RFC 9113 §${section}`);
  });

  it("§6.1: padding may fill all but one byte of the payload, and is not content", () => {
    const conversation = asked();
    const facts = conversation.server(ok(1), frame(0, PADDED | END_STREAM, 1, [3, 0, 0, 0]));
    expect(facts.at(-1)).toEqual({ kind: "h2.stream.ended", stream: 1, request: 1, bytes: 0 });
    expect(facts.some((fact) => fact.kind === "h2.data.received")).toBe(false);
  });

  it("§6.2: padding and priority are left out of the field block", () => {
    const payload = [2, 0, 0, 0, 0, 16, ...STATUS_200, 0, 0];
    const facts = asked().server(frame(1, END_HEADERS | PADDED | PRIORITY_FLAG, 1, payload));
    expect(facts).toMatchObject([{ kind: "h2.headers.received", status: 200 }]);
  });

  it("§6.3: 'A PRIORITY frame with a length other than 5 octets MUST be treated as a stream error'", () => {
    const conversation = asked();
    const facts = conversation.server(frame(2, 0, 1, [0, 0, 0, 0]));
    expect(protocolErrors(facts)).toEqual([{ where: 1, code: 6, rule: "RFC 9113 §6.3" }]);
    expect(conversation.written()).toMatchObject([{ type: 3, stream: 1, payload: Uint8Array.from(uint32(6)) }]);
    expect(conversation.client.failed).toBe(false);
    // A stream that is not open cannot be reset.
    expectConnectionError(asked(), frame(2, 0, 3, [0, 0, 0, 0]), 6, "RFC 9113 §6.3");
  });

  it("§6.3: PRIORITY is allowed on any stream in any state, and means nothing", () => {
    expect(asked().server(frame(2, 0, 1, [0, 0, 0, 0, 0]), frame(2, 0, 99, [0, 0, 0, 0, 0]))).toEqual([]);
  });

  it("§6.5.2: 'An endpoint that receives a SETTINGS frame with any unknown or unsupported identifier MUST ignore that setting'", () => {
    const conversation = new Conversation();
    expect(conversation.server(settings({ 255: 7, 3: 100, 8: 1 }))).toEqual([
      { kind: "h2.settings.received", settings: { maxConcurrentStreams: 100, enableConnectProtocol: 1 } },
    ]);
  });

  it("§6.10: 'A receiver MUST treat the receipt of any other type of frame or a frame on a different stream as a connection error'", () => {
    const open = frame(1, 0, 1, STATUS_200);
    for (const between of [
      data(1, "x"),
      frame(9, END_HEADERS, 3),
      frame(6, 0, 0, new Uint8Array(8)),
      frame(0xbe, 0, 0),
      rstStream(1, 8),
    ]) {
      expectConnectionError(asked(), concat([open, between]), 1, "RFC 9113 §6.10");
    }
  });

  it("§6.10: a block may come in any number of CONTINUATION frames, empty ones too", () => {
    const parts = STATUS_200.map((byte) => frame(9, 0, 1, [byte]));
    const facts = asked().server(frame(1, END_STREAM, 1), ...parts, frame(9, 0, 1), frame(9, END_HEADERS, 1));
    expect(facts).toMatchObject([
      { kind: "h2.headers.received", status: 200, endStream: true },
      { kind: "h2.stream.ended", bytes: 0 },
    ]);
  });
});

describe("RFC 9113 §10.5: what a peer may not do without end", () => {
  it("§10.5.1: a field block beyond the bound ends the connection before it is whole", () => {
    const conversation = asked();
    const part = frame(9, 0, 1, new Uint8Array(16_000));
    expectConnectionError(conversation, concat([frame(1, 0, 1), part, part, part, part, part]), 11, "RFC 9113 §10.5.1");
  });

  it("§10.5.1: a decoded list beyond the bound ends its stream only", () => {
    const conversation = asked();
    const big = [0x40, 1, 0x61, 100, ...new Uint8Array(100).fill(0x62)];
    const facts = conversation.server(frame(1, END_HEADERS, 1, [0x88, ...big, ...new Uint8Array(2_000).fill(0xbe)]));
    expect(protocolErrors(facts)).toEqual([{ where: 1, code: 11, rule: "RFC 9113 §10.5.1" }]);
    expect(conversation.client.failed).toBe(false);
  });

  it("§10.5.1: field blocks cost what they take to decode: a bomb of references ends the connection soon", () => {
    const conversation = asked();
    let bytes = 0;
    const bomb = concat([
      frame(1, 0, 1, [
        0x40,
        1,
        0x61,
        127,
        0xa1,
        0x1e,
        ...new Uint8Array(4_000).fill(0x62),
        ...new Uint8Array(12_000).fill(0xbe),
      ]),
      frame(9, END_HEADERS, 1, new Uint8Array(16_384).fill(0xbe)),
    ]);
    while (!conversation.client.failed) {
      conversation.client.receive(bomb, conversation.facts);
      bytes += bomb.length;
    }
    expect(protocolErrors(conversation.facts).at(-1)).toEqual({
      where: "connection",
      code: 11,
      rule: "RFC 9113 §10.5",
    });
    expect(bytes).toBeLessThan(6 << 20);
  });

  it.each([
    ["PING", frame(6, 0, 0, new Uint8Array(8))],
    ["PING ACK", frame(6, ACK, 0, new Uint8Array(8))],
    ["SETTINGS", settings()],
    ["SETTINGS ACK", frame(4, ACK, 0)],
    ["unknown frames", frame(0xbe, 0, 0)],
    ["PRIORITY", frame(2, 0, 1, [0, 0, 0, 0, 0])],
    ["WINDOW_UPDATE", windowUpdate(1, 1)],
    ["empty DATA", data(1, "")],
    ["informational responses", headers(1, [[":status", "103"]])],
    ["GOAWAY", goaway(1, 0)],
  ])("a flood of %s ends the connection", (name, bytes) => {
    const conversation = asked();
    if (name === "empty DATA") conversation.server(ok(1));
    for (let i = 0; i < 10_001 && !conversation.client.failed; i++)
      conversation.client.receive(bytes, conversation.facts);
    expect(protocolErrors(conversation.facts)).toEqual([{ where: "connection", code: 11, rule: "RFC 9113 §10.5" }]);
  });

  it("a flood of CONTINUATION without END_HEADERS ends the connection", () => {
    const conversation = asked();
    conversation.server(frame(1, 0, 1));
    for (let i = 0; i < 10_001; i++) conversation.client.receive(frame(9, 0, 1), conversation.facts);
    expect(protocolErrors(conversation.facts)).toMatchObject([{ where: "connection", code: 11 }]);
  });

  it("as many of them as our own acts earn are no flood, and no more", () => {
    for (const [perAct, failed] of [
      [LIMITS.framesWithoutUseEarned, false],
      [LIMITS.framesWithoutUseEarned * 2, true],
    ] as const) {
      const conversation = asked();
      for (let act = 0; act < 300 && !conversation.client.failed; act++) {
        conversation.client.ping("00".repeat(8));
        for (let i = 0; i < perAct; i++) {
          conversation.client.receive(frame(6, 0, 0, new Uint8Array(8)), conversation.facts);
        }
        conversation.client.takeOutput();
      }
      expect([perAct, conversation.client.failed]).toEqual([perAct, failed]);
    }
  });

  it("content of ours earns the WINDOW_UPDATEs that a peer answers it with", () => {
    const conversation = Conversation.begun();
    for (let request = 0; request < 30; request++) {
      const stream = conversation.ask("POST", new Uint8Array(1 << 20));
      for (let sent = 0; sent < 1 << 20; sent += 4096) {
        conversation.server(windowUpdate(0, 4096), windowUpdate(stream, 4096));
        conversation.client.takeOutput();
      }
      conversation.server(ok(stream, END_STREAM));
    }
    expect(protocolErrors(conversation.facts)).toEqual([]);
  });

  it("GOAWAY debug data is bounded and readable", () => {
    const conversation = asked();
    const facts = conversation.server(goaway(1, 2, `bad\n\x1b[31m${"x".repeat(2_000)}`));
    expect(facts).toMatchObject([
      { kind: "h2.goaway.received", index: 1, lastStreamId: 1, errorCode: 2, debugBytes: 2_009 },
    ]);
    const debug = facts[0]?.kind === "h2.goaway.received" ? facts[0].debug : "";
    expect(debug.startsWith("bad\\x0a\\x1b[31mxxx")).toBe(true);
    expect(debug.length).toBe(LIMITS.goawayDebugChars);
  });
});
