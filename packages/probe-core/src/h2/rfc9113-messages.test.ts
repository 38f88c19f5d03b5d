import { describe, expect, it } from "vitest";
import {
  Conversation,
  data,
  END_STREAM,
  type Fields,
  headers,
  ok,
  protocolErrors,
  uint32,
} from "../../test/h2-frames.js";

const RST_STREAM = 3;

function asked(method = "GET"): Conversation {
  const conversation = Conversation.begun();
  conversation.ask(method);
  conversation.written();
  return conversation;
}

/** The bytes end stream 1 with PROTOCOL_ERROR: one fact, RST_STREAM, the connection lives. */
function expectStreamError(conversation: Conversation, bytes: readonly Uint8Array[], section: string): void {
  const facts = conversation.server(...bytes);
  expect(protocolErrors(facts)).toEqual([{ where: 1, code: 1, rule: `RFC 9113 §${section}` }]);
  expect(facts.at(-1)).toEqual({ kind: "h2.rst_stream.sent", stream: 1, request: 1, errorCode: 1 });
  expect(facts.some((fact) => fact.kind === "h2.stream.ended")).toBe(false);
  expect(conversation.written()).toMatchObject([{ type: RST_STREAM, stream: 1, payload: Uint8Array.from(uint32(1)) }]);
  expect(conversation.client.failed).toBe(false);
  expect(conversation.client.openStreams).toBe(0);
}

describe("RFC 9113 §8.1: framing of a response", () => {
  it("gives HEADERS, first DATA and END_STREAM as facts, once each", () => {
    const facts = asked().server(
      headers(1, [
        [":status", "200"],
        ["content-length", "6"],
      ]),
      data(1, ""),
      data(1, "abc"),
      data(1, "def"),
      data(1, "", END_STREAM),
    );
    expect(facts).toEqual([
      {
        kind: "h2.headers.received",
        stream: 1,
        request: 1,
        status: 200,
        endStream: false,
        contentLength: 6,
        retryAfter: null,
      },
      { kind: "h2.data.received", stream: 1, request: 1 },
      { kind: "h2.stream.ended", stream: 1, request: 1, bytes: 6 },
    ]);
  });

  it("informational responses are passed over; the final one counts", () => {
    const facts = asked().server(
      headers(1, [[":status", "100"]]),
      headers(1, [
        [":status", "103"],
        ["link", "</a>"],
      ]),
      headers(1, [[":status", "404"]], END_STREAM),
    );
    expect(facts.map((fact) => fact.kind)).toEqual(["h2.headers.received", "h2.stream.ended"]);
    expect(facts[0]).toMatchObject({ status: 404, endStream: true });
  });

  it("trailers end a stream and are no second head", () => {
    const facts = asked().server(ok(1), data(1, "abc"), headers(1, [["grpc-status", "0"]], END_STREAM));
    expect(facts.map((fact) => fact.kind)).toEqual(["h2.headers.received", "h2.data.received", "h2.stream.ended"]);
  });

  it.each<[string, Uint8Array[], string]>([
    ["DATA before HEADERS", [data(1, "x")], "8.1"],
    ["DATA after an informational response only", [headers(1, [[":status", "100"]]), data(1, "x")], "8.1"],
    ["a second head without END_STREAM", [ok(1), ok(1)], "8.1"],
    ["trailers without END_STREAM", [ok(1), headers(1, [["a", "b"]])], "8.1"],
    ["an informational response with END_STREAM", [headers(1, [[":status", "103"]], END_STREAM)], "8.1"],
    ["a pseudo-header field in trailers", [ok(1), headers(1, [[":status", "200"]], END_STREAM)], "8.1"],
    ["status 101", [headers(1, [[":status", "101"]])], "8.6"],
  ])("%s is malformed", (_name, bytes, section) => {
    expectStreamError(asked(), bytes, section);
  });
});

describe("RFC 9113 §8.1.1: content-length", () => {
  const withLength = (length: string): Uint8Array =>
    headers(1, [
      [":status", "200"],
      ["content-length", length],
    ]);

  it("'malformed if the value of the Content-Length header field does not equal the sum of the DATA frame payload lengths': more", () => {
    expectStreamError(asked(), [withLength("3"), data(1, "abcd")], "8.1.1");
    expectStreamError(asked(), [withLength("3"), data(1, "abc"), data(1, "d", END_STREAM)], "8.1.1");
    expectStreamError(asked(), [withLength("0"), data(1, "a", END_STREAM)], "8.1.1");
  });

  it("fewer: the stream is over and there is nothing to reset; the facts let whoever judges compare", () => {
    const conversation = asked();
    const facts = conversation.server(withLength("5"), data(1, "abc", END_STREAM));
    expect(protocolErrors(facts)).toEqual([]);
    expect(facts[0]).toMatchObject({ contentLength: 5 });
    expect(facts.at(-1)).toMatchObject({ kind: "h2.stream.ended", bytes: 3 });
    expect(conversation.written()).toEqual([]);
  });

  it("'A response that is defined as never having content … can have a non-zero Content-Length'", () => {
    const facts = asked("HEAD").server(
      headers(
        1,
        [
          [":status", "200"],
          ["content-length", "5"],
        ],
        END_STREAM,
      ),
    );
    expect(facts).toMatchObject([{ contentLength: 5, endStream: true }, { bytes: 0 }]);
    const notModified = asked().server(
      headers(1, [
        [":status", "304"],
        ["content-length", "5"],
      ]),
      data(1, "", END_STREAM),
    );
    expect(protocolErrors(notModified)).toEqual([]);
  });

  it("content where there can be none", () => {
    expectStreamError(asked("HEAD"), [withLength("1"), data(1, "x")], "8.1.1");
    expectStreamError(asked(), [headers(1, [[":status", "204"]]), data(1, "x")], "8.1.1");
    expectStreamError(asked(), [headers(1, [[":status", "304"]]), data(1, "x")], "8.1.1");
  });

  it.each(["-1", "1.5", "", "1, 2", "0x10", "one"])("'%s' is no length", (value) => {
    expectStreamError(asked(), [withLength(value)], "8.1.1");
  });

  it("the same length twice is one length, two lengths are none (RFC 9110 §8.6)", () => {
    const twice = (second: string): Uint8Array =>
      headers(1, [
        [":status", "200"],
        ["content-length", "3"],
        ["content-length", second],
      ]);
    expect(asked().server(twice("3"))).toMatchObject([{ contentLength: 3 }]);
    expectStreamError(asked(), [twice("4")], "8.1.1");
  });
});

describe("RFC 9113 §8.2: fields", () => {
  it.each<[string, string, string, string]>([
    ["upper-case letters", "Server", "x", "8.2.1"],
    ["a space", "a b", "x", "8.2.1"],
    ["a colon", "a:b", "x", "8.2.1"],
    ["a byte above 0x7e", "a\x7f", "x", "8.2.1"],
    ["nothing", "", "x", "8.2.1"],
  ])("§8.2.1: a name with %s is malformed", (_name, name, value, section) => {
    expectStreamError(
      asked(),
      [
        headers(1, [
          [":status", "200"],
          [name, value],
        ]),
      ],
      section,
    );
  });

  it.each([
    ["NUL", "a\0b"],
    ["CR", "a\rb"],
    ["LF", "a\nb"],
    ["a space before", " a"],
    ["a tab after", "a\t"],
  ])("§8.2.1: a value with %s is malformed", (_name, value) => {
    expectStreamError(
      asked(),
      [
        headers(1, [
          [":status", "200"],
          ["x", value],
        ]),
      ],
      "8.2.1",
    );
  });

  it.each(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"])(
    "§8.2.2: 'Any message containing connection-specific header fields MUST be treated as malformed': %s",
    (name) => {
      expectStreamError(
        asked(),
        [
          headers(1, [
            [":status", "200"],
            [name, "x"],
          ]),
        ],
        "8.2.2",
      );
    },
  );

  it("a field judged once is judged the same when a table gives it back", () => {
    const conversation = asked();
    const second = conversation.ask();
    // `Connection: x` goes into the dynamic table, is refused, and is named by its index afterwards.
    const inTable = [0x88, 0x40, 10, ...Array.from("connection", (c) => c.charCodeAt(0)), 1, 0x78];
    const head = (stream: number, block: readonly number[]): Uint8Array =>
      Uint8Array.from([0, 0, block.length, 1, 4, 0, 0, 0, stream, ...block]);
    expect(protocolErrors(conversation.server(head(1, inTable)))).toMatchObject([{ where: 1 }]);
    expect(protocolErrors(conversation.server(head(second, [0x88, 0xbe])))).toMatchObject([{ where: second }]);
  });
});

describe("RFC 9113 §8.3: pseudo-header fields", () => {
  it.each<[string, Fields, string]>([
    ["none", [["a", "b"]], "8.3.2"],
    [
      "twice",
      [
        [":status", "200"],
        [":status", "200"],
      ],
      "8.3",
    ],
    [
      "after a regular field",
      [
        ["a", "b"],
        [":status", "200"],
      ],
      "8.3",
    ],
    ["with four digits", [[":status", "2000"]], "8.3.2"],
    ["with a sign", [[":status", "+20"]], "8.3.2"],
    ["below 100", [[":status", "099"]], "8.3.2"],
    ["empty", [[":status", ""]], "8.3.2"],
    [
      "beside a request's",
      [
        [":status", "200"],
        [":path", "/"],
      ],
      "8.3",
    ],
    [
      "beside one nobody defined",
      [
        [":status", "200"],
        [":what", "/"],
      ],
      "8.3",
    ],
  ])(":status %s is malformed", (_name, fields, section) => {
    expectStreamError(asked(), [headers(1, fields)], section);
  });

  it("status codes nobody knows are taken as they are", () => {
    expect(asked().server(headers(1, [[":status", "799"]]))).toMatchObject([{ status: 799 }]);
  });

  it("retry-after is kept as text, bounded and readable", () => {
    const retryAfter = (value: string): unknown =>
      asked().server(
        headers(1, [
          [":status", "429"],
          ["retry-after", value],
        ]),
      )[0];
    expect(retryAfter("5")).toMatchObject({ retryAfter: "5" });
    expect(retryAfter("Sun, 06 Nov 1994 08:49:37 GMT")).toMatchObject({ retryAfter: "Sun, 06 Nov 1994 08:49:37 GMT" });
    expect(retryAfter(`5\x1b[31m${"9".repeat(90)}`)).toMatchObject({ retryAfter: `5\\x1b[31m${"9".repeat(55)}` });
  });
});
