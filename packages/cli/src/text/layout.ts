/** Breaks text at blanks into lines of at most `width`; words longer than that are left whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}

/** `label` in a column, the text wrapped beside it. */
export function field(label: string, text: string, indent: number, labelWidth: number, width: number): string[] {
  const lead = " ".repeat(indent);
  return wrap(text, Math.max(20, width - indent - labelWidth)).map(
    (line, index) => lead + (index === 0 ? label : "").padEnd(labelWidth) + line,
  );
}

/** Columns two blanks apart; `align` says `l` or `r` for each. Trailing blanks are cut. */
export function table(rows: readonly (readonly string[])[], align: string, indent: number): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      align[column] === "r" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    return (" ".repeat(indent) + cells.join("  ")).trimEnd();
  });
}
