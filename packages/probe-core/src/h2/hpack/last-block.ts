import { NO_BYTES } from "../no-bytes.js";
import type { HeaderField } from "./field.js";

/** Longer blocks are decoded each time. */
const MOST_BYTES = 512;
/** A block that looked nothing up in the dynamic table means the same whatever the table holds. */
const ANY_TABLE = -1;

/**
 * The field block decoded last on a connection, and its fields: a server that is asked the same answers in the same bytes, but for a date that
 * changes once a second. Most of the time of a decoder goes into making texts of them.
 */
export class LastBlock {
  readonly fields: HeaderField[] = [];
  /** Of the fields, those that go into the dynamic table. */
  readonly added: boolean[] = [];
  #bytes: Uint8Array = NO_BYTES;
  #length = 0;
  #table = ANY_TABLE;

  /** `table`: the state of the dynamic table. */
  is(block: Uint8Array, table: number): boolean {
    const { length } = block;
    if (length !== this.#length || length === 0 || (this.#table !== ANY_TABLE && this.#table !== table)) return false;
    const bytes = this.#bytes;
    for (let at = 0; at < length; at += 1) if (bytes[at] !== block[at]) return false;
    return true;
  }

  /** A block is about to be decoded; or the last one is not worth keeping. */
  begin(): void {
    this.#length = 0;
    this.fields.length = 0;
    this.added.length = 0;
  }

  field(field: HeaderField, added: boolean): void {
    this.fields.push(field);
    this.added.push(added);
  }

  /** `table`: the state that it was decoded with, or `null` where it looked nothing up. */
  keep(block: Uint8Array, table: number | null): void {
    const { length } = block;
    if (length > MOST_BYTES) {
      this.begin();
      return;
    }
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    this.#bytes.set(block);
    this.#length = length;
    this.#table = table ?? ANY_TABLE;
  }
}
