import { table } from "../text/layout.js";
import type { MatrixCell } from "./compare.js";
import { type Label, NOTHING_EXPECTED, NOTHING_SEEN } from "./labels.js";

/** How often each label was expected (row) and what was seen in its place (column). */
export class ConfusionMatrix {
  readonly #counts = new Map<Label, Map<Label, number>>();

  add(cells: readonly MatrixCell[]): void {
    for (const { expected, seen, count } of cells) {
      const row = this.#counts.get(expected) ?? new Map<Label, number>();
      row.set(seen, (row.get(seen) ?? 0) + count);
      this.#counts.set(expected, row);
    }
  }

  cells(): readonly MatrixCell[] {
    return [...this.#counts].flatMap(([expected, row]) => [...row].map(([seen, count]) => ({ expected, seen, count })));
  }

  /** Empty when every verdict was the expected one. */
  offDiagonal(): readonly MatrixCell[] {
    return this.cells().filter(({ expected, seen }) => expected !== seen);
  }

  get labels(): readonly Label[] {
    const all = new Set(this.cells().flatMap(({ expected, seen }) => [expected, seen]));
    const last = [NOTHING_EXPECTED, NOTHING_SEEN].filter((label) => all.delete(label));
    return [...[...all].sort(), ...last];
  }

  /** One line for each label with its count on the diagonal, then what lies off it. */
  summaryLines(): string[] {
    const diagonal = this.cells().filter(({ expected, seen }) => expected === seen);
    const rows = [...diagonal].sort((a, b) => (a.expected < b.expected ? -1 : 1));
    return [
      ...table(
        rows.map(({ expected, count }) => [expected, String(count)]),
        "lr",
        2,
      ),
      ...this.offDiagonal().map(
        ({ expected, seen, count }) => `  OFF THE DIAGONAL: ${expected} taken for ${seen}: ${count}`,
      ),
    ];
  }

  /** The whole matrix: rows expected, columns seen, each column named by its row's number. */
  gridLines(): string[] {
    const labels = this.labels;
    const head = ["", "expected \\ seen", ...labels.map((_, column) => String(column + 1))];
    const rows = labels.map((expected, row) => [
      String(row + 1),
      expected,
      ...labels.map((seen) => String(this.#counts.get(expected)?.get(seen) ?? "·")),
    ]);
    return table([head, ...rows], `rl${"r".repeat(labels.length)}`, 0);
  }
}
