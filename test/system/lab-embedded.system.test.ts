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

/** What the catalogue says first of each scenario; one of several where the machine's luck decides how connections end. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "gcp-4.4.7-crud": ["hairpin-reset"],
  "gcp-4.4.7-readonly": ["hairpin-reset", "hairpin", "exit-before-shutdown"],
  "gcp-4.5-crud": ["hairpin-reset", "exit-before-shutdown", "killed"],
  "gcp-4.5-readonly": ["hairpin-reset", "exit-before-shutdown", "killed"],
  "aws-4.5-crud": ["exit-before-shutdown", "killed"],
  "nlb-terminates-unhealthy": ["nlb-terminates"],
  "gcp-new-connection-black-hole": ["redirect-gap"],
  "azure-hairpin": ["no-hairpin"],
  "delay-shorter-than-removal": ["slow-removal"],
  "routing-before-ready": ["slow-removal"],
  "sigkill-at-grace-end": ["killed"],
  "forgotten-flow": ["forgotten-flow"],
  "watch-holds-process": ["held-by-watch"],
  "vip-move": ["address-moved"],
  "drain-429": ["drain-429"],
  "goaway-chance": ["goaway-chance"],
};
/** Nothing need fail there: these say what a server does that goes, or is well. */
const NEED_NOT_FAIL: ReadonlySet<string> = new Set(["watch-holds-process", "drain-429", "goaway-chance"]);

/** Reads the logs of a run as a person would: the verdict over all nodes, and the first known failure. */
async function report(logs: readonly string[]): Promise<{ readonly verdict: string; readonly first: string | null }> {
  const child = spawn(process.execPath, [BIN, "report", ...logs], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await once(child, "close");
  const [head = ""] = text.split("\n== ", 1);
  const fits = /^ +fits +in (?:full|part)[^(]*\(([a-z0-9-]+)\)$/m.exec(head.replace(/\n {17}(?=\S)/g, " "));
  return { verdict: head.split(" ", 1)[0] ?? "", first: fits?.[1] ?? null };
}

async function run(scenario: string, fixed: boolean): Promise<LabRun> {
  for (let chance = 0; chance < CHANCES; chance++) {
    const folder = makeDir("lab");
    const words = ["run", scenario, ...(fixed ? ["--fixed"] : []), "--seed", String(SEED + chance), "--json"];
    const lab = start(folder, [...words, "--out", join(folder, "logs")]);
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
  it("has a first signature that its report must name", () =>
    expect(Object.keys(KNOWN).sort()).toEqual(LAB_SCENARIOS.map(({ name }) => name).sort()));

  for (const { name, fixed } of PLAYED) {
    it(
      `${name} shows what it must, and its report says what that is`,
      async () => {
        const { differs, logs } = await run(name, false);
        expect(differs).toEqual([]);
        const { verdict, first } = await report(logs);
        if (!NEED_NOT_FAIL.has(name)) expect(verdict).toBe("FAIL");
        expect(KNOWN[name]).toContain(first);
      },
      TIMEOUT_MS,
    );
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
