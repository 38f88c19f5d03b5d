import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Summary } from "@drainprobe/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCredentials } from "../src/config/credentials.js";
import { program } from "./support/program.js";
import { HELD, stage } from "./support/scenario.js";

const SHORT = ["--sessions", "1", "--rate", "20", "--no-self-test", "--duration", "1s"];
/** Nothing is reached: the file is read first. */
const NOBODY = ["--target", "https://127.0.0.1:9/"];

const folder = mkdtempSync(join(tmpdir(), "drainprobe-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const readers = [
  ["--ca", NOBODY],
  ["--token-file", NOBODY],
  ["--config", []],
  ["--kubeconfig", []],
] as const;

beforeAll(() => {
  execFileSync("mkfifo", [at("pipe")]);
  writeFileSync(at("giant"), "");
  truncateSync(at("giant"), 1024 ** 3);
  symlinkSync("here", at("there"));
  symlinkSync("there", at("here"));
});

describe.skipIf(process.platform === "win32")("files that are none", () => {
  it.each(readers)("%s: a pipe that nobody writes to is given up", async (flag, rest) => {
    await using run = program(["run", ...rest, flag, at("pipe"), ...SHORT]);
    expect([(await run.exited).code, run.text("stderr")]).toEqual([
      2,
      expect.stringMatching(/^drainprobe: .*nothing comes out of it.*\n$/),
    ]);
  });

  it.each(readers)("%s: a device without end and a gigabyte are refused", async (flag, rest) => {
    for (const file of ["/dev/zero", at("giant")]) {
      await using run = program(["run", ...rest, flag, file, ...SHORT]);
      expect([(await run.exited).code, run.text("stderr")]).toEqual([
        2,
        expect.stringMatching(/^drainprobe: .*larger than \d+ bytes.*\n$/),
      ]);
    }
  });

  it.each(readers)("%s: links in a circle are told", async (flag, rest) => {
    await using run = program(["run", ...rest, flag, at("here"), ...SHORT]);
    expect([(await run.exited).code, run.text("stderr")]).toEqual([
      2,
      expect.stringMatching(/^drainprobe: .*symbolic links go in a circle.*\n$/),
    ]);
  });

  it("a pipe whose writer takes its time is read, as of `<(command)`", async () => {
    await using server = await stage("healthy");
    const [target = "", url = "", , ca = ""] = server.target;
    execFileSync("mkfifo", [at("slow")]);
    const writer = spawn("sh", ["-c", 'sleep 0.3; exec cat "$0" > "$1"', ca, at("slow")]);
    await using run = program(["run", target, url, "--ca", at("slow"), ...SHORT, "--json"]);
    expect([0, 3], run.text("stderr")).toContain((await run.exited).code);
    expect(JSON.parse(run.text("stdout"))).toMatchObject({ requests: { failed: 0 }, connections: { failed: 0 } });
    expect(writer.exitCode).toBe(0);
  });

  it("a token file that becomes a pipe, a circle of links, a device without end or nothing holds nobody: the last token serves on", () => {
    const file = at("token");
    const become: (() => void)[] = [
      () => execFileSync("mkfifo", [file]),
      () => symlinkSync("token", file),
      () => symlinkSync("/dev/zero", file),
      () => symlinkSync("/dev/null", file),
      () => {},
    ];
    writeFileSync(file, "first");
    const { token } = loadCredentials({ ca: undefined, cert: undefined, key: undefined, tokenFile: file });
    for (const change of become) {
      unlinkSync(file);
      change();
      expect(token?.()).toBe("first");
      rmSync(file, { force: true });
      writeFileSync(file, "first");
    }
    writeFileSync(file, "second");
    expect(token?.()).toBe("second");
  });
});

describe.skipIf(process.platform !== "linux")("output on a full disk", () => {
  const full = (redirection: string): string[] => ["sh", "-c", `exec "$0" "$@" ${redirection}`];

  it("stdout: told in one line, and exit code 2; the log is whole", async () => {
    await using server = await stage("healthy");
    const out = join(server.folder, "run.jsonl");
    await using run = program(
      ["run", ...server.target, ...HELD, "--no-self-test", "--duration", "1s", "--quiet", "--out", out],
      {},
      full(">/dev/full"),
    );
    expect([(await run.exited).code, run.text("stderr")]).toEqual([
      2,
      "drainprobe: stdout: no space left; what was to be written there is not whole\n",
    ]);
    expect(readFileSync(out, "utf8")).toContain('"kind":"run.footer"');
    await using help = program(["run", "--help"], {}, full(">/dev/full"));
    expect((await help.exited).code).toBe(2);
  });

  it("stderr: nothing but messages is lost", async () => {
    await using server = await stage("healthy");
    await using run = program(
      ["run", ...server.target, ...HELD, "--no-self-test", "--duration", "1s", "--json"],
      {},
      full("2>/dev/full"),
    );
    expect([0, 3]).toContain((await run.exited).code);
    expect(JSON.parse(run.text("stdout"))).toMatchObject({ requests: { failed: 0 } });
  });
});

describe.skipIf(process.platform === "win32")("a log that somebody takes away while it is written", () => {
  it.each([
    ["removed", [], (out: string): void => rmSync(out)],
    ["cut", [], (out: string): void => truncateSync(out)],
    ["replaced", [], (out: string): void => renameSync(out, `${out}.1`)],
    [
      "removed with its folder, before a part of it is full",
      ["--max-log-size", "1MiB"],
      (out: string): void => rmSync(dirname(out), { recursive: true }),
    ],
  ] as const)("%s: the run goes on, is inconclusive, and says so", async (_what, more, take) => {
    await using server = await stage("healthy");
    const out = join(mkdtempSync(join(server.folder, "log-")), "run.jsonl");
    await using run = program(["run", ...server.target, ...HELD, ...more, "--no-self-test", "--json", "--out", out]);
    while (!existsSync(out) || !readFileSync(out, "utf8").includes('"h2.stream.ended"')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    take(out);
    run.child.kill("SIGINT");
    expect((await run.exited).code, run.text("stderr")).toBe(3);
    const summary = JSON.parse(run.text("stdout")) as Summary;
    expect(summary.verdict).toBe("inconclusive");
    expect(summary.coverage.insufficient.join()).toContain(
      "somebody removed, cut or replaced the log while it was written (ESTALE)",
    );
    expect(summary.requests.failed).toBe(0);
  });
});
