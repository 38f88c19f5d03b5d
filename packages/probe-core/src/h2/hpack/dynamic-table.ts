import type { HeaderField } from "./field.js";

/** RFC 7541 §2.3.2: a ring of the newest fields, bounded by the sum of their sizes. */
export class DynamicTable {
  #ring: (HeaderField | undefined)[] = [];
  /** Slot of the newest field. */
  #newest = -1;
  #length = 0;
  #size = 0;
  #maxSize: number;
  #state = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get length(): number {
    return this.#length;
  }

  get size(): number {
    return this.#size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** Another number whenever something was added or the size was set. */
  get state(): number {
    return this.#state;
  }

  /** Field by age: 0 is the newest. */
  at(age: number): HeaderField | undefined {
    if (age >= this.#length) return undefined;
    const slot = this.#newest - age;
    return this.#ring[slot < 0 ? slot + this.#ring.length : slot];
  }

  /** RFC 7541 §4.4: makes room first; a field larger than the table empties it and is not kept. */
  add(field: HeaderField): void {
    this.#state += 1;
    this.#evictTo(this.#maxSize - field.size);
    if (field.size > this.#maxSize) return;
    if (this.#length === this.#ring.length) this.#grow();
    this.#newest = this.#newest + 1 === this.#ring.length ? 0 : this.#newest + 1;
    this.#ring[this.#newest] = field;
    this.#length += 1;
    this.#size += field.size;
  }

  /** RFC 7541 §4.3. */
  resize(maxSize: number): void {
    this.#state += 1;
    this.#maxSize = maxSize;
    this.#evictTo(maxSize);
  }

  #evictTo(size: number): void {
    while (this.#length > 0 && this.#size > size) {
      const slot = this.#newest - (this.#length - 1);
      const index = slot < 0 ? slot + this.#ring.length : slot;
      this.#size -= (this.#ring[index] as HeaderField).size;
      this.#ring[index] = undefined;
      this.#length -= 1;
    }
  }

  #grow(): void {
    const fields: (HeaderField | undefined)[] = [];
    for (let age = this.#length - 1; age >= 0; age--) fields.push(this.at(age));
    this.#newest = this.#length - 1;
    const capacity = Math.max(8, this.#length * 2);
    while (fields.length < capacity) fields.push(undefined);
    this.#ring = fields;
  }
}
