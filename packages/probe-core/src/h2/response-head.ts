import type { FieldSink } from "./hpack/decoder.js";
import type { HeaderField } from "./hpack/field.js";
import type { ResponseTap } from "./stream.js";
import { VIOLATIONS, type Violation } from "./violations.js";

/** What a note on a field says (see `HeaderField.note`). Faults come last. */
const PLAIN = 1;
const STATUS = 2;
const CONTENT_LENGTH = 3;
const RETRY_AFTER = 4;
const UNKNOWN_PSEUDO = 5;
const BAD_NAME = 6;
const BAD_VALUE = 7;
const CONNECTION_SPECIFIC = 8;

/** RFC 9113 §8.2.1: visible ASCII without upper-case letters and colon. */
const FIELD_NAME = /^[!-9;-@[-~]+$/;
const BAD_FIELD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

/**
 * Reads one field section of a response and says what is wrong with it (RFC 9113 §8.2, §8.3). Made once per connection
 * and used again for each section. It holds the fields facts are made of and forgets the others.
 */
export class ResponseHead implements FieldSink {
  #tap: ResponseTap | null = null;
  #status = 0;
  #contentLength = -1;
  #retryAfter: string | null = null;
  #regularSeen = false;
  #pseudoSeen = false;
  #violation: Violation | null = null;

  /** `tap`: wants to hear the fields too. */
  reset(tap: ResponseTap | null = null): void {
    this.#tap = tap;
    this.#status = 0;
    this.#contentLength = -1;
    this.#retryAfter = null;
    this.#regularSeen = false;
    this.#pseudoSeen = false;
    this.#violation = null;
  }

  /** 0 where there was none. */
  get status(): number {
    return this.#status;
  }

  get contentLength(): number | null {
    return this.#contentLength < 0 ? null : this.#contentLength;
  }

  /** As it came; characters are bytes. */
  get retryAfter(): string | null {
    return this.#retryAfter;
  }

  /** The first rule broken, read as the head of a response. */
  responseViolation(): Violation | null {
    return this.#violation ?? (this.#status === 0 ? VIOLATIONS.statusMissing : null);
  }

  /** The first rule broken, read as trailers. */
  trailersViolation(): Violation | null {
    return this.#pseudoSeen ? VIOLATIONS.pseudoInTrailers : this.#violation;
  }

  field(field: HeaderField): void {
    if (field.note === 0) field.note = judge(field);
    this.#tap?.field(field.name, field.value);
    if (field.note !== STATUS && field.note !== UNKNOWN_PSEUDO) this.#regularSeen = true;
    switch (field.note) {
      case PLAIN:
        return;
      case STATUS:
        this.#takeStatus(field.value);
        return;
      case CONTENT_LENGTH:
        this.#takeContentLength(field.value);
        return;
      case RETRY_AFTER:
        this.#retryAfter ??= field.value;
        return;
      case UNKNOWN_PSEUDO:
        this.#pseudoSeen = true;
        this.#violation ??= VIOLATIONS.pseudoUnknown;
        return;
      case BAD_NAME:
        this.#violation ??= VIOLATIONS.fieldName;
        return;
      case BAD_VALUE:
        this.#violation ??= VIOLATIONS.fieldValue;
        return;
      case CONNECTION_SPECIFIC:
        this.#violation ??= VIOLATIONS.connectionSpecific;
        return;
    }
  }

  #takeStatus(value: string): void {
    if (this.#regularSeen) this.#violation ??= VIOLATIONS.pseudoAfterRegular;
    else if (this.#pseudoSeen && this.#status !== 0) this.#violation ??= VIOLATIONS.statusTwice;
    this.#pseudoSeen = true;
    const status = /^[1-9][0-9][0-9]$/.test(value) ? Number(value) : 0;
    if (status === 0) this.#violation ??= VIOLATIONS.statusInvalid;
    this.#status = status;
  }

  #takeContentLength(value: string): void {
    // RFC 9110 §8.6 allows the same number twice; two numbers are no length.
    const length = /^[0-9]+$/.test(value) ? Math.min(Number(value), Number.MAX_SAFE_INTEGER) : -1;
    if (length < 0 || (this.#contentLength >= 0 && this.#contentLength !== length)) {
      this.#violation ??= VIOLATIONS.contentLength;
      return;
    }
    this.#contentLength = length;
  }
}

function judge(field: HeaderField): number {
  const { name, value } = field;
  if (name.charCodeAt(0) === 0x3a) return name === ":status" ? STATUS : UNKNOWN_PSEUDO;
  if (!FIELD_NAME.test(name)) return BAD_NAME;
  if (BAD_FIELD_VALUE.test(value)) return BAD_VALUE;
  switch (name) {
    case "content-length":
      return CONTENT_LENGTH;
    case "retry-after":
      return RETRY_AFTER;
    case "connection":
    case "keep-alive":
    case "proxy-connection":
    case "transfer-encoding":
    case "upgrade":
      return CONNECTION_SPECIFIC;
    default:
      return PLAIN;
  }
}
