import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Summary } from "@drainprobe/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CapturedIo, cli, NOT_FAILED } from "./support/capture.js";
import { HELD, type Stage, stage } from "./support/scenario.js";

const FAST = ["--no-self-test", "--quiet", "--duration", "600ms"];

describe("drainprobe report", () => {
  let server: Stage;
  let log: string;
  let text: string;
  const write = (name: string, content: string): string => {
    const path = join(server.folder, name);
    writeFileSync(path, content);
    return path;
  };

  beforeAll(async () => {
    server = await stage("rst-in-flight");
    log = join(server.folder, "run.jsonl");
    await cli(["run", ...server.target, ...HELD, ...FAST, "--out", log]);
    text = readFileSync(log, "utf8");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("gives a summary for one log, an object with all of them for several", async () => {
    const one = await cli(["report", "--json", log]);
    const several = await cli(["report", "--json", log, log]);
    const summary = JSON.parse(one.stdout) as Summary;
    expect(summary).toMatchObject({ schema: "drainprobe.summary/1", verdict: "fail" });
    expect(JSON.parse(several.stdout)).toMatchObject({
      schema: "drainprobe.report/1",
      logs: [
        { file: log, summary },
        { file: log, summary },
      ],
      merged: { nodes: [{ leftOut: null }, { leftOut: "the same run as another log" }] },
    });
    expect([one.code, several.code]).toEqual([1, 1]);
  });

  it("tells several logs apart by heading", async () => {
    const { stdout } = await cli(["report", log, log]);
    expect(stdout.split(`== ${log} (`)).toHaveLength(3);
  });

  it("reads a log cut off at any byte, and says that it is", async () => {
    const header = text.indexOf("\n") + 1;
    for (let cut = header; cut < text.indexOf('{"kind":"run.footer"'); cut += 997) {
      const { code, stdout, stderr } = await cli(["report", write("cut.jsonl", text.slice(0, cut))]);
      expect([1, 3], `cut at ${cut}`).toContain(code);
      expect(stdout.replace(/\s+/g, " ")).toContain("the log has no end: the run was cut off");
      expect(stderr).toContain("cut.jsonl: the log has no footer: the run was cut off");
    }
  });

  it("tells which lines are no records, and goes on", async () => {
    const lines = text.split("\n");
    lines.splice(5, 0, "not json \x1b[31m", '{"kind":"nonsense"}');
    const { code, stderr, stdout } = await cli(["report", write("corrupt.jsonl", lines.join("\n"))]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/corrupt\.jsonl: line 6: .*\n.*corrupt\.jsonl: line 7: /);
    expect(stderr + stdout).not.toContain("\x1b");
  });

  it("says of an empty log that it is empty, and nothing more", async () => {
    const { code, stdout, stderr } = await cli(["report", write("empty.jsonl", "")]);
    expect(stderr).toContain("empty.jsonl: the log is empty");
    expect({ code, first: stdout.split(":")[0] }).toEqual({ code: 3, first: "INCONCLUSIVE" });
  });

  it("refuses a log of a newer format", async () => {
    const newer = write("newer.jsonl", text.replace('"format":1', '"format":2'));
    const { code, stdout, stderr } = await cli(["report", newer]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^drainprobe: .*newer\.jsonl: the log has format 2, newer than this version reads\n$/);
  });

  it("reports the logs it can read beside one it cannot, and exits with 2", async () => {
    const { code, stdout, stderr } = await cli(["report", log, join(server.folder, "none.jsonl")]);
    expect({ code, told: stdout.includes("FAIL: 1 connection failed") }).toEqual({ code: 2, told: true });
    expect(stderr).toMatch(/none\.jsonl: no such file\n$/);
  });

  it("reads stdin in whatever chunks it comes", async () => {
    const whole = await cli(["report", log]);
    async function* bytes(): AsyncGenerator<Buffer> {
      for (let at = 0; at < text.length; at += 100) yield Buffer.from(text.slice(at, at + 100), "utf8");
    }
    const { Readable } = await import("node:stream");
    const piped = await cli(["report", "-"], new CapturedIo({ stdin: Readable.from(bytes()) }));
    expect(piped.stdout).toBe(whole.stdout);
    expect(piped.code).toBe(1);
  });

  it("judges by the run's thresholds, and by others when told", async () => {
    expect((await cli(["report", "--max-connection-failures", "1", log])).code).toEqual(NOT_FAILED);
    expect((await cli(["report", "--max-connection-failures", "none", log])).stdout).toContain("not checked");
    expect(
      (await cli(["report", "--max-connection-failures", "1", "--max-new-connection-gap", "0s", log])).stdout,
    ).toContain("new-connection gap");
  });

  it("is not misled by verdicts that a log holds: it computes its own", async () => {
    const forged = text
      .split("\n")
      .filter((line) => !line.startsWith('{"kind":"verdict"'))
      .join("\n");
    const own = await cli(["report", "--json", log]);
    expect((await cli(["report", "--json", write("forged.jsonl", forged)])).stdout).toBe(own.stdout);
  });
});
