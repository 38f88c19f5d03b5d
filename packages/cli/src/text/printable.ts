/** C0, DEL, C1, line separators, and the characters that turn the direction of text round, have no shape or stand alone. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Longer texts of others are cut: nobody reads them, and a terminal would hold little else. */
const MOST_CHARS = 1_000;

/** Text of a peer or of a log as it may be shown: control characters become `\x1b` or `\u202e`, and what is long is cut. */
export function printable(text: string): string {
  return printableCut(text, MOST_CHARS);
}

/** The same, cut to `max` characters. */
export function printableCut(text: string, max: number): string {
  // Escaping makes text longer and never shorter.
  const shown = escaped(text.length > max ? text.slice(0, max + 1) : text);
  return shown.length > max ? `${shown.slice(0, max - 1)}…` : shown;
}

function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code > 0xffff) return `\\u{${code.toString(16)}}`;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
