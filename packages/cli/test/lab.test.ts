import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LabRun } from "../src/lab/run-result.js";
import { main } from "../src/main.js";
import { CapturedIo } from "./support/capture.js";

/** A lab takes as long as its servers' own times, and a busy machine adds to them. */
const LAB_TIMEOUT_MS = 180_000;
const SEED = 4471;

let folder = "";
const tmp = process.env.TMPDIR;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lab-"));
  process.env.TMPDIR = folder;
});
afterEach(() => {
  if (tmp === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = tmp;
  rmSync(folder, { recursive: true, force: true });
});

async function lab(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = new CapturedIo();
  const code = await main(["lab", ...args], io);
  return { code, stdout: io.text("stdout"), stderr: io.text("stderr") };
}

/** Plays one, and again with the next seed where this machine stood still: that is what exit code 3 says. */
async function played(...args: readonly string[]): Promise<LabRun> {
  for (let seed = SEED; seed < SEED + 3; seed++) {
    const { code, stdout, stderr } = await lab("run", ...args, "--seed", String(seed), "--json");
    if (code === 3) continue;
    const run = JSON.parse(stdout) as LabRun;
    expect(run.differs, stderr).toEqual([]);
    expect(code).toBe(0);
    return run;
  }
  throw new Error("this machine was too busy for a lab, three times over");
}

const typesOf = (run: LabRun): string[] => run.seen.flatMap(({ type }) => type ?? []);

describe("the lab in its embedded tier", () => {
  it(
    "reproduces the reset of the seed's GCP 4.4.7, and its remedy leaves none",
    async () => {
      const before = await played("gcp-4.4.7-crud");
      expect(before.schema).toBe("drainprobe.lab/1");
      expect(typesOf(before)).toContain("tcp.reset");
      expect(before.lost.processed).toBeGreaterThan(0);
      const after = await played("gcp-4.4.7-crud", "--fixed");
      expect(typesOf(after).filter((type) => type.startsWith("tcp."))).toEqual([]);
      // Whatever is lost was provably not processed.
      expect(after.lost.processed).toBe(0);
      expect(after.seen).toContainEqual(expect.objectContaining({ type: null, close: "graceful" }));
      expect(readdirSync(folder)).toEqual(expect.not.arrayContaining([expect.stringMatching(/drainprobe-kube/)]));
    },
    2 * LAB_TIMEOUT_MS,
  );

  it(
    "takes no harm from a healthy server that says GOAWAY now and then",
    async () => {
      const run = await played("goaway-chance");
      expect(run.lost.processed).toBe(0);
      expect(run.seen.find(({ close, type }) => close === "graceful" && type === null)?.count).toBeGreaterThan(0);
    },
    LAB_TIMEOUT_MS,
  );
});

describe("the command line of the lab", () => {
  it("lists its scenarios, each with what must come", async () => {
    const { code, stdout } = await lab("list");
    expect(code).toBe(0);
    expect(stdout).toContain("gcp-4.4.7-crud");
    expect(stdout.replace(/\s+/g, " ")).toMatch(/tcp\.reset \/ reset\b[^;]*, local IP = VIP, expected at least 1/);
  });

  it.each<[string, readonly string[], string]>([
    ["an unknown word", ["play"], "lab play: there is list, run, repeat, matrix, down"],
    ["no scenario", ["run"], "which scenario? drainprobe lab list shows them"],
    ["a scenario that is nearly one", ["run", "gcp-4.4.7-crut"], "did you mean gcp-4.4.7-crud?"],
    ["several scenarios", ["run", "vip-move", "drain-429"], "takes one scenario"],
    ["a twin that is not there", ["run", "drain-429", "--fixed"], "there is nothing to mend"],
    ["real servers in a hurry", ["run", "vip-move", "--tier", "kube", "--speed", "5"], "no other speed than 1"],
  ])("refuses %s in one line", async (_, args, words) => {
    const { code, stderr } = await lab(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("has nothing to take down where no lab was", async () => {
    expect(await lab("down")).toMatchObject({ code: 0, stdout: "nothing of a lab is left\n" });
    expect(readdirSync(folder)).toEqual([]);
  });
});
