import type { KnownFailure } from "../report/known-failures.js";
import type { ReportStyle } from "../report/report-input.js";
import { field, wrap } from "../text/layout.js";
import { printable } from "../text/printable.js";

const INDENT = 5;
const LABEL = 12;

/**
 * The section about known failures: cause, fix and reference of each that fits, and how well it fits. `anyFailure`: without one
 * there is nothing to look up, and no section. Nodes are named where there is more than one log. Ends with an empty line.
 */
export function signatureLines(
  known: readonly KnownFailure[],
  { anyFailure, several = false }: { readonly anyFailure: boolean; readonly several?: boolean },
  { width, palette }: ReportStyle,
): string[] {
  if (!anyFailure && known.length === 0) return [];
  const line = (label: string, text: string): string[] => field(label, text, INDENT, LABEL, width);
  if (known.length === 0) {
    return [palette.bold("Known failures like this"), "  none: no signature of the catalogue fits what was seen", ""];
  }
  return [
    palette.bold("Known failures like this"),
    ...known.flatMap(({ match: { title, id, match, held, notObserved, cause, fix, references }, nodes }, index) => [
      ...wrap(title, width - INDENT).map((text, row) =>
        row === 0 ? `${String(index + 1).padStart(3)}  ${palette.bold(text)}` : `     ${palette.bold(text)}`,
      ),
      ...line(
        "fits",
        `${match === "full" ? "in full" : `in part, ${held.length} of ${held.length + notObserved.length} conditions seen`} (${id})`,
      ),
      ...(several ? line("on", nodes.map(printable).join(", ")) : []),
      ...line("seen", held.join("; ")),
      ...(notObserved.length === 0 ? [] : line("not seen", `cannot be told from here: ${notObserved.join("; ")}`)),
      ...line("cause", cause),
      ...line("fix", fix),
      ...line("known from", references.join("; ")),
    ]),
    ...wrap("A signature narrows down; it proves nothing.", width - 2).map((text) => `  ${palette.dim(text)}`),
    "",
  ];
}
