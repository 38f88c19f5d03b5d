/**
 * What JSON allows and a terminal, a page or a person must not get raw: C1, characters that turn the direction of writing or have no
 * shape, line separators, private and lone ones. JSON's own escapes hold for the controls below them.
 */
const UNPRINTABLE = /[\x7f-\x9f\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** JSON whose every byte may be shown: it parses to the same value as `JSON.stringify` would give. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}
