import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryFact } from "../../test/arbitrary-fact.js";
import { EVENT_KINDS } from "../events/index.js";
import { encodeLine } from "./line-encoder.js";

const out = new Uint8Array(1 << 16);
const text = new TextDecoder("utf-8", { ignoreBOM: true });

function line(record: object, at = 0): string {
  return text.decode(out.subarray(at, encodeLine(record, out, at)));
}

describe("encodeLine", () => {
  test.each(EVENT_KINDS)("%s: the bytes of JSON.stringify", (kind) => {
    fc.assert(
      fc.property(arbitraryFact(kind), fc.maxSafeNat(), (fact, t) => {
        const event = { seq: 1, t, u: 0, ...fact };
        expect(line(event)).toBe(`${JSON.stringify(event)}\n`);
      }),
    );
  });

  test("any object: the bytes of JSON.stringify, fields without a value left out", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(undefined))), (record) => {
        expect(line(record)).toBe(`${JSON.stringify(record)}\n`);
      }),
    );
  });

  test("every power of ten and its neighbours", () => {
    for (let power = 1; power <= 1e15; power *= 10) {
      for (const value of [power - 1, power, power + 1]) expect(line({ value })).toBe(`{"value":${value}}\n`);
    }
  });

  test("writes nowhere but where it is told, and says where it would have ended without the room", () => {
    const record = { kind: "run.mark", name: "→ x", seq: 12, t: 2 ** 40, u: 7 };
    const length = line(record).length + 2; // the arrow has three bytes
    out.fill(1);
    expect(encodeLine(record, out, 100)).toBe(100 + length);
    expect([out[99], out[100 + length]]).toEqual([1, 1]);
    for (let room = 0; room < length; room += 1) {
      expect(encodeLine(record, new Uint8Array(room), 0)).toBe(length);
    }
  });
});
