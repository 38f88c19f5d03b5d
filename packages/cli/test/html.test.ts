import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeBigLog } from "../../../scripts/big-log.mjs";
import type { ReportData } from "../src/html/page/data.js";
import { cli } from "./support/capture.js";

describe("drainprobe report --html", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "drainprobe-html-"));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  async function page(
    ...logs: readonly {
      readonly events: number;
      readonly seed: number;
      readonly node: string;
      readonly offsetMs?: number;
    }[]
  ): Promise<{ html: string; data: ReportData; stdout: string }> {
    const files = logs.map((options, index) => {
      const file = join(dir, `log-${index}.jsonl`);
      writeBigLog(file, options);
      return file;
    });
    const out = join(dir, "report.html");
    const { stdout } = await cli(["report", ...files, "--html", out]);
    const html = readFileSync(out, "utf8");
    const json = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)?.[1] ?? "";
    return { html, data: JSON.parse(json) as ReportData, stdout };
  }

  it("is one file: two scripts of its own, known by their hashes, and nothing to load", async () => {
    const { html } = await page({ events: 5_000, seed: 1, node: "m0" });
    const script = /<script type="module">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
    const hash = createHash("sha256").update(script).digest("base64");
    expect(html).toContain(`script-src 'sha256-${hash}'`);
    expect(html).toContain("default-src 'none'");
    expect(script).not.toMatch(/^\s*(import|export)\s/m);
    expect(html.match(/<(script|link|img|iframe)[^>]*(src|href)="(?!data:)[^"]*"/g)).toBeNull();
  });

  it("holds the failures of the log, their evidence, and the worst incident first", async () => {
    const { data } = await page({ events: 50_000, seed: 1, node: "m0" });
    expect(data.incidents.length).toBeGreaterThan(10);
    const harm = data.incidents.map(({ unsafe, failed }) => unsafe * 1e6 + failed);
    expect(harm).toEqual([...harm].sort((a, b) => b - a));
    const [node] = data.nodes;
    for (const { conn, evidence } of data.incidents) {
      expect(node?.conns.some(({ id, type }) => id === conn && type !== null)).toBe(true);
      for (const seq of evidence) expect(node?.events[seq], `event ${seq} of connection ${conn}`).toBeDefined();
    }
    expect(node?.casualties.every(({ sent, at }) => sent !== null && sent <= at)).toBe(true);
  });

  it("does not grow with what went well", async () => {
    const small = await page({ events: 50_000, seed: 1, node: "m0" });
    const large = await page({ events: 200_000, seed: 1, node: "m0" });
    expect(large.html.length).toBeLessThan(small.html.length * 2);
  });

  it("says what a log says as text, never as markup", async () => {
    const { html, data } = await page({ events: 5_000, seed: 1, node: "</script><img src=x onerror=alert(1)>\u2028" });
    expect(html).not.toContain("<img");
    expect(data.nodes[0]?.node).toContain("</script><img src=x");
  });

  it("puts nodes on one axis, and their text first says what they say together", async () => {
    const { data, stdout } = await page(
      { events: 50_000, seed: 1, node: "m0" },
      { events: 50_000, seed: 1, node: "m1", offsetMs: 4 },
    );
    expect(data.nodes.map(({ from }) => from)).toEqual([0, 4]);
    expect(data.shared.length).toBeGreaterThan(0);
    expect(data.skewMs).toBe(10);
    expect(stdout).toMatch(/^FAIL on \d of \d nodes\n[\s\S]*\nAll nodes together\n/);
    expect(stdout).toContain("The same instant on several nodes");
  });

  it("tells what cannot be written", async () => {
    const log = join(dir, "a.jsonl");
    writeBigLog(log, { events: 2_000, seed: 1, node: "m0" });
    const { code, stderr } = await cli(["report", log, "--html", join(dir, "none", "report.html")]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("no such file") });
  });
});
