import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ROOT } from "../scripts/lib/proc.mjs";

/** The last is long enough for the square of it to be seen; the cube is seen at one before, and need not be waited for. */
const LENGTHS = [1_000, 8_000, 40_000];
/** Of processor time. What is linear takes less than one; with the square of the last length it is a second. */
const MOST_MS = 150;
/** What they read is ours alone: the names of our flags, our own compiled files, our own numbers. */
const OURS = [
  "cli/src/flags/command-line.ts",
  "cli/src/html/html-report.ts",
  "cli/src/html/page/words.ts",
  "cli/src/text/format.ts",
];

interface Found {
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

const files = ["probe-core/src", "cli/src"].flatMap((folder) =>
  readdirSync(join(ROOT, "packages", folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => `${folder}/${file}`),
);

function regexesOf(file: string): Found[] {
  const found: Found[] = [];
  const text = readFileSync(join(ROOT, "packages", file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const end = node.text.lastIndexOf("/");
      found.push({ place: `${file}:${line}`, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Texts to repeat: what the expression itself spells out, by itself and two together, and a character of each kind. */
function pumps(source: string): string[] {
  const plain = source
    .replace(/\\s/g, " ")
    .replace(/\\d/g, "1")
    .replace(/\\w/g, "a")
    .replace(/\\[bB]/g, "")
    .replace(/\\(.)/g, "$1");
  const words = plain.split(/[()|?*+^$]+|\[[^\]]*\]|\{\d[^}]*\}|\.[*+]\??/).filter((word) => word !== "");
  const whole = words.join("");
  const pairs = words.slice(1).map((word, index) => words[index] + word);
  const kinds = [..." \t\n01aZ.:-_/\"'\\\\%=?<>[]{}()#*&,;@", "\u00e9", "a ", "a.", "1.", "a:", "ab=", '="a" '];
  return [...new Set([...words, ...pairs, whole, ...kinds])].filter((pump) => pump !== "");
}

/** What the engine takes for it, the better of two: the machine may be busy. */
function millisecondsFor({ source, flags }: Found, text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 2 && best > MOST_MS; attempt++) {
    const regex = new RegExp(source, flags);
    const before = process.cpuUsage();
    text.replace(regex, "");
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

function slowest(regex: Found): string | null {
  for (const pump of pumps(regex.source)) {
    for (const length of LENGTHS) {
      const many = pump.repeat(Math.ceil(length / pump.length));
      for (const text of [`${many}\0`, `\0${many}\n\0`]) {
        const ms = millisecondsFor(regex, text);
        if (ms > MOST_MS) return `${JSON.stringify(pump)} repeated to ${length}: ${ms.toFixed(0)} ms`;
      }
    }
  }
  return null;
}

describe("regular expressions of what reads foreign text", () => {
  it("a check that finds those that take time with the square or the cube of a line", () => {
    const bad = ["\\s+$", "a.*?b.*?c", '"?Event occurred"?.*?\\bobject="([^"]*)".*?\\breason="(\\w+)"'];
    for (const source of bad) expect(slowest({ place: "", source, flags: "" }), source).not.toBeNull();
  });

  const regexes = files.filter((file) => !OURS.includes(file)).flatMap(regexesOf);
  it(`each of the ${regexes.length} takes time in proportion to the line it reads`, { timeout: 120_000 }, () => {
    expect(regexes.length).toBeGreaterThan(100);
    const slow = regexes.flatMap((regex) => {
      const found = slowest(regex);
      return found === null ? [] : [`${regex.place} /${regex.source}/: ${found}`];
    });
    expect(slow).toEqual([]);
  });
});
