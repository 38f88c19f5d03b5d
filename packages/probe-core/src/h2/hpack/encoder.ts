import { DynamicTable } from "./dynamic-table.js";
import { type HeaderField, headerField } from "./field.js";
import { huffmanEncode, huffmanEncodedLength } from "./huffman.js";
import { STATIC_NAMES, STATIC_PAIRS, STATIC_TABLE } from "./static-table.js";

/** A field to encode. `sensitive`: never indexed, here nor by anyone who forwards it (RFC 7541 §7.1.3). */
export interface FieldToEncode {
  readonly name: string;
  readonly value: string;
  readonly sensitive?: boolean;
}

/** Options of {@link HpackEncoder}. */
export interface HpackEncoderOptions {
  /** Use Huffman code where it is shorter. Default `true`. */
  readonly huffman?: boolean;
  /** Largest dynamic table to keep; the peer's SETTINGS_HEADER_TABLE_SIZE may make it smaller. Default 0: none. */
  readonly dynamicTableBytes?: number;
}

/** The size both sides start from (RFC 9113 §6.5.2). */
const INITIAL_TABLE_BYTES = 4096;

/**
 * HPACK encoder (RFC 7541). Without a dynamic table its blocks stand alone and can be sent any number of times, on any
 * connection. With one, each block must be sent once, in order, on one connection.
 */
export class HpackEncoder {
  readonly #huffman: boolean;
  readonly #wanted: number;
  readonly #table: DynamicTable;
  /** What the peer's decoder believes the table's size is. */
  #declared = INITIAL_TABLE_BYTES;
  /** Smallest limit since the last block: it must be declared too (RFC 7541 §4.2). */
  #smallestLimit = INITIAL_TABLE_BYTES;
  #limit = INITIAL_TABLE_BYTES;

  constructor(options: HpackEncoderOptions = {}) {
    this.#huffman = options.huffman ?? true;
    this.#wanted = options.dynamicTableBytes ?? 0;
    this.#table = new DynamicTable(Math.min(this.#wanted, INITIAL_TABLE_BYTES));
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, when we acknowledge it. */
  setPeerLimit(bytes: number): void {
    this.#limit = bytes;
    this.#smallestLimit = Math.min(this.#smallestLimit, bytes);
    this.#table.resize(Math.min(this.#wanted, this.#smallestLimit));
  }

  encode(fields: Iterable<FieldToEncode>): Uint8Array {
    const out: number[] = [];
    this.#declareSize(out);
    for (const field of fields) this.#encodeField(field, out);
    return Uint8Array.from(out);
  }

  #declareSize(out: number[]): void {
    const size = Math.min(this.#wanted, this.#limit);
    // A table that is never used needs no declaration until the peer's limit falls below what the peer believes.
    if (this.#smallestLimit < this.#declared || (this.#wanted > 0 && size !== this.#declared)) {
      if (this.#smallestLimit < size) encodeInteger(this.#smallestLimit, 0x1f, 0x20, out);
      encodeInteger(size, 0x1f, 0x20, out);
      this.#declared = size;
      this.#table.resize(size);
    }
    this.#smallestLimit = this.#limit;
  }

  #encodeField(source: FieldToEncode, out: number[]): void {
    const { name, value } = source;
    if (source.sensitive === true) {
      this.#literal(0x0f, 0x10, this.#nameIndex(name), name, value, out);
      return;
    }
    const index = this.#pairIndex(name, value);
    if (index > 0) {
      encodeInteger(index, 0x7f, 0x80, out);
      return;
    }
    const field = headerField(name, value);
    const nameIndex = this.#nameIndex(name);
    if (field.size <= this.#table.maxSize) {
      this.#literal(0x3f, 0x40, nameIndex, name, value, out);
      this.#table.add(field);
    } else {
      this.#literal(0x0f, 0x00, nameIndex, name, value, out);
    }
  }

  #literal(mask: number, pattern: number, nameIndex: number, name: string, value: string, out: number[]): void {
    encodeInteger(nameIndex, mask, pattern, out);
    if (nameIndex === 0) this.#string(name, out);
    this.#string(value, out);
  }

  #string(text: string, out: number[]): void {
    const coded = this.#huffman ? huffmanEncodedLength(text) : text.length;
    if (coded < text.length) {
      encodeInteger(coded, 0x7f, 0x80, out);
      huffmanEncode(text, out);
      return;
    }
    encodeInteger(text.length, 0x7f, 0x00, out);
    for (let i = 0; i < text.length; i++) out.push(text.charCodeAt(i));
  }

  #pairIndex(name: string, value: string): number {
    return STATIC_PAIRS.get(`${name}\0${value}`) ?? this.#find((field) => field.name === name && field.value === value);
  }

  #nameIndex(name: string): number {
    return STATIC_NAMES.get(name) ?? this.#find((field) => field.name === name);
  }

  #find(matches: (field: HeaderField) => boolean): number {
    for (let age = 0; age < this.#table.length; age++) {
      if (matches(this.#table.at(age) as HeaderField)) return STATIC_TABLE.length + 1 + age;
    }
    return 0;
  }
}

/** RFC 7541 §5.1: `mask` holds the prefix's bits, `pattern` the bits before it. */
export function encodeInteger(value: number, mask: number, pattern: number, out: number[]): void {
  if (value < mask) {
    out.push(pattern | value);
    return;
  }
  out.push(pattern | mask);
  let rest = value - mask;
  while (rest >= 128) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}
