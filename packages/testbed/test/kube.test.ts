import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { certificates, findKubePrograms, startReadyzChecks, stopLeftovers, writeKubeletPem } from "../src/index.js";
import { tellsProgress } from "../src/kube/etcd.js";
import { flagArguments } from "../src/kube/flags.js";
import { makePlaneDir } from "../src/kube/plane-dir.js";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "drainprobe-test-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A program that only says its version. */
function program(name: string, says: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\necho "${says}"\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.runIf(process.platform !== "win32")("finding the programs", () => {
  const empty = (): NodeJS.ProcessEnv => ({ PATH: "", HOME: dir, XDG_CACHE_HOME: join(dir, "cache") });

  it("says in one line what is missing", async () => {
    expect(await findKubePrograms("current", { env: empty() })).toEqual({
      ok: false,
      reason: "skipped: no etcd in KUBEBUILDER_ASSETS or PATH",
    });
    program("etcd", "");
    for (const build of [false, true]) {
      const answer = await findKubePrograms("historic", { env: { ...empty(), PATH: dir }, build });
      expect(answer).toMatchObject({ ok: false, reason: expect.stringMatching(/^skipped: no kube-apiserver v1\.18/) });
      // Nor is there a Go in this PATH.
      expect(answer).toMatchObject({ reason: expect.stringMatching(build ? /there is no Go/ : /was not to be built/) });
      expect((answer as { reason: string }).reason).not.toContain("\n");
    }
  });

  it("takes the current one from KUBEBUILDER_ASSETS, whatever its version, and never the historic one", async () => {
    const etcd = program("etcd", "");
    const apiserver = program("kube-apiserver", "Kubernetes v1.30.4");
    const env = { ...empty(), KUBEBUILDER_ASSETS: dir };
    expect(await findKubePrograms("current", { env })).toEqual({
      ok: true,
      apiserver: { name: "current", version: "v1.30.4", program: apiserver },
      etcd,
    });
    expect(await findKubePrograms("historic", { env })).toMatchObject({ ok: false });
  });

  it("builds what its go.mod pins", () => {
    const folder = new URL("../kube-apiserver/", import.meta.url);
    const versions = [...readFileSync(new URL("build.mjs", folder), "utf8").matchAll(/version: "(v[\d.]+)"/g)];
    expect(versions).toHaveLength(2);
    for (const [, version] of versions) {
      expect(readFileSync(new URL(`${version}/go.mod`, folder), "utf8")).toContain(
        `require k8s.io/kubernetes ${version}\n`,
      );
      expect(readFileSync(new URL(`${version}/go.sum`, folder), "utf8")).toContain(`k8s.io/kubernetes ${version} h1:`);
    }
  });
});

it("writes flags as the server takes them, and none that were not asked for", () => {
  expect(flagArguments({})).toEqual([]);
  expect(
    flagArguments({
      shutdownDelayMs: 5_000,
      shutdownSendRetryAfter: true,
      shutdownWatchGraceMs: 1_500,
      goawayChance: 0.02,
      requestTimeoutMs: 10_000,
      maxStreamsPerConnection: 2_000,
      more: ["--v=4"],
    }).sort(),
  ).toEqual([
    "--goaway-chance=0.02",
    "--http2-max-streams-per-connection=2000",
    "--request-timeout=10000ms",
    "--shutdown-delay-duration=5000ms",
    "--shutdown-send-retry-after=true",
    "--shutdown-watch-termination-grace-period=1500ms",
    "--v=4",
  ]);
});

it.each([
  ["3.4.23", false],
  ["3.4.31", true],
  ["3.5.12", false],
  ["3.5.13", true],
  ["3.6.0", true],
  ["4.0.0", true],
])("knows whether etcd %s tells progress: %s", (version, tells) => {
  expect(tellsProgress(version)).toBe(tells);
});

it("keeps a kubelet's certificate as kubelet does, and rotates it by moving the link", async () => {
  const { client, good } = await certificates();
  const link = await writeKubeletPem(dir, client);
  const before = readlinkSync(link);
  expect(readFileSync(link, "utf8")).toBe(`${client.cert}\n${client.key}\n`);
  expect(statSync(link).mode & 0o777).toBe(0o600);
  expect(await writeKubeletPem(dir, good)).toBe(link);
  expect(readFileSync(link, "utf8")).toContain(good.key);
  expect(readlinkSync(link)).not.toBe(before);
});

describe.runIf(process.platform === "linux")("what a killed control plane leaves", () => {
  /** A process that holds a folder of the plane's, and says when it is there. */
  const holder = async (cwd: string) => {
    const child = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => {}, 1e6)"], {
      cwd,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const exited = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    return { pid: child.pid ?? 0, exited };
  };

  it("is left alone while its owner lives, and ended when it is dead or another process has its id", async () => {
    const plane = makePlaneDir(dir);
    const child = await holder(plane.path);
    const disown = plane.own(child.pid);
    expect(await stopLeftovers(dir)).toEqual({ folders: [], pids: [] });
    expect(existsSync(plane.path)).toBe(true);

    // Our id with another start time: somebody else has been given the id of a dead owner.
    writeFileSync(join(plane.path, "owner.pid"), `${process.pid} 1\n`);
    expect(await stopLeftovers(dir)).toEqual({ folders: [plane.path], pids: [child.pid] });
    expect(await child.exited).toBe("SIGKILL");
    expect(existsSync(plane.path)).toBe(false);
    disown();
    await plane.remove();
  });
});

describe("checks of /readyz", () => {
  it("take a server out after so many failures in a row, and in again after so many successes", async () => {
    const { good } = await certificates();
    const answers = [200, 500, 200, 500, 500, 200, 200, 500, 200];
    const asked: number[] = [];
    const seen: { readonly after: number; readonly healthy: number }[] = [];
    let done = (): void => {};
    const allAsked = new Promise<void>((resolve) => {
      done = resolve;
    });
    const server = createServer({ cert: good.cert, key: good.key }, (request, response) => {
      expect(request.url).toBe("/readyz");
      response.writeHead(answers[asked.length] ?? 200).end();
      asked.push(1);
      if (asked.length > answers.length) done();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const target = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    const checks = startReadyzChecks({
      targets: [target],
      everyMs: 1,
      timeoutMs: 10_000,
      fall: 2,
      rise: 2,
      onChange: (healthy) => seen.push({ after: asked.length, healthy: healthy.length }),
    });
    await allAsked;
    await checks.stop();
    await new Promise((resolve) => server.close(resolve));
    // The single failures in between changed nothing.
    expect(seen).toEqual([
      { after: 5, healthy: 0 },
      { after: 7, healthy: 1 },
    ]);
    expect(checks.healthy).toEqual([target]);
  });

  it("take a server out that does not answer at all", async () => {
    const port = await closedPort();
    const out = new Promise<readonly unknown[]>((resolve) => {
      const checks = startReadyzChecks({
        targets: [{ host: "127.0.0.1", port }],
        everyMs: 1,
        timeoutMs: 5_000,
        onChange: (healthy) => void checks.stop().then(() => resolve(healthy)),
      });
    });
    expect(await out).toEqual([]);
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it("the build script refuses what it does not know", () => {
  const script = new URL("../kube-apiserver/build.mjs", import.meta.url).pathname;
  expect(() => execFileSync(process.execPath, [script, "newest"], { stdio: "pipe" })).toThrow(/unknown: newest/);
});
