import { EXPLAIN_BOUNDS } from "./bounds.js";
import type { InputPart, LineNumber } from "./explain-types.js";

const HEADING = /^(#{1,6}) {1,8}(\S.*)$/;
/** A line that is bold as a whole stands for a heading below all others. */
const BOLD = /^\*\*([^*]{1,200})\*\*:?\s*$/;
const BOLD_LEVEL = 7;
const FENCE = /^\s{0,3}(?:```|~~~)/;

/**
 * Parts the input: a new file, a new block of code and a new heading begin one, because what stands in two of them may have been
 * written on two machines. Headings name a part; they prove nothing.
 */
export class Parts {
  readonly #parts: InputPart[] = [];
  #headings: { readonly level: number; readonly text: string }[] = [];
  #file: string | null = null;
  #fenced = false;
  /** A part is made when its first log line comes. */
  #current: number | null = null;
  dropped = 0;

  get all(): readonly InputPart[] {
    return this.#parts;
  }

  startFile(file: string): void {
    this.#file = file;
    this.#headings = [];
    this.#fenced = false;
    this.#current = null;
  }

  /** A line that is no log may be a heading or a fence. */
  pushProse(line: string): void {
    if (FENCE.test(line)) {
      this.#fenced = !this.#fenced;
      if (this.#fenced) this.#current = null;
      return;
    }
    if (this.#fenced) return;
    const heading = HEADING.exec(line);
    const bold = heading === null ? BOLD.exec(line) : null;
    const level = heading?.[1]?.length ?? BOLD_LEVEL;
    const text = heading?.[2] ?? bold?.[1];
    if (text === undefined) return;
    const name = withoutTail(text).slice(0, EXPLAIN_BOUNDS.headingChars);
    this.#headings = [...this.#headings.filter((above) => above.level < level), { level, text: name }].slice(
      -EXPLAIN_BOUNDS.headings,
    );
    this.#current = null;
  }

  /** The part of a log line. */
  partOf(line: LineNumber): number {
    if (this.#current !== null) return this.#current;
    if (this.#parts.length >= EXPLAIN_BOUNDS.parts) {
      this.dropped += 1;
      this.#current = this.#parts.length - 1;
      return this.#current;
    }
    this.#parts.push({ file: this.#file, headings: this.#headings.map(({ text }) => text), firstLine: line });
    this.#current = this.#parts.length - 1;
    return this.#current;
  }
}

/** How a part is called: its two innermost headings, else its file, else its place. */
export function partName(parts: readonly InputPart[], index: number): string {
  const part = parts[index];
  if (part === undefined) return "the input";
  const headings = part.headings.slice(-2).join(" / ");
  const same = parts.filter(
    (other) => other.file === part.file && other.headings.slice(-2).join(" / ") === headings,
  ).length;
  const name = headings === "" ? (part.file ?? "the input") : headings;
  return same > 1 && headings !== "" ? `${name} (from line ${part.firstLine})` : name;
}

/** Without the blanks, colons and signs at the end. Character by character: as a regular expression it is quadratic. */
function withoutTail(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s:#*]/.test(text[end - 1] ?? "")) end -= 1;
  return text.slice(0, end);
}
