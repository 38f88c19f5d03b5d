import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cli } from "../../packages/cli/test/support/capture.js";
import { HELD, stage } from "../../packages/cli/test/support/scenario.js";
import { PROMETHEUS_METRICS } from "../../packages/probe-core/src/index.js";
import { ROOT } from "../../scripts/lib/proc.mjs";

const RULES = join(ROOT, "docs/prometheus-rules.yaml");

/** Outputs for other programs, given to those programs. */
describe("outputs", () => {
  const folder = mkdtempSync(join(process.env.DRAINPROBE_SYSTEM_DIR ?? tmpdir(), "outputs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const tool = (program: string, args: readonly string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    return { status, text: stdout + stderr };
  };

  it.each(["rst-in-flight", "goaway-error-code-debug-data"])("JUnit of %s is valid for xmllint", async (name) => {
    await using server = await stage(name);
    const log = join(folder, `${name}.jsonl`);
    const xml = join(folder, `${name}.xml`);
    await cli(["run", ...server.target, ...HELD, "--no-self-test", "--quiet", "--duration", "600ms", "--out", log]);
    await cli(["report", "--junit", xml, log]);
    const schema = join(ROOT, "packages/cli/test/schemas/junit.xsd");
    expect(tool("xmllint", ["--noout", "--schema", schema, xml])).toEqual({ status: 0, text: `${xml} validates\n` });
    // The schema is no sieve: one attribute less, and it is refused.
    writeFileSync(xml, readFileSync(xml, "utf8").replace(/ errors="0"/, ""));
    expect(tool("xmllint", ["--noout", "--schema", schema, xml]).status).not.toBe(0);
  });

  it("the alert rules are valid for promtool, and name metrics that there are", () => {
    const { status, text } = tool("promtool", ["check", "rules", RULES]);
    expect(status, text).toBe(0);
    const named = new Set(readFileSync(RULES, "utf8").match(/\bdrainprobe_[a-z_]+/g));
    expect(named.size).toBeGreaterThan(4);
    for (const metric of named) expect(Object.keys(PROMETHEUS_METRICS)).toContain(metric);
  });

  it("each alert fires on what it is for, and is silent beside it", () => {
    const tests = readFileSync(join(ROOT, "test/system/prometheus-rules.test.yaml"), "utf8").replace("RULES", RULES);
    const file = join(folder, "rules.test.yaml");
    writeFileSync(file, tests);
    const { status, text } = tool("promtool", ["test", "rules", file]);
    expect(status, text).toBe(0);
    for (const [, alert] of readFileSync(RULES, "utf8").matchAll(/- alert: (\w+)/g)) {
      expect(tests, `no test of ${alert}`).toContain(`alertname: ${alert}`);
    }
  });
});
