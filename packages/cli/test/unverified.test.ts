import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LogRecord, PrometheusSink } from "@drainprobe/core";
import { describe, expect, it } from "vitest";
import { cli } from "./support/capture.js";
import { stage } from "./support/scenario.js";

const WORDS = /certificates were not verified, as asked for, on target: this may not be the server you think/;
const FLAGS = ["--idle", "1", "--rate", "20", "--no-self-test", "--duration", "500ms"];

/** Everything that is said of one short run, by the name of what says it. */
async function outputs(flags: readonly string[], url: string, folder: string) {
  const out = join(folder, "run.jsonl");
  const run = await cli(["run", "--target", url, ...flags, ...FLAGS, "--out", out]);
  const file = (name: string): string => join(folder, name);
  const asked = ["--html", "--junit", "--monitor-intervals", "--chrome-trace"];
  const json = await cli(["report", "--json", ...asked.flatMap((flag) => [flag, file(flag.slice(2))]), out]);
  const metrics = new PrometheusSink({ version: "x", nodeVersion: "x" });
  const lines = readFileSync(out, "utf8").trim().split("\n");
  for (const line of lines) {
    const record = JSON.parse(line) as LogRecord | { readonly kind?: undefined };
    if (record.kind !== undefined && !String(record.kind).includes("verdict")) metrics.write(record as LogRecord);
  }
  return {
    metrics: metrics.text(),
    summary: JSON.parse(json.stdout) as { readonly coverage: { readonly unverified?: readonly string[] } },
    texts: {
      // In lines of a terminal's width.
      text: run.stdout.replace(/\s+/g, " "),
      progress: run.stderr,
      ...Object.fromEntries(asked.map((flag) => [flag, readFileSync(file(flag.slice(2)), "utf8")])),
    },
  };
}

describe("a run that was told not to verify certificates", () => {
  it("says so in every output", async () => {
    await using server = await stage("healthy");
    const { texts, summary, metrics } = await outputs(["--insecure-skip-tls-verify"], server.url, server.folder);
    for (const [name, text] of Object.entries(texts)) expect(text, name).toMatch(WORDS);
    expect(summary.coverage.unverified).toEqual(["target"]);
    expect(metrics).toContain('drainprobe_certificates_verified{path="target"} 0');
  });

  it("and one that verifies them does not", async () => {
    await using server = await stage("healthy");
    const ca = server.target.slice(server.target.indexOf("--ca"));
    const { texts, summary, metrics } = await outputs(ca, server.url, server.folder);
    for (const [name, text] of Object.entries(texts)) expect(text, name).not.toMatch(/certificates were not verified/);
    expect(summary.coverage).not.toHaveProperty("unverified");
    expect(metrics).toContain('drainprobe_certificates_verified{path="target"} 1');
  });
});
