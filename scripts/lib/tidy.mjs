import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { ROOT } from "./proc.mjs";
import { filesBelow } from "./workspace.mjs";

const MAX_LINES = 500;
const CODE = /\.(ts|mts|mjs|cjs|js)$/;
const TEXT = /\.(ts|mts|mjs|cjs|js|md|json|jsonl|yaml|yml|svg|sh|html|css)$|(^|\/)(run|LICENSE|\.gitignore)$/;

/** In probe-core, time and chance enter through these folders alone; everything else is told. */
const PROBE_CORE = "packages/probe-core/src/";
const MAY_TELL_TIME = [`${PROBE_CORE}clock/`, `${PROBE_CORE}io/`];
const TIME_AND_CHANCE =
  /\b(Date\.now|new Date\(\)|performance\.now|process\.hrtime|setTimeout|setInterval|setImmediate|Math\.random)\b/;

/** A test that waits for the clock instead of an event is either slow or wrong, and in the end both. */
const SKIPPED_TEST = /\b(it|test|describe)\.(skip|todo|only)\b/;

const HOME_PATH = /(^|[\s"'`(=:])(\/home\/|\/Users\/|[A-Z]:\\Users\\)/;

/**
 * The rules of this repository that no other tool knows.
 *
 * @param {string} [root]
 * @returns {string[]} one line for each breach: `file:line: what`
 */
export function tidy(root = ROOT) {
  const breaches = [];
  const ownPaths = [`${root}/`, `${homedir()}/`].filter((path) => path.length > 2);
  for (const file of filesBelow(root, ["node_modules", "dist", ".git", "coverage", "results", "tmp"])) {
    if (!TEXT.test(file) || file === "pnpm-lock.yaml") continue;
    const lines = readFileSync(`${root}/${file}`, "utf8").split("\n");
    const add = (index, what) => breaches.push(`${file}:${index + 1}: ${what}`);
    if (CODE.test(file) && lines.length > MAX_LINES) add(MAX_LINES, `${lines.length} lines, at most ${MAX_LINES}`);
    for (const [index, line] of lines.entries()) {
      for (const path of ownPaths) if (line.includes(path)) add(index, "a path of this machine");
      if (HOME_PATH.test(line) && file !== "scripts/lib/tidy.mjs") add(index, "a path of somebody's machine");
      if (!CODE.test(file)) continue;
      if (/\.test\.ts$/.test(file)) {
        if (SKIPPED_TEST.test(line)) add(index, "a test that does not run, or keeps others from running");
      } else if (file.startsWith(PROBE_CORE) && !MAY_TELL_TIME.some((dir) => file.startsWith(dir))) {
        const code = line.replace(/^\s*(\*|\/\/|\/\*).*/, "").replace(/\/\/.*/, "");
        const found = TIME_AND_CHANCE.exec(code);
        if (found !== null) add(index, `${found[0]} outside clock/ and io/`);
      }
    }
  }
  return breaches;
}
