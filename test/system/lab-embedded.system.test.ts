import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { LAB_SCENARIOS } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import type { LabRun } from "../../packages/cli/src/lab/run-result.js";
import { ROOT } from "../../scripts/lib/proc.mjs";
import { makeDir } from "./support/run-dir.js";
import { until } from "./support/until.js";

const BIN = join(ROOT, "packages/cli/dist/bin.js");
const TIMEOUT_MS = 240_000;
const SEED = 7;
/** A machine that stood still has another chance; a scenario that differs has not. */
const CHANCES = 3;
const INCONCLUSIVE = 3;

/** A process of the lab's command, with a folder of its own for all it makes. */
function start(folder: string, args: readonly string[]) {
  const child = spawn(process.execPath, [BIN, "lab", ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const closed = once(child, "close").then(([code]) => code as number | null);
  return { child, closed, stdout: () => stdout, stderr: () => stderr };
}

async function run(scenario: string, fixed: boolean): Promise<LabRun> {
  for (let chance = 0; chance < CHANCES; chance++) {
    const words = ["run", scenario, ...(fixed ? ["--fixed"] : []), "--seed", String(SEED + chance), "--json"];
    const lab = start(makeDir("lab"), words);
    const code = await lab.closed;
    if (code === INCONCLUSIVE) continue;
    expect(lab.stdout(), lab.stderr()).not.toBe("");
    return JSON.parse(lab.stdout()) as LabRun;
  }
  throw new Error(`this machine was too busy for ${scenario}, ${CHANCES} times over`);
}

/** The rows of the report it all began with, and what a balancer does on its own. `DRAINPROBE_LAB=all` plays all sixteen. */
const USUAL = /^(gcp-4|aws-4|nlb-terminates|delay-shorter)/;
const PLAYED = LAB_SCENARIOS.filter(({ name }) => process.env.DRAINPROBE_LAB === "all" || USUAL.test(name));

describe("each scenario of the lab, embedded", () => {
  for (const { name, fixed } of PLAYED) {
    it(`${name} shows what it must`, async () => expect((await run(name, false)).differs).toEqual([]), TIMEOUT_MS);
    if (fixed === null) continue;
    it(
      `${name} with its remedy shows nothing else`,
      async () => expect((await run(name, true)).differs).toEqual([]),
      TIMEOUT_MS,
    );
  }
});

/** Processes whose working directory is below a folder. */
function processesBelow(folder: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`) &&
          !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ")
        );
      } catch {
        return false;
      }
    });
}

describe("what a lab leaves behind", () => {
  const probing = { withinMs: 90_000, what: "the probes to run" };

  it(
    "is nothing after SIGINT",
    async () => {
      const folder = mkdtempSync(join(makeDir("lab"), "sigint-"));
      const lab = start(folder, ["run", "gcp-4.4.7-crud"]);
      await until(() => lab.stderr().includes("steady baseline"), probing);
      expect(processesBelow(folder).length).toBeGreaterThan(5);
      lab.child.kill("SIGINT");
      expect(await lab.closed).toBe(INCONCLUSIVE);
      await until(() => processesBelow(folder).length === 0, { withinMs: 20_000, what: "all processes to end" });
      const down = start(folder, ["down"]);
      expect(await down.closed).toBe(0);
      expect(down.stdout()).toBe("nothing of a lab is left\n");
      expect(readdirSync(folder)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "is taken down after SIGKILL by lab down",
    async () => {
      const folder = mkdtempSync(join(makeDir("lab"), "sigkill-"));
      const lab = start(folder, ["run", "gcp-new-connection-black-hole"]);
      await until(() => lab.stderr().includes("rolling out"), probing);
      lab.child.kill("SIGKILL");
      await lab.closed;
      const down = start(folder, ["down"]);
      expect(await down.closed).toBe(0);
      expect(down.stdout()).toMatch(/removed/);
      expect(processesBelow(folder)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
