import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printableBytes, printableText } from "./printable.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("printable text", () => {
  it("leaves readable text as it is, in any script", () => {
    expect(printableBytes(bytes("graceful stop, 2 s: señal, 終了 👋"), 256)).toBe("graceful stop, 2 s: señal, 終了 👋");
  });

  it("shows control characters, line breaks and escape sequences by number", () => {
    expect(printableBytes(bytes("a\r\nb\x1b[31m\0\x7f"), 256)).toBe("a\\x0d\\x0ab\\x1b[31m\\x00\\x7f");
    expect(printableText("\u0085\u2028x", 256)).toBe("\\x85\\u{2028}x");
  });

  it("shows characters that turn the direction of writing or have no shape by number", () => {
    expect(printableText("\u202egpj.exe\u200b\u2066", 256)).toBe("\\u{202e}gpj.exe\\u{200b}\\u{2066}");
  });

  it("shows bytes that are no UTF-8 by number: lone, overlong, surrogate, beyond Unicode, cut off", () => {
    const source = Uint8Array.from([0xff, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf5, 0xe2, 0x82]);
    expect(printableBytes(source, 256)).toBe("\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf5\\xe2\\x82");
  });

  it("doubles a backslash, so that an escape cannot be forged", () => {
    expect(printableText("\\x1b", 256)).toBe("\\\\x1b");
  });

  it("never cuts an escape in two", () => {
    expect(printableText("ab\x1b", 5)).toBe("ab");
    expect(printableText("a👋", 2)).toBe("a");
  });

  it("gives bounded, printable text for any bytes, and the same as for their text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 80 }), (source, max) => {
        const text = printableBytes(source, max);
        expect(text.length).toBeLessThanOrEqual(max);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (!text.isWellFormed()) return;
        expect(printableBytes(bytes(text), 1_000)).toBe(printableText(text, 1_000));
      }),
    );
  });
});
