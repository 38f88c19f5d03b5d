/**
 * Text of a peer's making as it may stand in a log, a report or a terminal: no control character, no character that
 * turns the direction of writing or has no shape, no line break. What is left out is shown by its number instead:
 * `\x1b` for a byte or a code point below 256, `\u{202e}` above. A backslash becomes `\\`, so that the two cannot be mixed up.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

/**
 * Bytes as text: well-formed UTF-8 is read as such, every other byte is written `\xNN`.
 * At most `maxChars` UTF-16 units long; an escape or a character that would not fit whole is left out with all after it.
 */
export function printableBytes(bytes: Uint8Array, maxChars: number): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = utf8Length(bytes, at);
    const piece = length === 0 ? hexByte(bytes[at] as number) : printableChar(utf8CodePoint(bytes, at, length));
    if (text.length + piece.length > maxChars) break;
    text += piece;
    at += length === 0 ? 1 : length;
  }
  return text;
}

/** The same for text that is a string already. Lone surrogates are escaped. */
export function printableText(source: string, maxChars: number): string {
  let text = "";
  for (const char of source) {
    const piece = printableChar(char.codePointAt(0) as number);
    if (text.length + piece.length > maxChars) break;
    text += piece;
  }
  return text;
}

function printableChar(codePoint: number): string {
  if (codePoint === 0x5c) return "\\\\";
  if (codePoint >= 0x20 && codePoint < 0x7f) return String.fromCharCode(codePoint);
  const char = String.fromCodePoint(codePoint);
  if (!UNPRINTABLE.test(char)) return char;
  return codePoint <= 0xff ? hexByte(codePoint) : `\\u{${codePoint.toString(16)}}`;
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** Length of the well-formed UTF-8 sequence at `at` (RFC 3629 §4), or 0. */
function utf8Length(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > bytes.length) return 0;
  const second = bytes[at + 1] as number;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let i = 2; i < length; i++) {
    if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function utf8CodePoint(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at] as number;
  if (length === 1) return first;
  let codePoint = first & (0x7f >> length);
  for (let i = 1; i < length; i++) codePoint = (codePoint << 6) | ((bytes[at + i] as number) & 0x3f);
  return codePoint;
}
