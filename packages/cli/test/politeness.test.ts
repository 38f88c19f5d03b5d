import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cli } from "./support/capture.js";
import { stage } from "./support/scenario.js";

const TARGET = ["--target", "https://127.0.0.1:1/"];

describe("hard caps", () => {
  it.each([
    [["--rate", "2001"], "2001 requests a second", "--max-requests"],
    [["--fresh-tcp", "150", "--fresh-tls", "60"], "210 new connections a second", "--max-new-connections"],
    [["--sessions", "1001"], "1001 connections at once", "--max-connections"],
  ])("%j asks for too much, and is told which flag would allow it", async (flags, what, flag) => {
    const { code, stderr } = await cli(["run", ...TARGET, ...flags]);
    expect([code, stderr.includes(what), stderr.includes(`raise ${flag}`)], stderr).toEqual([2, true, true]);
    const allowed = await cli(["run", ...TARGET, ...flags, "--dry-run", flag, "5000"]);
    expect(allowed.code, allowed.stderr).toBe(0);
  });

  it("count all paths together", async () => {
    const two = ["--path", "a=https://127.0.0.1:1/", "--path", "b=https://127.0.0.1:2/"];
    expect((await cli(["run", ...two, "--rate", "1500"])).stderr).toContain("3000 requests a second");
  });
});

describe("--dry-run", () => {
  it("prints load and writes, connects to nobody and writes nothing", async () => {
    await using server = await stage("healthy");
    const folder = mkdtempSync(join(tmpdir(), "drainprobe-dry-"));
    try {
      const out = join(folder, "run.jsonl");
      const flags = [
        "--request",
        "GET /",
        "--request",
        "POST /write {}",
        "--rate",
        "30",
        "--fresh-h2",
        "4",
        "--out",
        out,
      ];
      const { code, stdout } = await cli(["run", ...server.target, ...flags, "--max-log-size", "5MiB", "--dry-run"]);
      expect(code).toBe(0);
      expect(stdout).toContain(
        "2 connections held open (cap 1000), 4 new ones a second (cap 200), 34 requests a second",
      );
      expect(stdout).toContain("writes to the target: POST /write");
      expect(stdout).toContain(`writes on this host: ${out}, mode 0600, at most 5242880 bytes`);
      expect(existsSync(out)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("against API servers lists every write to the cluster, without a kubeconfig", async () => {
    const crud = await cli(["run", "--workload", "crud", "--dry-run"]);
    expect(crud.code, crud.stderr).toBe(0);
    for (const write of [
      "POST one namespace",
      "PATCH an annotation",
      "DELETE it at the end",
      "serviceaccounts, secrets and configmaps",
    ])
      expect(crud.stdout).toContain(write);
    const version = await cli(["run", "--workload", "version", "--dry-run"]);
    expect(version.stdout).toContain("writes to the cluster: none");
    const openshift = await cli(["run", "--workload", "version", "--trigger", "openshift", "--dry-run"]);
    expect(openshift.stdout).toContain("PATCH kubeapiserver/cluster once");
  });
});
