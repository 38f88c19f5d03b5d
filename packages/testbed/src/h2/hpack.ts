import { huffmanDecode } from "./huffman.js";
import { STATIC_TABLE } from "./static-table.js";

export type HeaderField = readonly [name: string, value: string];

const DEFAULT_TABLE_BYTES = 4096;
const ENTRY_OVERHEAD = 32;

/**
 * Encodes a header list with the static table and literals without indexing, never Huffman: bytes that any decoder
 * takes and that a person can read in a packet dump.
 */
export function encodeHeaders(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => {
      const exact = STATIC_TABLE.findIndex((e) => e[0] === name && e[1] === value);
      if (exact >= 0) return integer(exact + 1, 7, 0x80);
      const named = STATIC_TABLE.findIndex((e) => e[0] === name);
      if (named >= 0) return Buffer.concat([integer(named + 1, 4, 0x00), literal(value)]);
      return Buffer.concat([Buffer.of(0x00), literal(name), literal(value)]);
    }),
  );
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length, 7, 0x00), bytes]);
}

/** RFC 7541 §5.1. */
function integer(value: number, prefixBits: number, pattern: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.of(pattern | value);
  const bytes = [pattern | limit];
  let rest = value - limit;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Decodes what clients send, dynamic table and Huffman included. Throws on a block it cannot read. */
export class HeaderDecoder {
  #dynamic: HeaderField[] = [];
  #bytes = 0;
  #capacity = DEFAULT_TABLE_BYTES;

  decode(block: Buffer): HeaderField[] {
    const fields: HeaderField[] = [];
    const at = { offset: 0 };
    while (at.offset < block.length) {
      const first = block.readUInt8(at.offset);
      if (first & 0x80) {
        fields.push(this.#entry(readInteger(block, at, 7)));
      } else if (first & 0x40) {
        const field = this.#literal(block, at, 6);
        fields.push(field);
        this.#insert(field);
      } else if (first & 0x20) {
        this.#capacity = readInteger(block, at, 5);
        this.#evict();
      } else {
        fields.push(this.#literal(block, at, 4));
      }
    }
    return fields;
  }

  #literal(block: Buffer, at: { offset: number }, prefixBits: number): HeaderField {
    const index = readInteger(block, at, prefixBits);
    const name = index === 0 ? readString(block, at) : this.#entry(index)[0];
    return [name, readString(block, at)];
  }

  #entry(index: number): HeaderField {
    const entry = STATIC_TABLE[index - 1] ?? this.#dynamic[index - 1 - STATIC_TABLE.length];
    if (index === 0 || entry === undefined) throw new Error(`hpack: no entry ${index}`);
    return entry;
  }

  #insert(field: HeaderField): void {
    this.#dynamic.unshift(field);
    this.#bytes += size(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#capacity) {
      const oldest = this.#dynamic.pop();
      if (oldest === undefined) return;
      this.#bytes -= size(oldest);
    }
  }
}

function size([name, value]: HeaderField): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

function readInteger(block: Buffer, at: { offset: number }, prefixBits: number): number {
  const limit = 2 ** prefixBits - 1;
  let value = block.readUInt8(at.offset++) & limit;
  if (value < limit) return value;
  for (let factor = 1; ; factor *= 128) {
    const byte = block.readUInt8(at.offset++);
    value += (byte & 0x7f) * factor;
    if (value > 2 ** 31) throw new Error("hpack: integer too large");
    if (byte < 128) return value;
  }
}

function readString(block: Buffer, at: { offset: number }): string {
  const huffman = (block.readUInt8(at.offset) & 0x80) !== 0;
  const length = readInteger(block, at, 7);
  const bytes = block.subarray(at.offset, at.offset + length);
  if (bytes.length < length) throw new Error("hpack: string longer than its block");
  at.offset += length;
  return (huffman ? huffmanDecode(bytes) : bytes).toString("latin1");
}
