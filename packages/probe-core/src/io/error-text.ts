import type { SystemErrorFields } from "../events/index.js";
import { LIMITS } from "../limits.js";

/** `text` in one bounded line of printable ASCII; everything else as `\uXXXX`. */
export function boundedText(text: string): string {
  const cut = text.length > LIMITS.errorTextChars ? `${text.slice(0, LIMITS.errorTextChars - 3)}...` : text;
  return cut.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Node's own fields of a system error, verbatim. */
export function systemErrorFields(error: NodeJS.ErrnoException): SystemErrorFields {
  return { code: error.code ?? "UNKNOWN", syscall: error.syscall ?? null, errno: error.errno ?? null };
}
