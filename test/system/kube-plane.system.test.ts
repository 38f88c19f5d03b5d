import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { request } from "node:https";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  type Apiserver,
  type ControlPlane,
  type KubeUser,
  type KubeVersion,
  startBalancer,
  startControlPlane,
  startReadyzChecks,
  stopLeftovers,
} from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { Holder, knock, type Story, startWatch } from "../../packages/testbed/test/kube-clients.js";
import { hasProgram, kubePrograms, skipped } from "../../packages/testbed/test/kube-programs.js";
import { RolloutClient } from "../../packages/testbed/test/kube-rollout-client.js";
import { makeDir } from "./support/run-dir.js";
import { until } from "./support/until.js";

const run = promisify(execFile);

/** How late a busy machine may be. What must not come early is held to what the server promises. */
const LATE_MS = 3_000;
/** Clocks of two processes, and timers that may fire a little early. */
const EARLY_MS = 20;
/** Go's server gives a client so long to go after GOAWAY before it closes by itself. */
const GOAWAY_TIMEOUT_MS = 1_000;

describe("a real kube-apiserver of today, --shutdown-delay-duration=5s", () => {
  const D = 5_000;
  const REQUEST_TIMEOUT = 8_000;

  it("turns not ready at once, says GOAWAY after the delay, closes a second later, and is held by a watch", async (test) => {
    await kubePrograms(test, "current");
    await using plane = await startControlPlane({
      parent: makeDir("kube"),
      flags: { shutdownDelayMs: D, requestTimeoutMs: REQUEST_TIMEOUT },
    });
    const server = first(plane.apiservers);
    // Since v1.29 nobody who is unknown may keep an HTTP/2 connection; this GOAWAY says nothing of the server's health.
    const stranger = new Holder(plane, server, null);
    await stranger.getAll("/version");
    expect(stranger.client.goaways()).toEqual([{ last: 1, code: 0, debug: "" }]);

    const silent = new Holder(plane, server);
    const idle = new Holder(plane, server);
    await idle.getAll("/version");
    await idle.getAll("/version");
    const stubborn = new Holder(plane, server);
    await stubborn.getAll("/version");
    const stubbornEnd = stubborn.getStubbornly("/version");
    const watch = await startWatch(plane, server.url);

    const t0 = performance.now();
    const exiting = server.terminate();
    const notReadyAt = await statusTurns(server, 500, t0);
    // Everything else goes on as if nothing were.
    expect((await plane.ask({ path: "/livez" })).status).toBe(200);
    expect((await plane.ask({ path: "/api/v1/namespaces/default" })).status).toBe(200);
    expect(await knock(server)).toBe("accepted");
    const saidBefore = idle.goawaySeen;

    const stories = await Promise.all([silent.story(t0), idle.story(t0), stubborn.story(t0)]);
    const [silentStory, idleStory, stubbornStory] = stories as [Story, Story, Story];
    const knocked = await knock(server);
    const watchEnd = await watch.ended;
    const exit = await exiting;
    await stubbornEnd;
    const exitAt = exit.exitedAt - t0;
    show("current", { notReadyAt, silentStory, idleStory, stubbornStory, watchEnd: watchEnd.at - t0, exitAt });

    expect(notReadyAt).toBeLessThan(LATE_MS);
    // /readyz had been red and these asked before the delay was over: only then has it any meaning.
    expect(saidBefore).toBe(false);
    for (const story of stories) {
      // One frame, no second one behind it, and nothing in it.
      expect(story.goaways).toHaveLength(1);
      expect(story.goaways[0]).toMatchObject({ code: 0, debug: "" });
      expect(story.goawayAt).toBeGreaterThan(D - EARLY_MS);
      expect(story.goawayAt).toBeLessThan(D + LATE_MS);
      expect(story.endedAt - (story.goawayAt ?? 0)).toBeGreaterThan(GOAWAY_TIMEOUT_MS - EARLY_MS);
      expect(story.endedAt - (story.goawayAt ?? 0)).toBeLessThan(GOAWAY_TIMEOUT_MS + LATE_MS);
    }
    // The last stream the server has read; none at all is 0, and not the 2^31-1 of RFC 9113's two steps.
    expect(silentStory.goaways[0]?.last).toBe(0);
    expect(idleStory.goaways[0]?.last).toBe(3);
    expect(silentStory).toMatchObject({ end: "fin", closeNotify: true });
    expect(idleStory).toMatchObject({ end: "fin", closeNotify: true });
    // Above the last stream id there is silence; below it everything was answered.
    expect(stubbornStory.answered).toBe(stubbornStory.goaways[0]?.last);
    expect(stubbornStory.opened).toBeGreaterThan(stubbornStory.answered);
    expect(knocked).toBe("ECONNREFUSED");
    // The watch holds the process until the request timeout is over, and is then ended in order.
    expect(watchEnd.clean).toBe(true);
    expect(watchEnd.at - t0).toBeGreaterThan(D + REQUEST_TIMEOUT - EARLY_MS);
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exitAt).toBeGreaterThan(D + REQUEST_TIMEOUT - EARLY_MS);
    expect(exitAt).toBeLessThan(D + REQUEST_TIMEOUT + LATE_MS);
  });

  it("rolls three of them out behind a balancer that looks at /readyz, and no client is hurt", async (test) => {
    await kubePrograms(test, "current");
    await using plane = await startControlPlane({
      parent: makeDir("kube"),
      instances: 3,
      flags: { shutdownDelayMs: D, shutdownWatchGraceMs: 2_000 },
    });
    await using balancer = await startBalancer({ upstreams: plane.apiservers });
    await using checks = startReadyzChecks({
      targets: plane.apiservers,
      everyMs: 500,
      timeoutMs: 2_000,
      onChange: (healthy) => balancer.setUpstreams(healthy),
    });
    await endpointsToBe(plane, plane.apiservers);
    const client = new RolloutClient(plane, `https://127.0.0.1:${balancer.port}`);
    const toServer = (server: Apiserver): number => balancer.flows.filter((flow) => flow.upstream === server).length;
    await balancer.when(() => plane.apiservers.every((server) => toServer(server) > 0));

    for (const server of plane.apiservers) {
      const t0 = performance.now();
      const exiting = server.terminate();
      await until(() => !checks.healthy.includes(server), { withinMs: D, what: "the balancer to take it out" });
      const removedAt = performance.now() - t0;
      const before = toServer(server);
      // Its address leaves the Endpoints as soon as it is told to go.
      const others = plane.apiservers.filter((other) => other !== server);
      await endpointsToBe(plane, others);
      expect(server.pid).not.toBe(null);
      const exit = await exiting;
      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(toServer(server)).toBe(before);
      await server.start();
      await server.ready();
      await until(() => checks.healthy.includes(server), { withinMs: 30_000, what: "the balancer to take it in" });
      await balancer.when(() => toServer(server) > before);
      show("rollout", { index: server.index, removedAt, exitAt: exit.exitedAt - t0 });
    }
    const tally = await client.stop();
    show("rollout", { ...tally, watches: tally.watches.length });

    expect(tally.failures).toEqual([]);
    // The held session and the watch were each told to go by the servers they were on.
    expect(tally.goaways).toBeGreaterThanOrEqual(1);
    expect(tally.watches.length).toBeGreaterThanOrEqual(1);
    // The race of a request with GOAWAY, and with the filter that counts requests: a few in a thousand.
    expect(tally.refused + tally.turnedAway).toBeLessThan(tally.ok / 20);
  });
});

describe("a real kube-apiserver v1.18, --shutdown-delay-duration=2s", () => {
  it("exits without waiting for its HTTP server: connections are cut, whether they heard GOAWAY or not", async (test) => {
    const D = 2_000;
    await kubePrograms(test, "historic");
    await using plane = await startControlPlane({
      parent: makeDir("kube"),
      version: "historic",
      flags: { shutdownDelayMs: D },
    });
    const server = first(plane.apiservers);
    const holders: Holder[] = [];
    for (let i = 0; i < 100; i++) {
      const holder = new Holder(plane, server);
      await holder.getAll("/version");
      holders.push(holder);
    }
    const watch = await startWatch(plane, server.url);

    const t0 = performance.now();
    const exiting = server.terminate();
    const notReadyAt = await statusTurns(server, 500, t0);
    const stories = await Promise.all(holders.map((holder) => holder.story(t0)));
    const watchEnd = await watch.ended;
    const exit = await exiting;
    const exitAt = exit.exitedAt - t0;
    const warned = stories.filter((story) => story.goaways.length > 0);
    const lastEnd = Math.max(...stories.map((story) => story.endedAt));
    show("historic", {
      notReadyAt,
      exitAt,
      warned: warned.length,
      firstGoaway: Math.min(...warned.map((story) => story.goawayAt ?? 0)),
      lastEnd,
      watchEnd: watchEnd.at - t0,
    });

    expect(notReadyAt).toBeLessThan(LATE_MS);
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exitAt).toBeGreaterThan(D - EARLY_MS);
    // Whoever waits for the server waits a second for its connections; the watch would take a minute.
    expect(exitAt).toBeLessThan(D + GOAWAY_TIMEOUT_MS - EARLY_MS);
    for (const story of stories) {
      // The process is gone: nobody is left to say goodbye in TLS.
      expect(story.closeNotify).toBe(false);
      expect(story.endedAt).toBeGreaterThan(D - EARLY_MS);
      // Those that were warned were warned as by later versions.
      for (const goaway of story.goaways) expect(goaway).toEqual({ last: 1, code: 0, debug: "" });
    }
    expect(watchEnd.clean).toBe(false);
    expect(watchEnd.at - t0).toBeLessThan(D + LATE_MS);
  });
});

describe.each<KubeVersion>(["current", "historic"])("a control plane of one real kube-apiserver, %s", (version) => {
  it("is used by kubectl under each kubeconfig, comes back after a restart, and leaves nothing", async (test) => {
    const programs = await kubePrograms(test, version);
    if (!hasProgram("kubectl")) return skipped(test, "skipped: no kubectl in PATH");
    const plane = await startControlPlane({ version, parent: makeDir("kube") });
    const [server] = plane.apiservers;
    try {
      expect(server?.version).toBe(programs.apiserver.version);
      expect((await plane.ask({ path: "/version" })).json()).toMatchObject({ gitVersion: server?.version });

      // The kubeconfig's own address, and one that a balancer might have.
      await expectAccess(plane, "admin", "yes", `127.0.0.1:${server?.port}`);
      await expectAccess(plane, "admin", "yes", `localhost:${server?.port}`);
      await expectAccess(plane, "admin-token", "yes");
      await expectAccess(plane, "restricted", "no");
      await expectAccess(plane, "restricted-token", "no");
      await expectAccess(plane, "kubelet", "no");

      await expectNamespaceToGo(plane);
      // Ours is alive, so it is none of the leftovers.
      expect((await stopLeftovers(dirname(plane.dir))).folders).toEqual([]);

      const first = server?.pid;
      const exit = await server?.restart({ shutdownDelayMs: 300 });
      // Anything else than 0 would be a crash: this is how a graceful termination ends in every version.
      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(server?.pid).not.toBe(first);
      // What was stored is still there, and so is the certificate that clients were told of.
      await expectAccess(plane, "admin", "yes");
      const killed = await server?.kill();
      expect(killed).toMatchObject({ code: null, signal: "SIGKILL" });
      expect(server?.exits.length).toBe(2);
    } finally {
      await plane.close();
    }
    expect(existsSync(plane.dir)).toBe(false);
  });
});

describe("a control plane whose owner dies", () => {
  const owner = `
    import { startControlPlane } from ${JSON.stringify(pathToFileURL("packages/testbed/dist/index.js").href)};
    const plane = await startControlPlane({ parent: process.argv[1] });
    console.log(JSON.stringify({ dir: plane.dir, pids: [plane.etcd.process.pid, plane.apiservers[0].pid] }));
    setInterval(() => {}, 1e6);
  `;
  interface Told {
    readonly dir: string;
    readonly pids: readonly number[];
  }
  const own = async (parent: string): Promise<{ child: ChildProcess; exited: Promise<unknown>; told: Told }> => {
    mkdirSync(parent, { recursive: true });
    const child = spawn(process.execPath, ["--input-type=module", "-e", owner, parent], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout?.once("data", (bytes: Buffer) => resolve(bytes.toString()));
      child.once("exit", () => reject(new Error("the owner ended before its control plane was there")));
    });
    return { child, exited, told: JSON.parse(line) as Told };
  };

  it("ends with it at SIGTERM", async (test) => {
    await kubePrograms(test, "current");
    const { child, exited, told } = await own(makeDir("kube"));
    expect(told.pids.every(lives)).toBe(true);
    child.kill("SIGTERM");
    // The signal still means what it means.
    expect(await exited).toBe("SIGTERM");
    await until(() => !told.pids.some(lives), { what: "the processes to end" });
    expect(existsSync(told.dir)).toBe(false);
  });

  it("is found and ended after SIGKILL", async (test) => {
    await kubePrograms(test, "current");
    const parent = makeDir("kube");
    const { child, exited, told } = await own(parent);
    expect(await stopLeftovers(parent)).toEqual({ folders: [], pids: [] });
    child.kill("SIGKILL");
    await exited;
    expect(told.pids.every(lives)).toBe(true);
    const left = await stopLeftovers(parent);
    expect(left.folders).toEqual([told.dir]);
    expect([...left.pids].sort()).toEqual([...told.pids].sort());
    // A killed process takes its time to give back half a gigabyte.
    await until(() => !told.pids.some(lives), { what: "the processes to end" });
    expect(existsSync(told.dir)).toBe(false);
  });
});

/** kubectl waits until a deleted namespace is gone with all that was in it. */
async function expectNamespaceToGo(plane: ControlPlane): Promise<void> {
  const kubectl = ["--kubeconfig", await plane.kubeconfig("admin")];
  await run("kubectl", [...kubectl, "create", "namespace", "scratch"]);
  // The historic one is built without OpenAPI, which kubectl would validate with.
  await run("kubectl", [
    ...kubectl,
    "-n",
    "scratch",
    "create",
    "configmap",
    "one",
    "--from-literal=a=b",
    "--validate=false",
  ]);
  await run("kubectl", [...kubectl, "-n", "scratch", "create", "serviceaccount", "two", "--validate=false"]);
  await run("kubectl", [...kubectl, "delete", "namespace", "scratch", "--timeout=60s"]);
  expect((await plane.ask({ path: "/api/v1/namespaces/scratch" })).status).toBe(404);
  expect((await plane.ask({ path: "/api/v1/namespaces/scratch/configmaps/one" })).status).toBe(404);
}

/** What kubectl says when asked whether this user may create ConfigMaps in `default`. */
async function expectAccess(plane: ControlPlane, user: KubeUser, answer: "yes" | "no", server?: string): Promise<void> {
  const file = await plane.kubeconfig(user, server);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // `kubectl auth can-i` asks the server itself, and exits with 1 for a "no", which it may explain.
  const asked = await run("kubectl", ["--kubeconfig", file, "auth", "can-i", "create", "configmaps"]).catch(
    (error: { stdout?: string }) => error,
  );
  expect(`${user}: ${asked.stdout?.trim().split(" ")[0]}`).toBe(`${user}: ${answer}`);
}

function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error("the list is empty");
  return item;
}

/** When /readyz first gave this status, in ms since `t0`: asked every 20 ms on a new connection, as balancers ask. */
async function statusTurns(server: Apiserver, status: number, t0: number): Promise<number> {
  for (;;) {
    const seen = await readyz(server);
    if (seen === status) return performance.now() - t0;
    if (performance.now() - t0 > 30_000) throw new Error(`/readyz still says ${seen}`);
    await pause(20);
  }
}

function readyz(server: Apiserver): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = request({
      host: server.host,
      port: server.port,
      path: "/readyz",
      agent: false,
      rejectUnauthorized: false,
    });
    req.once("error", reject);
    req.once("response", (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    req.end();
  });
}

/** Waits until the Endpoints of the service `kubernetes` are these servers; the first of them is asked. */
async function endpointsToBe(plane: ControlPlane, servers: readonly Apiserver[]): Promise<void> {
  const wanted = servers.map((server) => server.advertise).join(" ");
  let seen = "";
  await until(
    async () => {
      const answer = await plane.ask({ path: "/api/v1/namespaces/default/endpoints/kubernetes" }, first(servers).index);
      const { subsets = [] } = answer.json() as { subsets?: { addresses: { ip: string }[] }[] };
      seen = subsets.flatMap((subset) => subset.addresses.map((address) => address.ip)).join(" ");
      return seen === wanted;
    },
    { what: () => `Endpoints to be ${wanted}, not ${seen}` },
  );
}

/** A zombie that nobody has fetched yet is not alive. */
function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.charAt(stat.lastIndexOf(")") + 2) !== "Z";
  } catch {
    return false;
  }
}

/** What was measured, on the way. */
function show(what: string, facts: object): void {
  console.log(
    what,
    JSON.stringify(facts, (_key, value) => (typeof value === "number" ? Math.round(value) : value)),
  );
}
