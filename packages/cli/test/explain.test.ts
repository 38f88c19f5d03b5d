import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Explanation } from "@drainprobe/core";
import { afterAll, describe, expect, it } from "vitest";
import { CapturedIo, cli } from "./support/capture.js";

const REPORT = fileURLToPath(new URL("../../probe-core/test/fixtures/graceful-termination-report.md", import.meta.url));
const RESET = "read tcp 10.0.0.6:5->10.0.0.2:6443: read: connection reset by peer";

const words = (text: string): string => text.replace(/\s+/g, " ");
const json = (stdout: string): Explanation => JSON.parse(stdout) as Explanation;

describe("drainprobe explain", () => {
  const folder = mkdtempSync(join(tmpdir(), "drainprobe-explain-"));
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("tells the report that this project comes from", async () => {
    const { code, stdout, stderr } = await cli(["explain", "--year", "2020", REPORT]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(words(stdout)).toContain(
      "5 lost connections, 3 bursts without an address, told by 43 lines; 29 lost writes UNSAFE to retry.",
    );
    expect(stdout).toContain("10.0.0.2:35314 -> 10.0.0.2:6443  HAIRPIN: local IP = remote IP");
    expect(stdout).toContain("TerminationMinimalShutdownDurationFinished, 272 ms AFTER the first failure");
    expect(words(stdout)).toContain("GCP 4.5 / master-0 node and GCP 4.5 / master-1 node failed 9 ms apart");
    expect(words(stdout)).toContain("New connections were not tested");
    expect(words(stdout)).toContain("klog writes no year: 2020, as --year says.");
    for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(130);
  });

  it("gives the same to programs", async () => {
    const { code, stdout } = await cli(["explain", "--json", "--year", "2020", REPORT]);
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ schema: "drainprobe.explain/1", lines: { parsed: 50, failures: 43 } });
    expect(Object.keys(json(stdout)).slice(0, 3)).toEqual(["schema", "lines", "connections"]);
  });

  it("reads stdin in whatever chunks it comes, and gzip", async () => {
    const bytes = readFileSync(REPORT);
    const whole = json((await cli(["explain", "--json", "--year", "2020", REPORT])).stdout);
    for (const content of [bytes, gzipSync(bytes)]) {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < content.length; at += at < 3 ? 1 : 997)
          yield content.subarray(at, at + (at < 3 ? 1 : 997));
      };
      const piped = await cli(
        ["explain", "--json", "--year", "2020", "-"],
        new CapturedIo({ stdin: Readable.from(pieces()) }),
      );
      expect({ ...json(piped.stdout), files: [], parts: [] }).toEqual({ ...whole, files: [], parts: [] });
    }
  });

  it("gives klog's lines the last year that fits before the file was written", async () => {
    const log = write("old.log", `E0608 21:45:21.938909 1 a.go:1] ${RESET}\n`);
    const written = new Date("2021-03-01T00:00:00Z");
    utimesSync(log, written, written);
    expect(json((await cli(["explain", "--json", log])).stdout).connections[0]?.firstAt).toBe(
      "2020-06-08T21:45:21.938909Z",
    );
  });

  it("names files where there are several", async () => {
    const one = write("one.log", `x\nE0608 21:45:21.938909 1 a.go:1] ${RESET}\n`);
    const two = write("two.log", `E0608 21:45:21.940000 1 a.go:1] ${RESET.replace("0.6", "0.7")}\n`);
    const { stdout } = await cli(["explain", one, two]);
    expect(stdout).toContain(`${one}:2`);
    expect(stdout).toContain(`${two}:1`);
    expect(words(stdout)).toContain("failed 1 ms apart");
  });

  it("shows nothing of a log that a terminal would obey", async () => {
    const evil = `E0608 21:45:21.938909 1 a.go:1] Get "https://\x1b]0;x\x07\u202e.example/": unexpected EOF; roll out event: event=Started\x1b[2J pod=\x1b[31mkube-apiserver\n`;
    const log = write(
      "\u009bevil.log",
      `# \x1b[31mred\x9b\n${evil}E0608 21:45:21.938909 1 a.go:1] roll out event: event=Started pod=\x1b[31mkube-apiserver-\u202ex\n`,
    );
    const { stdout, stderr } = await cli(["explain", log]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  });

  it("exits with 0 where logs tell of no failure, and with 3 where there was no log", async () => {
    const quiet = await cli(["explain", write("quiet.log", "I0608 21:45:21.938909 1 a.go:1] all well\n")]);
    expect(quiet).toEqual({
      code: 0,
      stdout: expect.stringContaining("No failure of a connection or a request in 1 log line."),
      stderr: "",
    });
    const prose = await cli(["explain", write("prose.md", "# A heading\n\nunexpected EOF\n")]);
    expect(prose).toEqual({ code: 3, stdout: expect.stringContaining("No log line was recognised"), stderr: "" });
    expect((await cli(["explain", write("empty.log", "")])).code).toBe(3);
  });

  it("explains what it can read beside what it cannot, and exits with 2", async () => {
    const log = write("there.log", `E0608 21:45:21.938909 1 a.go:1] ${RESET}\n`);
    const { code, stdout, stderr } = await cli(["explain", log, join(folder, "none.log")]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/none\.log: no such file\n$/) });
    expect(stdout).toContain("1 lost connection");
    const cut = gzipSync(readFileSync(REPORT)).subarray(0, 900);
    const half = await cli(["explain", write("cut.log.gz", cut)]);
    expect(half).toMatchObject({ code: 2, stderr: expect.stringContaining("cut.log.gz: ") });
    expect(await cli(["explain", join(folder, "none.log")])).toMatchObject({ code: 2, stdout: "" });
    expect(await cli(["explain", "-", "-"])).toMatchObject({
      code: 2,
      stderr: "drainprobe: stdin (-) can be read only once\n",
    });
  });

  it("reads a hundred megabytes in bounded memory, one of them without a line feed", async () => {
    const line = `E0608 21:45:21.938909       1 reflector.go:17] Get "https://api:6443/api/v1/pods": ${RESET}\n`;
    const block = Buffer.from(line.repeat(5_000));
    const blocks = 100;
    const input = async function* (): AsyncGenerator<Uint8Array> {
      for (let number = 0; number < blocks; number += 1) yield block;
      for (let number = 0; number < 20; number += 1) yield Buffer.alloc(1024 * 1024, 0x61);
    };
    const before = process.memoryUsage().rss;
    const { stdout } = await cli(["explain", "--json", "-"], new CapturedIo({ stdin: Readable.from(input()) }));
    expect(json(stdout)).toMatchObject({
      lines: { total: blocks * 5_000 + 1, failures: blocks * 5_000 },
      drops: { "lines.cut": 1 },
    });
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(300);
  });
});
