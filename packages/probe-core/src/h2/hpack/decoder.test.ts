import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VIOLATIONS, type Violation } from "../violations.js";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";

const newDecoder = (): HpackDecoder => new HpackDecoder({ maxHeaderListBytes: 65_536 });
const decode = (...bytes: readonly number[]): Violation | null => newDecoder().decode(Uint8Array.from(bytes), null);

describe("RFC 7541: what a decoder must refuse", () => {
  it("§6.1: 'The index value of 0 is not used. It MUST be treated as a decoding error'", () => {
    expect(decode(0x80)).toBe(VIOLATIONS.hpackIndexZero);
  });

  it("§2.3.3: 'Indices strictly greater than the sum of the lengths of both tables MUST be treated as a decoding error'", () => {
    expect(decode(0x80 | 61)).toBeNull();
    expect(decode(0x80 | 62)).toBe(VIOLATIONS.hpackIndex);
    expect(decode(0x7f, 0x00)).toBe(VIOLATIONS.hpackIndex);
    expect(decode(0x40, 1, 0x61, 1, 0x62, 0x80 | 62)).toBeNull();
  });

  it("§5.1: 'Integer encodings that exceed implementation limits -- in value or octet length -- MUST be treated as decoding errors'", () => {
    expect(decode(0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)).toBe(VIOLATIONS.hpackInteger);
    expect(decode(0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)).toBe(VIOLATIONS.hpackInteger);
    expect(decode(0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f)).toBe(VIOLATIONS.hpackInteger);
  });

  it("§5: a block that ends inside a field", () => {
    for (const block of [
      [0xff],
      [0x40],
      [0x40, 0x02, 0x61],
      [0x00, 0x01, 0x61],
      [0x00, 0x01, 0x61, 0x05, 0x62],
      [0x41],
    ]) {
      expect(decode(...block)).toBe(VIOLATIONS.hpackTruncated);
    }
  });

  it("§5.2: wrong padding inside a string", () => {
    expect(decode(0x00, 0x01, 0x61, 0x81, 0x00)).toBe(VIOLATIONS.hpackHuffman);
  });

  it("§6.3: 'The new maximum size MUST be lower than or equal to the limit determined by the protocol using HPACK'", () => {
    expect(decode(0x3f, 0xe1, 0x1f)).toBeNull(); // 4096
    expect(decode(0x3f, 0xe2, 0x1f)).toBe(VIOLATIONS.hpackTableSize);
  });

  it("§4.2: 'This dynamic table size update MUST occur at the beginning of the first header block following the change'", () => {
    expect(decode(0x20, 0x30, 0x82)).toBeNull();
    expect(decode(0x82, 0x20)).toBe(VIOLATIONS.hpackTableSizeLate);
  });

  it("§4.4: a field larger than the table empties it and is not an error", () => {
    const decoder = new HpackDecoder({ headerTableSize: 40, maxHeaderListBytes: 65_536 });
    expect(decoder.decode(Uint8Array.from([0x40, 1, 0x61, 1, 0x62]), null)).toBeNull();
    expect(decoder.tableBytes).toBe(34);
    const large = [0x40, 1, 0x61, 20, ...new Uint8Array(20).fill(0x62)];
    expect(decoder.decode(Uint8Array.from(large), null)).toBeNull();
    expect(decoder.tableBytes).toBe(0);
  });

  it("§4.4: a field of exactly the table's size is kept, alone", () => {
    const decoder = new HpackDecoder({ headerTableSize: 40, maxHeaderListBytes: 65_536 });
    const exact = [0x40, 1, 0x61, 7, ...new Uint8Array(7).fill(0x62)];
    expect(decoder.decode(Uint8Array.from([0x40, 1, 0x61, 1, 0x62, ...exact, 0xbe]), null)).toBeNull();
    expect(decoder.tableBytes).toBe(40);
    expect(decoder.decode(Uint8Array.from([0xbf]), null)).toBe(VIOLATIONS.hpackIndex);
  });

  it("§4.3: a size update evicts, and what was evicted cannot be named any more", () => {
    const decoder = newDecoder();
    expect(decoder.decode(Uint8Array.from([0x40, 1, 0x61, 1, 0x62, 0xbe]), null)).toBeNull();
    expect(decoder.decode(Uint8Array.from([0x20, 0x3f, 0xe1, 0x1f, 0xbe]), null)).toBe(VIOLATIONS.hpackIndex);
  });
});

describe("RFC 9113 §6.5.2: SETTINGS_MAX_HEADER_LIST_SIZE", () => {
  it("stops passing fields on beyond the limit, and keeps the table right all the same", () => {
    const decoder = new HpackDecoder({ maxHeaderListBytes: 100 });
    const names: string[] = [];
    // One field into the table, then named four times: 34 bytes each.
    const block = Uint8Array.from([0x40, 1, 0x61, 1, 0x62, 0xbe, 0xbe, 0xbe, 0xbe]);
    expect(decoder.decode(block, { field: (field) => names.push(field.name) })).toBeNull();
    expect(decoder.tooLarge).toBe(true);
    expect(names).toEqual(["a", "a"]);
    expect(decoder.decode(Uint8Array.from([0xbe]), null)).toBeNull();
    expect(decoder.tooLarge).toBe(false);
  });
});

const byteText = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => String.fromCharCode(...bytes));

const field = fc.record({
  name: fc.oneof(fc.constantFrom(":status", "date", "x-a", "content-length"), byteText(12)),
  value: fc.oneof(fc.constantFrom("200", "", "private"), byteText(40), byteText(600)),
  sensitive: fc.boolean(),
});

describe("encoder and decoder together", () => {
  it("give back any lists of fields, with any table, through any changes of its size", () => {
    const step = fc.record({
      peerLimit: fc.option(fc.integer({ min: 0, max: 9_000 })),
      fields: fc.array(field, { maxLength: 12 }),
    });
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.constantFrom(0, 64, 200, 4_096, 8_000),
        fc.array(step, { maxLength: 12 }),
        (huffman, dynamicTableBytes, steps) => {
          const encoder = new HpackEncoder({ huffman, dynamicTableBytes });
          // The decoder stands for a peer that allows as much as it ever says.
          const decoder = new HpackDecoder({ headerTableSize: 9_000, maxHeaderListBytes: 1_000_000 });
          decoder.decode(Uint8Array.from([0x3f, 0xe1, 0x1f]), null); // both sides start from 4096
          for (const { peerLimit, fields } of steps) {
            if (peerLimit !== null) encoder.setPeerLimit(peerLimit);
            const seen: { name: string; value: string }[] = [];
            const sink = { field: ({ name, value }: { name: string; value: string }) => seen.push({ name, value }) };
            expect(decoder.decode(encoder.encode(fields), sink)).toBeNull();
            expect(seen).toEqual(fields.map(({ name, value }) => ({ name, value })));
            if (peerLimit !== null) expect(decoder.tableBytes).toBeLessThanOrEqual(peerLimit);
          }
        },
      ),
    );
  });

  it("a block that comes again means what the table makes of it now, and fills the table once more", () => {
    const piece = fc.constantFrom<readonly number[]>(
      [0x82], // of the static table
      [0xbe], // newest of the dynamic one
      [0xbf],
      [0x40, 1, 0x61, 1, 0x62], // a literal that is added
      [0x48, 3, 0x32, 0x30, 0x30],
      [0x7e, 1, 0x79], // a literal that is added, its name the newest one
      [0x0f, 0x2f, 1, 0x7a], // a literal that is not, its name the newest one
      [0x00, 1, 0x61, 1, 0x63],
    );
    const size = fc.constantFrom<readonly number[]>([], [], [0x20], [0x3f, 0x45], [0x3f, 0xe1, 0x1f]);
    const block = fc
      .tuple(size, fc.array(piece, { maxLength: 4 }))
      .map(([update, pieces]) => Uint8Array.from([...update, ...pieces.flat()]));
    fc.assert(
      fc.property(
        fc.array(block, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (blocks, turns) => {
          const [decoder, forgetful] = [newDecoder(), newDecoder()];
          const fieldsOf = (each: HpackDecoder, bytes: Uint8Array): unknown => {
            const fields: string[] = [];
            const fault = each.decode(bytes, { field: ({ name, value }) => fields.push(`${name}=${value}`) });
            return { fault, fields, table: each.tableBytes };
          };
          for (const turn of turns) {
            const bytes = blocks[turn % blocks.length] as Uint8Array;
            const seen = fieldsOf(decoder, bytes);
            // With an empty block between any two, none is the last one again.
            forgetful.decode(new Uint8Array(0), null);
            expect(seen).toEqual(fieldsOf(forgetful, bytes));
            if ((seen as { fault: unknown }).fault !== null) return;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("RFC 7541 §4.2: declares a smaller table at the next block, and the smallest of several", () => {
    const encoder = new HpackEncoder({ dynamicTableBytes: 4_096 });
    encoder.setPeerLimit(200);
    expect([...encoder.encode([])]).toEqual([0x3f, 0xa9, 0x01]);
    encoder.setPeerLimit(0);
    encoder.setPeerLimit(100);
    expect([...encoder.encode([{ name: ":method", value: "GET" }])]).toEqual([0x20, 0x3f, 0x45, 0x82]);
    expect([...encoder.encode([{ name: ":method", value: "GET" }])]).toEqual([0x82]);
  });

  it("RFC 7541 §7.1.3: writes a sensitive field never-indexed, and leaves the table alone", () => {
    const encoder = new HpackEncoder({ dynamicTableBytes: 4_096, huffman: false });
    const block = encoder.encode([{ name: "authorization", value: "x", sensitive: true }]);
    expect([...block]).toEqual([0x1f, 23 - 15, 1, 0x78]);
    expect([...encoder.encode([{ name: "authorization", value: "x", sensitive: true }])]).toEqual([...block]);
  });

  it("never throws on garbage: a block is decoded or refused", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 5 }), (blocks) => {
        const decoder = newDecoder();
        for (const block of blocks) {
          const fault = decoder.decode(block, { field: () => {} });
          if (fault !== null) {
            expect(fault.rule).toMatch(/^RFC 7541 §/);
            return;
          }
          expect(decoder.tableBytes).toBeLessThanOrEqual(4_096);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
