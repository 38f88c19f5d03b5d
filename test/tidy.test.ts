import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tidy } from "../scripts/lib/tidy.mjs";

describe("tidy", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "drainprobe-tidy-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const breaches = (path: string, content: string): string[] => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    return tidy(root);
  };
  // Put together here, so that this file does not break the rules it tests.
  const home = ["", "home", "somebody", "x"].join("/");
  const skip = `it.${"skip"}("x", () => {});`;

  it.each([
    ["a file of 501 lines", "a.ts", "x;\n".repeat(500), "501 lines"],
    ["a timer in a pure folder", "packages/probe-core/src/h2/a.ts", "setTimeout(() => {}, 1);", "setTimeout outside"],
    ["the wall clock in the fold", "packages/probe-core/src/verdict/a.ts", "const t = Date.now();", "Date.now outside"],
    ["chance in the pacer", "packages/probe-core/src/schedule/a.ts", "Math.random();", "Math.random outside"],
    [
      "a clock of its own in a sink",
      "packages/probe-core/src/sinks/a.ts",
      "performance.now();",
      "performance.now outs",
    ],
    ["somebody's home directory", "docs/a.md", `see ${home}`, "somebody's machine"],
    ["a test that does not run", "packages/cli/src/a.test.ts", skip, "does not run"],
  ])("tells %s", (_what, path, content, told) => {
    expect(breaches(path, content).join("\n")).toContain(told);
  });

  it.each([
    ["a file of 500 lines", "a.ts", "x;\n".repeat(499)],
    ["a timer in io/", "packages/probe-core/src/io/a.ts", "setTimeout(() => {}, 1);"],
    ["the clock in clock/", "packages/probe-core/src/clock/a.ts", "process.hrtime.bigint();"],
    ["a comment that speaks of Date.now", "packages/probe-core/src/h2/a.ts", "// never Date.now here"],
    ["a timer in the testbed", "packages/testbed/src/a.ts", "setTimeout(() => {}, 1);"],
    ["a URL with home in it", "docs/a.md", "https://example.org/home/x"],
  ])("says nothing of %s", (_what, path, content) => {
    expect(breaches(path, content)).toEqual([]);
  });

  it("finds this repository tidy", () => {
    expect(tidy()).toEqual([]);
  });
});
