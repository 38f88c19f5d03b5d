import { describe, expect, it } from "vitest";
import { encodeHeaders, HeaderDecoder } from "./hpack.js";
import { huffmanDecode } from "./huffman.js";
import { STATIC_TABLE } from "./static-table.js";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("HPACK", () => {
  it("has the static table of RFC 7541 Appendix A", () => {
    expect(STATIC_TABLE).toHaveLength(61);
    expect(STATIC_TABLE[7]).toEqual([":status", "200"]);
    expect(STATIC_TABLE[15]).toEqual(["accept-encoding", "gzip, deflate"]);
    expect(STATIC_TABLE[60]).toEqual(["www-authenticate", ""]);
  });

  it("reads the three requests of RFC 7541 Appendix C.4 (Huffman, dynamic table)", () => {
    const decoder = new HeaderDecoder();
    const common = [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
    ];
    expect(decoder.decode(hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))).toEqual(common);
    expect(decoder.decode(hex("8286 84be 5886 a8eb 1064 9cbf"))).toEqual([...common, ["cache-control", "no-cache"]]);
    expect(decoder.decode(hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))).toEqual([
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      [":authority", "www.example.com"],
      ["custom-key", "custom-value"],
    ]);
  });

  it("evicts as the dynamic table shrinks", () => {
    const decoder = new HeaderDecoder();
    decoder.decode(hex("4001 6101 62"));
    expect(decoder.decode(hex("be"))).toEqual([["a", "b"]]);
    expect(() => decoder.decode(hex("20 be"))).toThrow("no entry 62");
  });

  it("writes what it reads, long values included", () => {
    const fields = [
      [":status", "200"],
      [":status", "429"],
      ["retry-after", "5"],
      ["x-own", "v".repeat(5_000)],
    ] as const;
    expect(new HeaderDecoder().decode(encodeHeaders(fields))).toEqual(fields);
  });

  it("refuses Huffman strings with EOS or padding of zeros", () => {
    expect(() => huffmanDecode(hex("ffffffff"))).toThrow("EOS");
    expect(() => huffmanDecode(hex("18"))).toThrow("padding");
    expect(huffmanDecode(hex("1f")).toString()).toBe("a");
  });
});
