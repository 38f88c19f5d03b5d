import { readFileSync, watch } from "node:fs";
import { join } from "node:path";
import type { Summary } from "@drainprobe/core";
import { describe, expect, it } from "vitest";
import { NOT_FAILED } from "./support/capture.js";
import { program } from "./support/program.js";
import { HELD, stage } from "./support/scenario.js";

const RUNNING = /probing target/;

/** Resolves when the log holds so many lines of this kind. */
async function logged(folder: string, file: string, kind: string, count: number): Promise<void> {
  const enough = (): boolean => readFileSync(join(folder, file), "utf8").split(`"kind":"${kind}"`).length > count;
  for await (const _ of changes(folder)) if (enough()) return;
}

async function* changes(folder: string): AsyncGenerator<void, void, void> {
  const watcher = watch(folder);
  try {
    for (;;) {
      yield;
      await new Promise((done) => watcher.once("change", done));
    }
  } finally {
    watcher.close();
  }
}

describe("the program", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("ends at %s with its verdict", async (signal) => {
    await using server = await stage("healthy");
    await using run = program([
      "run",
      ...server.target,
      ...["--sessions", "1", "--rate", "20"],
      "--no-self-test",
      "--json",
      "--out",
      join(server.folder, "run.jsonl"),
    ]);
    await run.says(RUNNING);
    await logged(server.folder, "run.jsonl", "h2.stream.ended", 40);
    run.child.kill(signal);
    expect(await run.exited, run.text("stderr")).toEqual({ code: 0, signal: null });
    expect(JSON.parse(run.text("stdout")) as Summary).toMatchObject({ verdict: "pass", coverage: { complete: true } });
  });

  it("exits at once at a second signal, with what it saw in the log", async () => {
    await using server = await stage("healthy");
    const out = join(server.folder, "run.jsonl");
    await using run = program(["run", ...server.target, "--no-self-test", "--out", out]);
    await run.says(RUNNING);
    await logged(server.folder, "run.jsonl", "h2.stream.ended", 5);
    // Both are there when it looks, however busy the machine is.
    run.child.kill("SIGSTOP");
    run.child.kill("SIGINT");
    run.child.kill("SIGTERM");
    run.child.kill("SIGCONT");
    expect(await run.exited).toEqual({ code: 3, signal: null });
    expect(run.text("stdout")).toBe("");
    await using report = program(["report", "--json", out]);
    expect((await report.exited).code).toBe(3);
    expect((JSON.parse(report.text("stdout")) as Summary).requests.ok).toBeGreaterThanOrEqual(5);
  });

  it("killed with -9 leaves a log that can be read up to there", async () => {
    await using server = await stage("rst-in-flight");
    const out = join(server.folder, "run.jsonl");
    await using run = program(["run", ...server.target, ...HELD, "--no-self-test", "--out", out]);
    await run.says(/connection reset/);
    await logged(server.folder, "run.jsonl", "h2.stream.ended", 5);
    run.child.kill("SIGKILL");
    expect((await run.exited).signal).toBe("SIGKILL");
    await using report = program(["report", out]);
    expect((await report.exited).code, "a failure that was seen stays one").toBe(1);
    expect(report.text("stderr")).toContain("run.jsonl: the log has no footer");
    expect(report.text("stdout")).toMatch(/^FAIL: 1 connection failed and took 3 requests with it/);
    expect(report.text("stdout")).toContain("the log has no end");
  });

  it("takes a reader of stdout that went away for no error", async () => {
    await using server = await stage("healthy");
    await using run = program(["run", ...server.target, "--no-self-test", "--duration", "500ms"]);
    run.child.stdout.destroy();
    expect(await run.exited).toEqual({ code: NOT_FAILED, signal: null });
    expect(run.text("stderr")).not.toMatch(/EPIPE|error/i);
  });

  it("tells an error that nobody caught in one line, with exit code 2 and the log flushed", async () => {
    await using server = await stage("healthy");
    const out = join(server.folder, "run.jsonl");
    const bug = 'process.on("SIGUSR2", () => { throw new Error("boom\\nand more"); });';
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(bug)}` };
    await using run = program(["run", ...server.target, "--no-self-test", "--out", out], env);
    await run.says(RUNNING);
    await logged(server.folder, "run.jsonl", "h2.stream.ended", 5);
    run.child.kill("SIGUSR2");
    expect(await run.exited).toEqual({ code: 2, signal: null });
    expect(run.text("stderr")).toMatch(/\ndrainprobe: internal error, please report it: boom and more\n$/);
    await using report = program(["report", "--json", out]);
    await report.exited;
    expect((JSON.parse(report.text("stdout")) as Summary).requests.ok).toBeGreaterThanOrEqual(5);
  });

  it("reads a log from stdin", async () => {
    await using server = await stage("rst-in-flight");
    const out = join(server.folder, "run.jsonl");
    await using run = program([
      "run",
      ...server.target,
      ...HELD,
      "--no-self-test",
      "--quiet",
      "--duration",
      "600ms",
      "--out",
      out,
    ]);
    expect((await run.exited).code).toBe(1);
    await using report = program(["report", "-"]);
    report.child.stdin.end(readFileSync(out));
    expect(await report.exited).toEqual({ code: 1, signal: null });
    expect(report.text("stdout")).toBe(run.text("stdout"));
    expect(report.text("stderr")).toBe("");
  });

  it("leaves misuse to one line and exit code 2", async () => {
    await using run = program(["run", "--taget", "x"]);
    expect(await run.exited).toEqual({ code: 2, signal: null });
    expect(run.text("stderr")).toBe("drainprobe: unknown flag --taget: did you mean --target?\n");
  });

  it("proves itself by a selftest that a pipe can read", async () => {
    await using run = program([
      "selftest",
      "--scenario",
      "fin-mid-body",
      "--scenario",
      "rst-idle",
      "--engine",
      "both",
      "--seed",
      "7",
      "--json",
    ]);
    expect((await run.exited).code, run.text("stderr")).toBe(0);
    expect(JSON.parse(run.text("stdout"))).toMatchObject({
      schema: "drainprobe.selftest/1",
      passed: true,
      seed: 7,
      offDiagonal: [],
    });
  });
});
