import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { LabSetup } from "../../packages/testbed/src/lab/lab-scenario.js";
import { NETNS } from "../../packages/testbed/src/lab/tiers/netns.js";
import { makeDir } from "./support/run-dir.js";
import { until } from "./support/until.js";

const PLANE = fileURLToPath(new URL("../../packages/testbed/dist/netns/plane.js", import.meta.url));

const SETUP: LabSetup = {
  apiserver: { shutdownDelayMs: 1_000, watchGraceMs: 500 },
  balancer: {
    model: "aws-nlb",
    checks: { probe: "readyz", everyMs: 200, fall: 2, rise: 1 },
    propagationMs: 200,
    terminateUnhealthy: false,
  },
  rollout: { action: "roll", instances: 1 },
  probe: { workload: "readonly" },
};

describe("the tier of network namespaces", () => {
  it("can be had on this machine", async () => {
    expect(await NETNS.check()).toBeNull();
  });

  it("touches nothing of the host, and leaves nothing", async () => {
    const dir = makeDir("lab");
    const before = host();
    const moments: string[] = [];
    {
      await using plane = await NETNS.start({
        setup: SETUP,
        seed: 1,
        speed: 1,
        dir,
        onMoment: ({ master, what }) => moments.push(`${master} ${what}`),
      });
      expect(host()).toEqual(before);
      expect(labNamespaces()).toHaveLength(4);
      const told = await plane.rollout();
      expect(told.map(({ master, what }) => `${master} ${what}`)).toEqual(moments);
      expect(moments).toEqual(["sigterm", "exited", "started", "ready"].map((what) => `master-0 ${what}`));
      expect(host()).toEqual(before);
    }
    expect(labNamespaces()).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
    expect(host()).toEqual(before);
    expect(await NETNS.down(dir)).toEqual([]);
  });

  it("gives up a rollout when told so, and can still be closed", async () => {
    const dir = makeDir("lab");
    const stop = new AbortController();
    const setup: LabSetup = { ...SETUP, apiserver: { shutdownDelayMs: 60_000 } };
    await using plane = await NETNS.start({
      setup,
      seed: 1,
      speed: 1,
      dir,
      onMoment: () => stop.abort(new Error("enough")),
    });
    await expect(plane.rollout(stop.signal)).rejects.toThrow();
    await plane.close();
    expect(labNamespaces()).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("leaves two labs at the same time alone", async () => {
    const dirs = [makeDir("lab"), makeDir("lab")];
    const [one, two] = await Promise.all(dirs.map((dir) => NETNS.start({ setup: SETUP, seed: 1, speed: 1, dir })));
    try {
      expect(labNamespaces()).toHaveLength(8);
      expect(await NETNS.down(dirs[0] ?? "")).toEqual([]);
      expect(labNamespaces()).toHaveLength(8);
      await one?.close();
      expect(labNamespaces()).toHaveLength(4);
      await two?.rollout();
    } finally {
      await Promise.all([one?.close(), two?.close()]);
    }
    expect(labNamespaces()).toEqual([]);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    it(`takes itself down when its owner is ended by ${signal}, in the middle of a rollout`, async () => {
      const owner = await startOwner();
      owner.child.kill(signal);
      await owner.ended;
      await until(
        () =>
          labNamespaces(owner.child.pid).length === 0 &&
          readdirSync(owner.dir).length + processesBelow(owner.dir).length === 0,
        {
          withinMs: 20_000,
          what: "the lab to be gone",
        },
      );
      expect(host()).toEqual(owner.before);
    });
  }

  it("is taken down by `down` when its owner and its keeper were killed", async () => {
    const { dir, child, ended, before } = await startOwner();
    const keeper = keeperOf(child);
    // Stopped first: otherwise it would see its parent go.
    process.kill(keeper, "SIGSTOP");
    child.kill("SIGKILL");
    await ended;
    process.kill(keeper, "SIGKILL");
    expect(labNamespaces(child.pid)).toHaveLength(4);
    const lines = await NETNS.down(dir);
    expect(lines.filter((line) => line.startsWith(`removed namespace drainprobe-${child.pid}-`))).toHaveLength(4);
    expect(labNamespaces(child.pid)).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
    expect(processesBelow(dir)).toEqual([]);
    expect(host()).toEqual(before);
    expect(await NETNS.down(dir)).toEqual([]);
  });
});

/** A process of its own that has a lab and rolls it out. */
async function startOwner() {
  const dir = makeDir("lab");
  const before = host();
  const program = join(makeDir("owner"), "owner.mjs");
  const options = { setup: { ...SETUP, apiserver: { shutdownDelayMs: 60_000 } }, seed: 1, speed: 1, dir };
  writeFileSync(
    program,
    `import { startNetnsPlane } from ${JSON.stringify(`file://${PLANE}`)};
     const plane = await startNetnsPlane("embedded", { ...${JSON.stringify(options)}, onMoment: (m) => process.send(m.what) });
     await plane.rollout();`,
  );
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = once(child, "exit");
  expect(await Promise.race([once(child, "message"), ended])).toEqual(["sigterm", undefined]);
  expect(labNamespaces(child.pid)).toHaveLength(4);
  return { dir, before, child, ended };
}

/** What of the host a lab could have touched. */
function host(): Record<string, string> {
  const of = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: "utf8" });
  return {
    links: of("ip", "-o", "link").replaceAll(/ state \w+/g, ""),
    addresses: of("ip", "-o", "-4", "addr"),
    routes: of("ip", "route", "show", "table", "all"),
    rules: of("ip", "rule"),
    nftables: of("nft", "list", "ruleset"),
    forwarding: readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"),
  };
}

/** Of labs that this process made, or the one given: others may be at work on this machine. */
function labNamespaces(owner: number | undefined = process.pid): string[] {
  try {
    return readdirSync("/run/netns").filter((name) => name.startsWith(`drainprobe-${owner}-`));
  } catch {
    return [];
  }
}

function processesBelow(dir: string): number[] {
  const inDir = (pid: string): boolean => {
    try {
      const cwd = readlinkSync(`/proc/${pid}/cwd`);
      return cwd === dir || cwd.startsWith(dir + sep);
    } catch {
      return false;
    }
  };
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && inDir(entry))
    .map(Number);
}

function keeperOf(owner: ChildProcess): number {
  const children = readFileSync(`/proc/${owner.pid}/task/${owner.pid}/children`, "utf8").trim().split(" ");
  expect(children).toHaveLength(1);
  return Number(children[0]);
}
