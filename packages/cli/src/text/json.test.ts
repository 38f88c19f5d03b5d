import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonText } from "./json.js";
import { printable, printableCut } from "./printable.js";

const SHOWN = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]*$/u;

it("JSON parses to what it was made of, and holds nothing that a terminal acts on", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary-ascii" }), (name, value) => {
      const text = jsonText({ [`k${name}`]: [value, name] });
      expect(JSON.parse(text)).toEqual({ [`k${name}`]: [value, name] });
      expect(text).toMatch(SHOWN);
    }),
  );
  expect(JSON.parse(jsonText("\ud800x\u202e\u{e0041}"))).toBe("\ud800x\u202e\u{e0041}");
});

it("printable text is short, and holds nothing that a terminal acts on", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (text) => {
      expect(printable(text)).toMatch(SHOWN);
      expect(printable(text).length).toBeLessThanOrEqual(1_001);
      expect(printableCut(text, 20).length).toBeLessThanOrEqual(20);
    }),
  );
  expect(printable("\u061ca\ud800\x1b[31m")).toBe("\\u061ca\\ud800\\x1b[31m");
});
