import { describe, expect, it } from "vitest";
import { HpackDecoder } from "./decoder.js";
import { encodeInteger, HpackEncoder } from "./encoder.js";
import { STATIC_TABLE } from "./static-table.js";

type Pair = readonly [string, string];

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function decodeWith(decoder: HpackDecoder, hex: string): Pair[] {
  const fields: Pair[] = [];
  expect(decoder.decode(bytes(hex), { field: ({ name, value }) => fields.push([name, value]) })).toBeNull();
  return fields;
}

const newDecoder = (headerTableSize = 4096): HpackDecoder =>
  new HpackDecoder({ headerTableSize, maxHeaderListBytes: 65_536 });

const REQUESTS: readonly (readonly Pair[])[] = [
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ],
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
    ["cache-control", "no-cache"],
  ],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
];

const COMMON: readonly Pair[] = [
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ["location", "https://www.example.com"],
];
const RESPONSES: readonly (readonly Pair[])[] = [
  [[":status", "302"], ...COMMON],
  [[":status", "307"], ...COMMON],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
];

const SEQUENCES = [
  {
    name: "C.3 requests without Huffman coding",
    tableSize: 4096,
    lists: REQUESTS,
    tableBytes: [57, 110, 164],
    blocks: [
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ],
  },
  {
    name: "C.4 requests with Huffman coding",
    tableSize: 4096,
    lists: REQUESTS,
    tableBytes: [57, 110, 164],
    blocks: [
      "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "8286 84be 5886 a8eb 1064 9cbf",
      "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ],
  },
  {
    name: "C.5 responses without Huffman coding",
    tableSize: 256,
    lists: RESPONSES,
    tableBytes: [222, 222, 215],
    blocks: [
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768
       7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      "4803 3330 37c1 c0bf",
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153
       444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
       3d31`,
    ],
  },
  {
    name: "C.6 responses with Huffman coding",
    tableSize: 256,
    lists: RESPONSES,
    tableBytes: [222, 222, 215],
    blocks: [
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8
       e9ae 82ae 43d3`,
      "4883 640e ffc1 c0bf",
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b
       3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ],
  },
];

describe("RFC 7541 Appendix A: static table", () => {
  it("has 61 entries, at the places the RFC gives", () => {
    expect(STATIC_TABLE.length).toBe(61);
    expect([STATIC_TABLE[1], STATIC_TABLE[15], STATIC_TABLE[60]].map((field) => [field?.name, field?.value])).toEqual([
      [":method", "GET"],
      ["accept-encoding", "gzip, deflate"],
      ["www-authenticate", ""],
    ]);
  });
});

describe("RFC 7541 Appendix C: examples", () => {
  it.each([
    ["C.1.1", 10, 0x1f, [0x0a]],
    ["C.1.2", 1337, 0x1f, [0x1f, 0x9a, 0x0a]],
    ["C.1.3", 42, 0xff, [0x2a]],
  ])("%s encodes the integer %i", (_section, value, mask, expected) => {
    const out: number[] = [];
    encodeInteger(value, mask, 0, out);
    expect(out).toEqual(expected);
  });

  it.each([
    ["C.2.1", "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", "custom-key", "custom-header", 55],
    ["C.2.2", "040c 2f73 616d 706c 652f 7061 7468", ":path", "/sample/path", 0],
    ["C.2.3", "1008 7061 7373 776f 7264 0673 6563 7265 74", "password", "secret", 0],
    ["C.2.4", "82", ":method", "GET", 0],
  ])("%s decodes one field", (_section, hex, name, value, tableBytes) => {
    const decoder = newDecoder();
    expect(decodeWith(decoder, hex)).toEqual([[name, value]]);
    expect(decoder.tableBytes).toBe(tableBytes);
  });

  it.each(SEQUENCES)("decodes $name", ({ tableSize, lists, blocks, tableBytes }) => {
    const decoder = newDecoder(tableSize);
    const seen = blocks.map((block) => [decodeWith(decoder, block), decoder.tableBytes]);
    expect(seen).toEqual(lists.map((list, i) => [list, tableBytes[i]]));
  });

  it.each([
    ["C.3", false, 0],
    ["C.4", true, 1],
  ])("encodes the requests of %s to the same bytes", (_section, huffman, sequence) => {
    const encoder = new HpackEncoder({ huffman, dynamicTableBytes: 4096 });
    const encoded = REQUESTS.map((list) => encoder.encode(list.map(([name, value]) => ({ name, value }))));
    expect(encoded).toEqual(SEQUENCES[sequence]?.blocks.map(bytes));
  });
});
