import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { huffmanDecode, huffmanDecodedBound, huffmanEncode, huffmanEncodedLength } from "./huffman.js";
import { EOS, HUFFMAN_CODES, HUFFMAN_LENGTHS } from "./huffman-code.js";

function decode(bytes: readonly number[]): string | null {
  const out = new Uint8Array(huffmanDecodedBound(bytes.length));
  const length = huffmanDecode(Uint8Array.from(bytes), 0, bytes.length, out);
  return length < 0 ? null : String.fromCharCode(...out.subarray(0, length));
}

describe("RFC 7541 Appendix B: Huffman code", () => {
  it("is complete and free of prefixes (its lengths satisfy Kraft with equality)", () => {
    const sum = HUFFMAN_LENGTHS.reduce((total, length) => total + 2 ** -length, 0);
    expect(sum).toBe(1);
    expect(HUFFMAN_LENGTHS.length).toBe(257);
  });

  it.each([
    ["'0'", 48, 0x0, 5],
    ["'a'", 97, 0x3, 5],
    ["' '", 32, 0x14, 6],
    ["'X'", 88, 0xfc, 8],
    ["'\\'", 92, 0x7fff0, 19],
    ["NUL", 0, 0x1ff8, 13],
    ["LF", 10, 0x3ffffffc, 30],
    ["255", 255, 0x3ffffee, 26],
    ["EOS", EOS, 0x3fffffff, 30],
  ])("has the code of the RFC for %s", (_name, symbol, code, length) => {
    expect([HUFFMAN_CODES[symbol], HUFFMAN_LENGTHS[symbol]]).toEqual([code, length]);
  });

  it("decodes what it encodes, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = String.fromCharCode(...bytes);
        const out: number[] = [];
        huffmanEncode(text, out);
        expect(out.length).toBe(huffmanEncodedLength(text));
        expect(decode(out)).toBe(text);
      }),
    );
  });
});

describe("RFC 7541 §5.2: padding", () => {
  it("'A padding strictly longer than 7 bits MUST be treated as a decoding error'", () => {
    expect(decode([0x07])).toBe("0"); // five bits and three ones
    expect(decode([0x07, 0xff])).toBeNull();
    expect(decode([0xff])).toBeNull();
  });

  it("'A padding not corresponding to the most significant bits of the code for the EOS symbol MUST be treated as a decoding error'", () => {
    expect(decode([0x06])).toBeNull();
    expect(decode([0x00])).toBeNull();
  });

  it("'A Huffman-encoded string literal containing the EOS symbol MUST be treated as a decoding error'", () => {
    expect(decode([0xff, 0xff, 0xff, 0xff])).toBeNull();
    expect(decode([0xff, 0xff, 0xff, 0xfc, 0x07])).toBeNull();
  });
});
