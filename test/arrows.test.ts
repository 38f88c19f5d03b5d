import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arrows } from "../scripts/lib/arrows.mjs";
import { ROOT } from "../scripts/lib/proc.mjs";

const config = createRequire(import.meta.url)("../.dependency-cruiser.cjs");
const core = "packages/probe-core/src";

/** One file for each thing that is forbidden: path, content, the rule that must name it. */
const FORBIDDEN: readonly (readonly [path: string, content: string, rule: string])[] = [
  [`${core}/attribute/a.ts`, `import "./b.js";`, "no-cycles"],
  [`${core}/h2/frame.ts`, `import { Buffer } from "node:buffer"; export const b = Buffer;`, "pure-means-pure"],
  [`${core}/verdict/report.ts`, `import { parse } from "yaml"; export const p = parse;`, "pure-means-pure"],
  [`${core}/schedule/type.ts`, `import type { Socket } from "node:net"; export type S = Socket;`, "pure-means-pure"],
  [`${core}/events/word.ts`, `import "../attribute/fine.js";`, "words-depend-on-nothing"],
  [`${core}/clock/clock.ts`, `import "../io/socket.js";`, "tools-know-words-only"],
  [`${core}/classify/rule.ts`, `import "../io/socket.js";`, "judge-reads-the-log-only"],
  [`${core}/io/session.ts`, `import "../classify/fine.js";`, "witness-never-judges"],
  ["packages/testbed/src/server.ts", `import "../../probe-core/src/limits.js";`, "testbed-is-a-stranger"],
  [`${core}/io/shortcut.ts`, `import "../../../testbed/src/fine.js";`, "testbed-is-a-stranger"],
  ["packages/cli/src/run.ts", `import "../../probe-core/src/limits.js";`, "front-doors"],
];

/** Near misses: allowed, so nothing may be said about them. */
const ALLOWED: readonly (readonly [path: string, content: string])[] = [
  [`${core}/attribute/b.ts`, `import "./a.js";`], // the cycle is told once, at a.ts
  [`${core}/attribute/c.ts`, `import type { D } from "./d.js"; export type C = D | 1;`],
  [`${core}/attribute/d.ts`, `import { e } from "./e.js"; export type D = typeof e;`],
  [`${core}/attribute/e.ts`, `import type { C } from "./c.js"; export const e: C | 2 = 2;`],
  [`${core}/limits.ts`, "export const LIMITS = {};"],
  [`${core}/attribute/fine.ts`, `import "../events/fine.js"; import "../limits.js";`],
  [`${core}/events/fine.ts`, "export {};"],
  [`${core}/classify/fine.ts`, `import "../attribute/fine.js";`],
  [`${core}/io/socket.ts`, `import "node:net"; import "../h2/fine.js"; import "../clock/fine.js";`],
  [`${core}/h2/fine.ts`, `import "./frames.js";`],
  [`${core}/h2/frames.ts`, `import "../events/fine.js";`],
  [`${core}/clock/fine.ts`, `import "node:perf_hooks"; import "../events/fine.js";`],
  [`${core}/index.ts`, `import "./io/socket.js"; import "./classify/fine.js";`],
  ["packages/testbed/src/fine.ts", "export {};"],
  ["packages/cli/src/fine.ts", `import "../../probe-core/src/index.js";`],
];

describe("the arrows between folders", () => {
  let root = "";
  let output = "";

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "drainprobe-arrows-"));
    for (const file of [".dependency-cruiser.cjs", "tsconfig.check.json", "tsconfig.base.json"]) {
      cpSync(join(ROOT, file), join(root, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    for (const [path, content] of [...FORBIDDEN, ...ALLOWED]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    output = (await arrows({ cwd: root })).output;
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(FORBIDDEN)("%s: %s breaks %s", (path, _content, rule) => {
    expect(output).toMatch(new RegExp(`error ${rule}: ${path.replaceAll(".", "\\.")} `));
  });

  it.each(ALLOWED)("%s may import what it imports", (path) => {
    expect(output).not.toContain(`: ${path} `);
  });

  it("are at most eight, each with its reason, and each is broken above", () => {
    const names = config.forbidden.map((rule: { name: string }) => rule.name);
    expect(names.length).toBeLessThanOrEqual(8);
    for (const rule of config.forbidden) expect(rule.comment.length).toBeGreaterThan(20);
    expect(new Set(FORBIDDEN.map(([, , rule]) => rule))).toEqual(new Set(names));
  });
});
