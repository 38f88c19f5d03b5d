/** A TLS record that began and did not end. */
export interface PartialRecord {
  /** `null` where not even the header was whole. */
  readonly contentType: number | null;
  /** Header included; `null` where the header was not whole. */
  readonly expectedBytes: number | null;
  readonly receivedBytes: number;
}

const HEADER_BYTES = 5;

/** Follows the record borders in the peer's ciphertext, however it is cut into chunks. Looks at headers only (RFC 8446 §5.1). */
export class TlsRecordTap {
  #contentType = 0;
  /** Header bytes seen of the current record, 0 to 5. */
  #headerSeen = 0;
  /** Payload length, as far as the header is known. */
  #length = 0;
  /** Payload bytes of the current record still to come; meaningful once the header is whole. */
  #missing = 0;
  #isTls = true;
  #lastType: number | null = null;

  /** Content type of the last whole record; `null` before the first. */
  get lastType(): number | null {
    return this.#lastType;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#isTls) {
      if (this.#headerSeen < HEADER_BYTES) {
        this.#header(bytes[at] ?? 0);
        at += 1;
      } else {
        const taken = Math.min(this.#missing, bytes.length - at);
        this.#missing -= taken;
        at += taken;
      }
      if (this.#headerSeen === HEADER_BYTES && this.#missing === 0) {
        this.#headerSeen = 0;
        this.#lastType = this.#contentType;
      }
    }
  }

  /** The record the bytes so far end in; `null` where they end between two, or are not TLS at all. */
  partial(): PartialRecord | null {
    if (!this.#isTls || this.#headerSeen === 0) return null;
    if (this.#headerSeen < HEADER_BYTES)
      return { contentType: null, expectedBytes: null, receivedBytes: this.#headerSeen };
    const expectedBytes = HEADER_BYTES + this.#length;
    return { contentType: this.#contentType, expectedBytes, receivedBytes: expectedBytes - this.#missing };
  }

  #header(byte: number): void {
    switch (this.#headerSeen) {
      case 0:
        this.#contentType = byte;
        this.#isTls = byte >= 20 && byte <= 24;
        break;
      case 1:
        this.#isTls = byte === 3;
        break;
      case 3:
        this.#length = byte << 8;
        break;
      case 4:
        this.#length |= byte;
        this.#missing = this.#length;
        break;
    }
    this.#headerSeen += 1;
  }
}
