import { describe, expect, it } from "vitest";
import {
  Conversation,
  data,
  END_STREAM,
  frame,
  goaway,
  headers,
  ok,
  PADDED,
  protocolErrors,
  rstStream,
  settings,
  uint32,
  windowUpdate,
} from "../../test/h2-frames.js";
import { LIMITS } from "../limits.js";
import type { H2Fact } from "./contract.js";

const RST_STREAM = 3;

function asked(count = 1, options = {}): Conversation {
  const conversation = Conversation.begun(options);
  for (let i = 0; i < count; i++) conversation.ask();
  conversation.written();
  return conversation;
}

const kinds = (facts: readonly H2Fact[]): string[] => facts.map((fact) => fact.kind);

describe("RFC 9113 §5.1: closed streams", () => {
  it.each([
    ["DATA", data(1, "x")],
    ["HEADERS", ok(1)],
  ])("%s after END_STREAM is a connection error of type STREAM_CLOSED", (_name, late) => {
    const facts = asked().server(ok(1, END_STREAM), late);
    expect(protocolErrors(facts)).toEqual([{ where: "connection", code: 5, rule: "RFC 9113 §5.1" }]);
  });

  it("WINDOW_UPDATE, RST_STREAM and PRIORITY after END_STREAM are allowed", () => {
    const conversation = asked();
    const facts = conversation.server(
      ok(1, END_STREAM),
      windowUpdate(1, 5),
      rstStream(1, 0),
      frame(2, 0, 1, [0, 0, 0, 0, 0]),
    );
    expect(kinds(facts)).toEqual(["h2.headers.received", "h2.stream.ended", "h2.rst_stream.received"]);
    expect(facts.at(-1)).toEqual({ kind: "h2.rst_stream.received", stream: 1, request: null, errorCode: 0 });
    expect(conversation.client.failed).toBe(false);
  });

  it.each([
    ["DATA", data(1, "x")],
    ["HEADERS", headers(1, [["a", "b"]], END_STREAM)],
  ])("%s after RST_STREAM of the peer is a stream error of type STREAM_CLOSED, told once", (_name, late) => {
    const conversation = asked();
    const facts = conversation.server(ok(1), rstStream(1, 8), late, late);
    expect(kinds(facts)).toEqual([
      "h2.headers.received",
      "h2.rst_stream.received",
      "h2.protocol.error",
      "h2.rst_stream.sent",
    ]);
    expect(facts[1]).toEqual({ kind: "h2.rst_stream.received", stream: 1, request: 1, errorCode: 8 });
    expect(facts[2]).toMatchObject({ stream: 1, request: null, errorCode: 5, rule: "RFC 9113 §5.1" });
    expect(conversation.client.failed).toBe(false);
  });

  it("'An endpoint MUST minimally process and then discard any frames it receives' on a stream it has reset", () => {
    const conversation = asked();
    const facts: H2Fact[] = [];
    conversation.client.reset(1, 8, facts);
    expect(facts).toEqual([{ kind: "h2.rst_stream.sent", stream: 1, request: 1, errorCode: 8 }]);
    expect(conversation.written()).toEqual([
      { type: RST_STREAM, flags: 0, stream: 1, payload: Uint8Array.from(uint32(8)) },
    ]);
    expect(conversation.server(ok(1), data(1, "late"), windowUpdate(1, 1), data(1, "", END_STREAM))).toEqual([]);
    expect(conversation.client.failed).toBe(false);
  });

  it("resetting a closed stream does nothing", () => {
    const conversation = asked();
    conversation.server(ok(1, END_STREAM));
    const facts: H2Fact[] = [];
    conversation.client.reset(1, 8, facts);
    conversation.client.reset(99, 8, facts);
    expect([facts, conversation.written()]).toEqual([[], []]);
  });

  it("streams reset too long ago to remember are given the benefit of the doubt, later ones are not", () => {
    const conversation = asked(4, { limits: { ...LIMITS, resetStreamsRemembered: 1 } });
    conversation.client.reset(3, 8, []);
    conversation.client.reset(1, 8, []); // 3 is forgotten
    expect(conversation.server(data(3, "late"), data(1, "late"))).toEqual([]);
    expect(protocolErrors(conversation.server(ok(5, END_STREAM), data(5, "x")))).toMatchObject([
      { where: "connection" },
    ]);
  });
});

describe("RFC 9113 §6.8: GOAWAY", () => {
  it("every GOAWAY is a fact; streams above its last stream id are released, the others go on", () => {
    const conversation = asked(3);
    const facts = conversation.server(goaway(2 ** 31 - 1, 0), goaway(3, 0, "bye"));
    expect(facts).toEqual([
      { kind: "h2.goaway.received", index: 1, lastStreamId: 2 ** 31 - 1, errorCode: 0, debug: "", debugBytes: 0 },
      { kind: "h2.goaway.received", index: 2, lastStreamId: 3, errorCode: 0, debug: "bye", debugBytes: 3 },
    ]);
    expect(conversation.client.openStreams).toBe(2);
    expect(conversation.client.draining).toBe(true);
    expect(conversation.client.capacity).toBe(0);
    expect(conversation.ask()).toBe(0);
    expect(kinds(conversation.server(ok(1, END_STREAM), ok(3), data(3, "x", END_STREAM)))).toEqual([
      "h2.headers.received",
      "h2.stream.ended",
      "h2.headers.received",
      "h2.data.received",
      "h2.stream.ended",
    ]);
    expect(conversation.written()).toEqual([]);
  });

  it("a GOAWAY with an error code leaves the streams it covers open, too: whether they end is what we are here to see", () => {
    const conversation = asked(2);
    conversation.server(goaway(1, 11, "too_many_pings"));
    expect(conversation.client.openStreams).toBe(1);
    expect(kinds(conversation.server(ok(1, END_STREAM)))).toEqual(["h2.headers.received", "h2.stream.ended"]);
  });

  it("a response above the last stream id breaks the promise: told once, as an error of that stream", () => {
    const conversation = asked(2);
    conversation.server(goaway(1, 0));
    const facts = conversation.server(ok(3), data(3, "x", END_STREAM));
    expect(protocolErrors(facts)).toEqual([{ where: 3, code: 1, rule: "RFC 9113 §6.8" }]);
    expect(conversation.client.failed).toBe(false);
  });

  it("'Endpoints MUST NOT increase the value they send in the last stream identifier'", () => {
    const conversation = asked(2);
    const facts = conversation.server(goaway(1, 0), goaway(3, 0));
    expect(kinds(facts)).toEqual(["h2.goaway.received", "h2.goaway.received", "h2.protocol.error", "h2.goaway.sent"]);
    expect(protocolErrors(facts)).toEqual([{ where: "connection", code: 1, rule: "RFC 9113 §6.8" }]);
  });

  it("our own GOAWAY is told once and ends new requests, not the ones under way", () => {
    const conversation = asked();
    const facts: H2Fact[] = [];
    conversation.client.goaway(0, facts);
    conversation.client.goaway(0, facts);
    expect(facts).toEqual([{ kind: "h2.goaway.sent", errorCode: 0 }]);
    expect(conversation.written()).toMatchObject([{ type: 7, stream: 0 }]);
    expect(conversation.ask()).toBe(0);
    expect(kinds(conversation.server(ok(1, END_STREAM)))).toContain("h2.stream.ended");
  });
});

describe("RFC 9113 §6.9: flow control of what we receive", () => {
  it("announces room again when half a window is used, for the connection and for the stream", () => {
    const conversation = asked(1, { streamWindow: 40_000, connectionWindow: 65_535 });
    conversation.server(ok(1), data(1, 16_384));
    expect(conversation.written()).toEqual([]);
    conversation.server(data(1, 16_384));
    expect(conversation.written()).toEqual([
      { type: 8, flags: 0, stream: 0, payload: Uint8Array.from(uint32(32_768)) },
      { type: 8, flags: 0, stream: 1, payload: Uint8Array.from(uint32(32_768)) },
    ]);
  });

  it("gives no room to a stream that has ended", () => {
    const conversation = asked(1, { streamWindow: 20_000, connectionWindow: 65_535 });
    conversation.server(ok(1), data(1, 16_384, END_STREAM));
    expect(conversation.written()).toEqual([]);
  });

  it("DATA beyond the stream's window is an error of the stream, beyond the connection's of the connection", () => {
    const stream = asked(1, { streamWindow: 10_000 });
    expect(protocolErrors(stream.server(ok(1), data(1, 10_001)))).toEqual([
      { where: 1, code: 3, rule: "RFC 9113 §6.9.1" },
    ]);
    // Refills count from the moment they are handed out: what the peer cannot know of it cannot use.
    const connection = asked(1, { streamWindow: 2 ** 30, connectionWindow: 65_535 });
    const most = [ok(1), data(1, 16_384), data(1, 16_384), data(1, 16_384)];
    expect(protocolErrors(connection.server(...most, data(1, 16_384)))).toEqual([
      { where: "connection", code: 3, rule: "RFC 9113 §6.9.1" },
    ]);
    const exact = asked(1, { streamWindow: 65_535, connectionWindow: 65_535 });
    expect(protocolErrors(exact.server(...most, data(1, 16_383)))).toEqual([]);
    const patient = asked(1, { streamWindow: 2 ** 30, connectionWindow: 65_535 });
    patient.server(...most);
    patient.written();
    expect(protocolErrors(patient.server(data(1, 16_384)))).toEqual([]);
  });

  it("padding counts for the windows", () => {
    const conversation = asked(1, { streamWindow: 200, connectionWindow: 65_535 });
    const padded = frame(0, PADDED, 1, [99, ...new Uint8Array(100)]);
    expect(protocolErrors(conversation.server(ok(1), padded))).toEqual([]);
    expect(protocolErrors(conversation.server(padded))).toMatchObject([{ where: 1, code: 3 }]);
  });

  it("content of reset streams counts for the connection's window", () => {
    const conversation = asked(1, { streamWindow: 40_000, connectionWindow: 65_535 });
    conversation.client.reset(1, 8, []);
    conversation.written();
    conversation.server(data(1, 16_384), data(1, 16_384));
    expect(conversation.written()).toMatchObject([{ type: 8, stream: 0, payload: Uint8Array.from(uint32(32_768)) }]);
  });
});

describe("RFC 9113 §6.9: windows of what we send", () => {
  it("'increment of 0 as a stream error of type PROTOCOL_ERROR'", () => {
    expect(protocolErrors(asked().server(windowUpdate(1, 0)))).toEqual([{ where: 1, code: 1, rule: "RFC 9113 §6.9" }]);
  });

  it("§6.9.1: 'A sender MUST NOT allow a flow-control window to exceed 2^31-1 octets'", () => {
    expect(protocolErrors(asked().server(windowUpdate(1, 2 ** 31 - 1)))).toEqual([
      { where: 1, code: 3, rule: "RFC 9113 §6.9.1" },
    ]);
    const conversation = asked();
    const facts = conversation.server(windowUpdate(1, 2 ** 31 - 1 - 65_535), settings({ 4: 65_536 }));
    expect(protocolErrors(facts)).toEqual([{ where: "connection", code: 3, rule: "RFC 9113 §6.9.2" }]);
  });
});
