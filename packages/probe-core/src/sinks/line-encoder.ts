const encoder = new TextEncoder();

const [QUOTE, COMMA, COLON, BACKSLASH, OPEN, CLOSE, LINE_FEED, ZERO] = [0x22, 0x2c, 0x3a, 0x5c, 0x7b, 0x7d, 0x0a, 0x30];
/** A number of up to nine digits is a small integer to the compiler, and cheap to divide. */
const NINE_DIGITS = 1_000_000_000;
const LOWEST_PLAIN = 0x20;
const HIGHEST_PLAIN = 0x7e;

/**
 * Writes `record` and a line feed to `out` from `at` on: the very bytes of `JSON.stringify`, without the texts that it makes and
 * the collector has to take away. Returns where the line ends. That lies beyond `out` where it had no room: then nothing is written
 * that may be used.
 */
export function encodeLine(record: object, out: Uint8Array, at: number): number {
  const fields = record as Readonly<Record<string, unknown>>;
  let end = at;
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    out[end] = COMMA;
    end = encodeText(name, out, end + 1);
    out[end] = COLON;
    end = encodeValue(value, out, end + 1);
  }
  if (end === at) end += 1;
  out[at] = OPEN; // over the first comma
  out[end] = CLOSE;
  out[end + 1] = LINE_FEED;
  return end + 2;
}

function encodeValue(value: unknown, out: Uint8Array, at: number): number {
  switch (typeof value) {
    case "number":
      return Number.isSafeInteger(value) && value >= 0 ? encodeCount(value, out, at) : encodeRest(value, out, at);
    case "string":
      return encodeText(value, out, at);
    case "boolean":
      return encodePlain(value ? "true" : "false", out, at);
    default:
      return value === null ? encodePlain("null", out, at) : encodeRest(value, out, at);
  }
}

function encodeText(text: string, out: Uint8Array, at: number): number {
  out[at] = QUOTE;
  const end = encodePlain(text, out, at + 1);
  if (end < 0) return encodeRest(text, out, at);
  out[end] = QUOTE;
  return end + 1;
}

/** -1 at the first character that JSON escapes or UTF-8 needs more than a byte for. */
function encodePlain(text: string, out: Uint8Array, at: number): number {
  let end = at;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < LOWEST_PLAIN || code > HIGHEST_PLAIN || code === QUOTE || code === BACKSLASH) return -1;
    out[end++] = code;
  }
  return end;
}

/** Below 2^53, which has 16 digits. */
function encodeCount(value: number, out: Uint8Array, at: number): number {
  if (value < NINE_DIGITS) return encodeSmall(value, out, at);
  const high = Math.floor(value / NINE_DIGITS);
  const from = encodeSmall(high, out, at);
  encodeDigits(value - high * NINE_DIGITS, out, from, 9);
  return from + 9;
}

function encodeSmall(value: number, out: Uint8Array, at: number): number {
  let digits = 1;
  for (let power = 10; digits < 9 && value >= power; power *= 10) digits += 1;
  encodeDigits(value, out, at, digits);
  return at + digits;
}

function encodeDigits(value: number, out: Uint8Array, at: number, digits: number): void {
  let rest = value | 0;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const tenth = (rest / 10) | 0;
    out[index] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}

/** What comes rarely. */
function encodeRest(value: unknown, out: Uint8Array, at: number): number {
  const bytes = encoder.encode(JSON.stringify(value));
  if (at + bytes.length <= out.length) out.set(bytes, at);
  return at + bytes.length;
}
