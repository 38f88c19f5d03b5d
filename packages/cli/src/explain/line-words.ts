import type { Explanation, LineNumber } from "@drainprobe/core";
import { printable } from "../text/printable.js";

const SHOWN_RANGES = 6;

/** `lines 101-111, 130`; of several files `a.log:3-5, b.log:1`. */
export function lineWords(evidence: readonly LineNumber[], { files }: Pick<Explanation, "files">): string {
  const ranges = rangesOf(evidence);
  const more = ranges.length > SHOWN_RANGES ? ` and ${ranges.length - SHOWN_RANGES} more` : "";
  const shown = ranges.slice(0, SHOWN_RANGES);
  if (files.length > 1) return shown.map(([from, to]) => inFile(from, to, files)).join(", ") + more;
  const words = shown.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
  return `${evidence.length === 1 ? "line" : "lines"} ${words}${more}`;
}

function inFile(from: LineNumber, to: LineNumber, files: Explanation["files"]): string {
  const file = [...files].reverse().find(({ firstLine }) => firstLine <= from);
  const first = from - (file?.firstLine ?? 1) + 1;
  const name = file === undefined || file.file === "-" ? "stdin" : printable(file.file);
  return `${name}:${first}${to === from ? "" : `-${first + to - from}`}`;
}

function rangesOf(evidence: readonly LineNumber[]): readonly (readonly [LineNumber, LineNumber])[] {
  const ranges: [LineNumber, LineNumber][] = [];
  for (const line of evidence) {
    const last = ranges.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges;
}
