import { describe, expect, it } from "vitest";
import {
  Conversation,
  concat,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  ok,
  PREFACE_BYTES,
  parseFrames,
  protocolErrors,
  rstStream,
  type SeenFrame,
  settings,
  uint32,
  windowUpdate,
} from "../../test/h2-frames.js";
import { LIMITS } from "../limits.js";
import { H2Client } from "./client.js";
import type { H2Fact } from "./contract.js";
import { HpackDecoder } from "./hpack/decoder.js";
import { encodeRequest } from "./request-head.js";

const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION] = [0, 1, 3, 4, 6, 8, 9];

/** Decodes the field blocks among frames, as the peer would. */
function blocks(frames: readonly SeenFrame[], decoder = newDecoder()): string[][] {
  const decoded: string[][] = [];
  let block = new Uint8Array(0);
  for (const { type, flags, payload } of frames) {
    if (type !== HEADERS && type !== CONTINUATION) continue;
    block = Uint8Array.from([...block, ...payload]);
    if ((flags & END_HEADERS) === 0) continue;
    const fields: string[] = [];
    expect(decoder.decode(block, { field: ({ name, value }) => fields.push(`${name}=${value}`) })).toBeNull();
    decoded.push(fields);
    block = new Uint8Array(0);
  }
  return decoded;
}

const newDecoder = (): HpackDecoder => new HpackDecoder({ maxHeaderListBytes: 1_000_000 });

const dataLengths = (frames: readonly SeenFrame[]): number[] =>
  frames.filter(({ type }) => type === DATA).map(({ payload }) => payload.length);

describe("what a client says first (RFC 9113 §3.4)", () => {
  it("preface, SETTINGS without push, and room for the whole connection", () => {
    const { opening } = new Conversation();
    expect(String.fromCharCode(...opening.subarray(0, PREFACE_BYTES))).toBe("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const [first, second, ...rest] = parseFrames(opening.subarray(PREFACE_BYTES));
    expect(first).toMatchObject({ type: SETTINGS, flags: 0, stream: 0 });
    expect([...(first?.payload ?? [])]).toEqual([
      ...[0, 2, ...uint32(0)],
      ...[0, 4, ...uint32(4 * 1024 * 1024)],
      ...[0, 6, ...uint32(LIMITS.maxHeaderListBytes)],
    ]);
    expect(second).toMatchObject({ type: WINDOW_UPDATE, stream: 0 });
    expect([...(second?.payload ?? [])]).toEqual(uint32(16 * 1024 * 1024 - 65_535));
    expect(rest).toEqual([]);
  });

  it("takes no request before the server's SETTINGS, and acknowledges them", () => {
    const conversation = new Conversation();
    expect([conversation.client.ready, conversation.client.capacity, conversation.ask()]).toEqual([false, 0, 0]);
    conversation.server(settings());
    expect(conversation.written()).toEqual([{ type: SETTINGS, flags: 1, stream: 0, payload: new Uint8Array(0) }]);
    expect([conversation.client.ready, conversation.ask()]).toEqual([true, 1]);
  });
});

describe("requests", () => {
  it("without a body are one HEADERS frame; streams are odd and ascend", () => {
    const conversation = Conversation.begun();
    expect([conversation.ask(), conversation.ask("HEAD")]).toEqual([1, 3]);
    const frames = conversation.written();
    expect(frames.map(({ type, flags, stream }) => [type, flags, stream])).toEqual([
      [HEADERS, END_HEADERS | END_STREAM, 1],
      [HEADERS, END_HEADERS | END_STREAM, 3],
    ]);
    expect(blocks(frames)).toEqual([
      [":method=GET", ":scheme=https", ":authority=example.com", ":path=/"],
      [":method=HEAD", ":scheme=https", ":authority=example.com", ":path=/"],
    ]);
  });

  it("§5.1.2: stay within SETTINGS_MAX_CONCURRENT_STREAMS, which may change", () => {
    const conversation = Conversation.begun({}, { 3: 2 });
    expect(conversation.client.capacity).toBe(2);
    expect([conversation.ask(), conversation.ask(), conversation.ask()]).toEqual([1, 3, 0]);
    conversation.server(ok(1, END_STREAM));
    expect([conversation.client.capacity, conversation.ask()]).toEqual([1, 5]);
    conversation.server(settings({ 3: 1 }));
    expect([conversation.client.capacity, conversation.client.openStreams]).toEqual([0, 2]);
    conversation.server(rstStream(3, 7), settings({ 3: 100 }));
    expect(conversation.client.capacity).toBe(99);
  });

  it("§6.10: a head larger than the peer's frames goes on in CONTINUATION", () => {
    const conversation = Conversation.begun();
    const long = Array.from({ length: 50_000 }, (_, i) => String.fromCharCode(33 + (i % 90))).join("");
    conversation.ask("GET", null, [["x-long", long]]);
    const frames = conversation.written();
    expect(frames.map(({ type }) => type)).toEqual([HEADERS, ...new Array(frames.length - 1).fill(CONTINUATION)]);
    expect(frames.length).toBeGreaterThan(2);
    expect(Math.max(...frames.map(({ payload }) => payload.length))).toBe(16_384);
    expect(frames.map(({ flags }) => flags)).toEqual([
      END_STREAM,
      ...new Array(frames.length - 2).fill(0),
      END_HEADERS,
    ]);
    expect(blocks(frames)[0]).toContain(`x-long=${long}`);
  });

  it("RFC 7541 §4.2: a smaller table of the peer's is answered by a size update in the next block, once", () => {
    const conversation = Conversation.begun({}, { 1: 0 });
    conversation.ask();
    conversation.server(settings({ 1: 100 }));
    conversation.ask();
    const frames = conversation.written().filter(({ type }) => type === HEADERS);
    expect(frames.map(({ payload }) => payload[0])).toEqual([0x20, 0x82]);
    expect(blocks(frames, new HpackDecoder({ headerTableSize: 0, maxHeaderListBytes: 65_536 })).length).toBe(2);
    // A table of at least the size everybody starts from needs no word.
    const other = Conversation.begun({}, { 1: 4_096 });
    other.ask();
    expect(other.written()[0]?.payload[0]).toBe(0x82);
  });

  it("a head is encoded once and can be sent on any connection", () => {
    const head = encodeRequest({
      method: "GET",
      scheme: "https",
      authority: "a",
      path: "/",
      headers: [["cookie", "s=1"]],
    });
    const before = head.block.slice();
    for (const values of [{}, { 1: 0 }]) {
      const conversation = Conversation.begun({}, values);
      conversation.client.request(1, head, null);
      conversation.client.request(2, head, null);
      expect(blocks(conversation.written())).toEqual(
        new Array(2).fill([":method=GET", ":scheme=https", ":authority=a", ":path=/", "cookie=s=1"]),
      );
    }
    expect(head.block).toEqual(before);
  });

  it("RFC 7541 §7.1.3: secrets are never-indexed literals", () => {
    const secrets: readonly (readonly [string, string])[] = [
      ["authorization", "Bearer x"],
      ["cookie", "a=b"],
    ];
    const { block } = encodeRequest({ method: "GET", scheme: "https", authority: "a", path: "/", headers: secrets });
    const text = [...block].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    expect(text).toContain("1f08"); // name 23, authorization
    expect(text).toContain("1f11"); // name 32, cookie
  });

  it.each<[string, Partial<Parameters<typeof encodeRequest>[0]>]>([
    ["a method that is no token", { method: "GE T" }],
    ["an empty authority", { authority: "" }],
    ["a line break in the path", { path: "/a\nb" }],
    ["a path without its slash", { path: "a" }],
    ["an upper-case name", { headers: [["Accept", "x"]] }],
    ["a pseudo-header field", { headers: [[":path", "/x"]] }],
    ["a connection-specific field", { headers: [["connection", "close"]] }],
    ["te other than trailers", { headers: [["te", "gzip"]] }],
    ["a line break in a value", { headers: [["authorization", "secret\r\nx: y"]] }],
    ["a value beyond bytes", { headers: [["x", "終"]] }],
  ])("%s is misuse, and the error names no value", (_name, part) => {
    const head = { method: "GET", scheme: "https", authority: "a", path: "/", headers: [], ...part } as const;
    expect(() => encodeRequest(head)).toThrow(TypeError);
    expect(() => encodeRequest(head)).not.toThrow(/secret/);
  });
});

describe("request bodies (RFC 9113 §6.9)", () => {
  const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

  it("go out as far as the windows allow, and on as they open", () => {
    const conversation = Conversation.begun({}, { 4: 20_000 });
    const sent = body(100_000);
    conversation.ask("POST", sent);
    const frames = conversation.written();
    expect(dataLengths(frames)).toEqual([16_384, 3_616]);
    conversation.server(windowUpdate(1, 60_000)); // the connection's 65535 are the limit now
    frames.push(...conversation.written());
    expect(dataLengths(frames)).toEqual([16_384, 3_616, 16_384, 16_384, 12_767]);
    conversation.server(windowUpdate(0, 100_000));
    frames.push(...conversation.written());
    conversation.server(windowUpdate(1, 100_000));
    frames.push(...conversation.written());
    expect(frames.map(({ flags }) => flags & END_STREAM)).toEqual([...new Array(frames.length - 1).fill(0), 1]);
    expect(concat(frames.filter(({ type }) => type === DATA).map(({ payload }) => payload))).toEqual(sent);
  });

  it("§6.9.2: a smaller SETTINGS_INITIAL_WINDOW_SIZE may make a window negative; it is honoured", () => {
    const conversation = Conversation.begun({}, { 4: 1_000 });
    conversation.ask("POST", body(2_000));
    expect(dataLengths(conversation.written())).toEqual([1_000]);
    conversation.server(settings({ 4: 100 }), windowUpdate(1, 900));
    expect(dataLengths(conversation.written())).toEqual([]);
    conversation.server(settings({ 4: 150 }));
    expect(dataLengths(conversation.written())).toEqual([50]);
  });

  it("use the peer's frame size", () => {
    const conversation = Conversation.begun({}, { 5: 20_000 });
    conversation.ask("POST", body(30_000));
    expect(dataLengths(conversation.written())).toEqual([20_000, 10_000]);
  });

  it("an empty body is none", () => {
    const conversation = Conversation.begun();
    conversation.ask("POST", new Uint8Array(0));
    expect(conversation.written()).toMatchObject([{ type: HEADERS, flags: END_HEADERS | END_STREAM }]);
  });

  it("an answer before the body is out ends the stream: the rest is not sent, and CANCEL says so", () => {
    const conversation = Conversation.begun({}, { 4: 10 });
    conversation.ask("POST", body(100));
    conversation.written();
    const facts = conversation.server(ok(1), data(1, "no", END_STREAM), rstStream(1, 0), windowUpdate(1, 1_000));
    expect(facts.map((fact) => fact.kind)).toEqual([
      "h2.headers.received",
      "h2.data.received",
      "h2.stream.ended",
      "h2.rst_stream.sent",
      "h2.rst_stream.received",
    ]);
    expect(conversation.written()).toMatchObject([
      { type: RST_STREAM, stream: 1, payload: Uint8Array.from(uint32(8)) },
    ]);
    expect(conversation.client.failed).toBe(false);
  });

  it("nothing more is sent on a stream that was reset or released", () => {
    const conversation = Conversation.begun({}, { 4: 10 });
    for (let i = 0; i < 3; i++) conversation.ask("POST", body(100));
    conversation.client.reset(1, 8, []);
    conversation.written();
    conversation.server(rstStream(3, 7), frame(7, 0, 0, [...uint32(3), ...uint32(0)]), settings({ 4: 1_000 }));
    expect(dataLengths(conversation.written())).toEqual([]);
    expect(conversation.client.openStreams).toBe(0);
  });
});

describe("PING", () => {
  it("is answered with the same bytes; an ACK is a fact and is not answered", () => {
    const conversation = Conversation.begun();
    conversation.client.ping("0123456789abcdef");
    expect(conversation.written()).toEqual([
      { type: PING, flags: 0, stream: 0, payload: Uint8Array.from([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]) },
    ]);
    const opaque = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
    expect(conversation.server(frame(6, 1, 0, opaque))).toEqual([
      { kind: "h2.ping.ack.seen", opaque: "0123456789abcdef" },
    ]);
    expect(conversation.written()).toEqual([]);
  });

  it("opaque data of another length is misuse", () => {
    expect(() => Conversation.begun().client.ping("00")).toThrow(TypeError);
    expect(() => Conversation.begun().client.ping("zz".repeat(8))).toThrow(TypeError);
  });
});

describe("output", () => {
  it("is null when there is nothing, and is not written to after it was taken", () => {
    const client = new H2Client({ limits: LIMITS });
    const opening = client.takeOutput() as Uint8Array;
    const copy = opening.slice();
    expect(client.takeOutput()).toBeNull();
    const facts: H2Fact[] = [];
    client.receive(settings(), facts);
    for (let i = 0; i < 500; i++) {
      client.ping(i.toString(16).padStart(16, "0"));
      if (i % 7 === 0) client.takeOutput();
    }
    expect(opening).toEqual(copy);
  });

  it("keeps frames whole and in order, whatever their sizes and however often it is taken", () => {
    const conversation = Conversation.begun({}, { 4: 2 ** 31 - 1, 5: 100_000 });
    conversation.server(windowUpdate(0, 10_000_000));
    const frames: SeenFrame[] = [];
    for (let i = 0; i < 40; i++) {
      conversation.ask("POST", new Uint8Array((i * 7_919) % 90_000).fill(i));
      conversation.client.ping(i.toString(16).padStart(16, "0"));
      if (i % 3 === 0) frames.push(...conversation.written());
    }
    frames.push(...conversation.written());
    expect(frames.filter(({ type }) => type === PING).map(({ payload }) => payload[7])).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    );
    for (const { payload, stream, type } of frames) {
      if (type === DATA) expect(payload.every((byte) => byte === (stream - 1) / 2)).toBe(true);
    }
  });

  it("after a connection error nothing is done any more, and nothing throws", () => {
    const conversation = Conversation.begun();
    conversation.ask();
    expect(protocolErrors(conversation.server(data(0, "x")))).toHaveLength(1);
    conversation.written();
    const facts: H2Fact[] = [];
    conversation.client.reset(1, 8, facts);
    conversation.client.ping("00".repeat(8));
    conversation.client.goaway(0, facts);
    expect([conversation.ask(), facts, conversation.written()]).toEqual([0, [], []]);
  });
});
