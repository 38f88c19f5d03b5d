import { VIOLATIONS, type Violation } from "../violations.js";
import { DynamicTable } from "./dynamic-table.js";
import { type HeaderField, headerField } from "./field.js";
import { huffmanDecode, huffmanDecodedBound } from "./huffman.js";
import { LastBlock } from "./last-block.js";
import { STATIC_TABLE } from "./static-table.js";

/** Takes the fields of a block, in order. */
export interface FieldSink {
  field(field: HeaderField): void;
}

/** Options of {@link HpackDecoder}. */
export interface HpackDecoderOptions {
  /** SETTINGS_HEADER_TABLE_SIZE that we announced. Default 4096, the protocol's own. */
  readonly headerTableSize?: number;
  /** Largest list of fields passed on (RFC 9113 §6.5.2, SETTINGS_MAX_HEADER_LIST_SIZE). */
  readonly maxHeaderListBytes: number;
}

/** Integers above this are refused (RFC 7541 §5.1 asks for a limit). */
const MAX_INTEGER = 0x7fffffff;
const STATIC_LENGTH = STATIC_TABLE.length;

/** Shared by all decoders: it lives for one string only. */
let scratch = new Uint8Array(512);

/**
 * HPACK decoder (RFC 7541). Blocks must come in the order of the wire and each must be given, also those of streams
 * nobody waits for: the dynamic table lives on them.
 */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #tableLimit: number;
  readonly #maxListBytes: number;
  #bytes: Uint8Array = scratch;
  #at = 0;
  #fault: Violation | null = null;
  #listBytes = 0;
  #looked = false;
  #blocks = 0;
  readonly #last = new LastBlock();

  constructor(options: HpackDecoderOptions) {
    this.#tableLimit = options.headerTableSize ?? 4096;
    this.#table = new DynamicTable(this.#tableLimit);
    this.#maxListBytes = options.maxHeaderListBytes;
  }

  /** The last block's list was larger than `maxHeaderListBytes`; fields beyond it were not passed on. */
  get tooLarge(): boolean {
    return this.#listBytes > this.#maxListBytes;
  }

  /** Bytes in the dynamic table, as RFC 7541 §4.1 counts them. */
  get tableBytes(): number {
    return this.#table.size;
  }

  /** Decodes one whole field block. A violation leaves the decoder unusable, as RFC 9113 §4.3 has it end the connection. */
  decode(block: Uint8Array, sink: FieldSink | null): Violation | null {
    this.#listBytes = 0;
    const tableBefore = this.#table.state;
    if (this.#last.is(block, tableBefore)) {
      this.#again(sink);
      return null;
    }
    this.#last.begin();
    this.#bytes = block;
    this.#at = 0;
    this.#fault = null;
    this.#looked = false;
    let resized = false;
    let first = true;
    while (this.#at < block.length) {
      const byte = block[this.#at] as number;
      let field: HeaderField | null;
      let added = false;
      if (byte >= 0x80) {
        field = this.#indexed(this.#integer(0x7f));
      } else if (byte >= 0x40) {
        field = this.#literal(0x3f);
        added = field !== null;
      } else if (byte >= 0x20) {
        if (!this.#sizeUpdate(first)) return this.#fault;
        resized = true;
        continue;
      } else {
        field = this.#literal(0x0f);
      }
      if (field === null) return this.#fault;
      first = false;
      this.#last.field(field, added);
      this.#take(field, added, sink);
    }
    this.#bytes = scratch; // do not keep the caller's bytes alive
    // Not the first: many connections have no second.
    if (this.#blocks++ > 0 && !resized) this.#last.keep(block, this.#looked ? tableBefore : null);
    else this.#last.begin();
    return null;
  }

  #take(field: HeaderField, added: boolean, sink: FieldSink | null): void {
    if (added) this.#table.add(field);
    this.#listBytes += field.size;
    if (sink !== null && this.#listBytes <= this.#maxListBytes) sink.field(field);
  }

  /** The last block came again. */
  #again(sink: FieldSink | null): void {
    const { fields, added } = this.#last;
    for (let index = 0; index < fields.length; index += 1) {
      this.#take(fields[index] as HeaderField, added[index] as boolean, sink);
    }
  }

  #sizeUpdate(first: boolean): boolean {
    if (!first) return this.#fail(VIOLATIONS.hpackTableSizeLate) !== null;
    const size = this.#integer(0x1f);
    if (size < 0) return false;
    if (size > this.#tableLimit) return this.#fail(VIOLATIONS.hpackTableSize) !== null;
    this.#table.resize(size);
    return true;
  }

  #indexed(index: number): HeaderField | null {
    if (index < 0) return null;
    if (index === 0) return this.#fail(VIOLATIONS.hpackIndexZero);
    if (index > STATIC_LENGTH) this.#looked = true;
    const field = index <= STATIC_LENGTH ? STATIC_TABLE[index - 1] : this.#table.at(index - STATIC_LENGTH - 1);
    return field ?? this.#fail(VIOLATIONS.hpackIndex);
  }

  #literal(mask: number): HeaderField | null {
    const index = this.#integer(mask);
    if (index < 0) return null;
    let name: string | null;
    if (index === 0) {
      name = this.#string();
    } else {
      const named = this.#indexed(index);
      name = named === null ? null : named.name;
    }
    if (name === null) return null;
    const value = this.#string();
    return value === null ? null : headerField(name, value);
  }

  /** RFC 7541 §5.1; -1 after a fault. */
  #integer(mask: number): number {
    const bytes = this.#bytes;
    let value = (bytes[this.#at++] as number) & mask;
    if (value < mask) return value;
    let scale = 1;
    for (let count = 0; count < 5; count++) {
      if (this.#at >= bytes.length) {
        this.#fault = VIOLATIONS.hpackTruncated;
        return -1;
      }
      const byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (value > MAX_INTEGER) break;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    this.#fault = VIOLATIONS.hpackInteger;
    return -1;
  }

  /** RFC 7541 §5.2. */
  #string(): string | null {
    const bytes = this.#bytes;
    if (this.#at >= bytes.length) return this.#fail(VIOLATIONS.hpackTruncated);
    const huffman = (bytes[this.#at] as number) >= 0x80;
    const length = this.#integer(0x7f);
    if (length < 0) return null;
    const from = this.#at;
    const to = from + length;
    if (to > bytes.length) return this.#fail(VIOLATIONS.hpackTruncated);
    this.#at = to;
    if (!huffman) return latin1(bytes, from, to);
    const bound = huffmanDecodedBound(length);
    if (scratch.length < bound) scratch = new Uint8Array(bound * 2);
    const decoded = huffmanDecode(bytes, from, to, scratch);
    return decoded < 0 ? this.#fail(VIOLATIONS.hpackHuffman) : latin1(scratch, 0, decoded);
  }

  #fail(fault: Violation): null {
    this.#fault = fault;
    return null;
  }
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= 4096) return fromCharCodes(bytes.subarray(from, to));
  let text = "";
  for (let at = from; at < to; at += 4096) text += fromCharCodes(bytes.subarray(at, Math.min(at + 4096, to)));
  return text;
}

function fromCharCodes(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}
