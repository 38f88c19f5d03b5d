import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Summary } from "@drainprobe/core";
import { type Apiserver, type ControlPlane, startControlPlane } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { program } from "../../packages/cli/test/support/program.js";
import { kubePrograms } from "../../packages/testbed/test/kube-programs.js";
import { makeDir } from "./support/run-dir.js";
import { allOf, readRunLog } from "./support/run-log.js";
import { until } from "./support/until.js";

const CALM = ["--no-self-test", "--idle", "1", "--fresh-h2", "5", "--rate", "50"];
const OPERATOR = "/apis/operator.openshift.io/v1/kubeapiservers";
/** An address that is this host's for the time of a test, and no loopback address, which Kubernetes takes for no endpoint. */
const SECOND_ADDRESS = "198.18.77.2";

/** What OpenShift adds to kube-apiserver: the resource that sets a rollout off, and the header that says which host answers. */
describe("drainprobe run on what looks like OpenShift", () => {
  it("sets the operator's rollout off, waits until it is over, and knows every connection by the header", async (test) => {
    await kubePrograms(test, "current");
    await using plane = await startControlPlane({
      parent: makeDir("kube"),
      flags: { shutdownDelayMs: 4_000, requestTimeoutMs: 5_000 },
    });
    const [server] = plane.apiservers as [Apiserver];
    await installOperatorResource(plane);
    await using front = await startFront(plane, server, "master-7");
    const out = join(makeDir("openshift"), "run.jsonl");
    const kubeconfig = await plane.kubeconfig("admin-token", `127.0.0.1:${front.port}`);
    const run = ["run", "--kubeconfig", kubeconfig, "--workload", "readonly", "--trigger", "openshift"];

    await using careless = program(run);
    expect(await careless.exited).toEqual({ code: 2, signal: null });
    expect(careless.text("stderr")).toMatch(
      /--trigger openshift rolls out the control plane of a whole cluster: add --yes/,
    );
    expect(await reason(plane)).toBe("");

    const local = `local=https://127.0.0.1:${server.port}`;
    const told = ["--yes", "--baseline", "1s", "--settle", "2s", "--path", local, "--out", out, "--json"];
    await using running = program([...run, ...told, ...CALM]);
    // The operator: it rolls out whenever the reason is another one.
    await until(async () => (await reason(plane)) !== "", { what: "a reason to redeploy", withinMs: 60_000 });
    expect(await reason(plane)).toMatch(/^drainprobe [0-9a-f]{8}$/);
    await server.restart();
    expect([0, 1, 3], running.text("stderr")).toContain((await running.exited).code);

    const log = readRunLog(out);
    expect(allOf(log.events, "run.phase").map(({ phase }) => phase)).toEqual(["baseline", "triggered", "settling"]);
    const triggered = allOf(log.events, "run.phase").find(({ phase }) => phase === "triggered");
    const t0 = (JSON.parse(running.text("stdout")) as Summary).rollout?.rollouts[0]?.t0;
    expect(t0?.t).toBeGreaterThan(triggered?.t ?? Number.POSITIVE_INFINITY);
    const byHeader = allOf(log.events, "backend.identified").filter(({ by }) => by === "disruption.header");
    expect(new Set(byHeader.map(({ backend }) => backend))).toEqual(new Set(["master-7"]));
    // Through the front that adds it, and not on the way past it.
    const paths = new Map(allOf(log.events, "tcp.connect.started").map(({ conn, path }) => [conn, path]));
    expect(new Set(byHeader.map(({ conn }) => paths.get(conn)))).toEqual(new Set(["vip"]));
    expect(byHeader.length).toBeGreaterThanOrEqual(3);
    expect(readFileSync(out, "utf8")).not.toContain(plane.credentials.tokens.admin);
  });

  it("finds its paths by the cluster's own endpoints", async (test) => {
    await kubePrograms(test, "current");
    const ip = (verb: "add" | "del"): number | null =>
      spawnSync("ip", ["address", verb, `${SECOND_ADDRESS}/32`, "dev", "lo"]).status;
    expect(ip("add"), "the test needs root to give this host an address").toBe(0);
    try {
      const own = ownAddress();
      const addresses = [own, SECOND_ADDRESS];
      await using plane = await startControlPlane({
        parent: makeDir("kube"),
        instances: 2,
        addresses,
        advertise: addresses,
        flags: { shutdownDelayMs: 1_000 },
      });
      const [first, second] = plane.apiservers as [Apiserver, Apiserver];
      const inOrder = [first, second].map(({ host, port }) => `${host}:${port}`).sort();
      const kubeconfig = await plane.kubeconfig("admin", `localhost:${first.port}`);
      // Its name leads nowhere it listens: the kubelet's address comes from the kubelet's file.
      const kubelet = await plane.kubeconfig("kubelet", `${SECOND_ADDRESS}:${second.port}`);
      const paths = await pathsOf(["--kubeconfig", kubeconfig, "--kubelet-kubeconfig", kubelet], {});
      expect(paths.stderr).toMatch(/path (local|peer-1) is not probed: it is the kubeconfig's own address/);
      expect(paths.found.get("vip")).toBe(`${SECOND_ADDRESS}:${second.port}`);
      expect([paths.found.get("local"), paths.found.get("peer-1")].filter((each) => each !== undefined)).toEqual([
        `${own}:${first.port}`,
      ]);

      // By a third way, as a balancer's: then both servers are found, the one of this host among them.
      await using front = await startFront(plane, first, "master-7");
      const through = await plane.kubeconfig("admin-token", `127.0.0.1:${front.port}`);
      const service = { KUBERNETES_SERVICE_HOST: first.host, KUBERNETES_SERVICE_PORT: String(first.port) };
      const all = await pathsOf(["--kubeconfig", through], service);
      expect(Object.fromEntries(all.found)).toEqual({
        vip: `127.0.0.1:${front.port}`,
        local: inOrder[0],
        service: `${first.host}:${first.port}`,
        "peer-1": inOrder[1],
      });
      const some = await pathsOf(["--kubeconfig", through, "--no-path", "service", "--no-path", "peer"], service);
      expect([...some.found.keys()]).toEqual(["vip", "local"]);
      // Each is a connection of its own to who it says, and a local IP that is the remote one is counted.
      expect(all.summary.paths.find(({ path }) => path === "local")?.hairpin).toBeGreaterThan(0);
    } finally {
      ip("del");
    }
  });
});

interface Paths {
  readonly found: ReadonlyMap<string, string>;
  readonly stderr: string;
  readonly summary: Summary;
}

/** Runs for a moment, and reads which paths it took. */
async function pathsOf(flags: readonly string[], env: Readonly<Record<string, string>>): Promise<Paths> {
  await using run = program(["run", ...flags, "--workload", "version", "--duration", "1s", "--json", ...CALM], env);
  await run.exited;
  const stderr = run.text("stderr");
  const list = /paths: (.*)\n/.exec(stderr)?.[1] ?? "";
  const found = new Map(list.split(", ").map((each) => each.split(" ") as [string, string]));
  return { found, stderr, summary: JSON.parse(run.text("stdout")) as Summary };
}

function ownAddress(): string {
  const { stdout } = spawnSync("hostname", ["-I"], { encoding: "utf8" });
  const address = stdout.split(/\s+/).find((each) => /^\d+\.\d+\.\d+\.\d+$/.test(each) && each !== SECOND_ADDRESS);
  if (address === undefined) throw new Error(`${hostname()} has no address but loopback`);
  return address;
}

/** The operator's resource, as far as a trigger needs it. */
async function installOperatorResource(plane: ControlPlane): Promise<void> {
  const answer = await plane.ask({
    method: "POST",
    path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    body: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "kubeapiservers.operator.openshift.io" },
      spec: {
        group: "operator.openshift.io",
        scope: "Cluster",
        names: { plural: "kubeapiservers", singular: "kubeapiserver", kind: "KubeAPIServer" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: { type: "object", properties: { forceRedeploymentReason: { type: "string" } } },
                },
              },
            },
          },
        ],
      },
    },
  });
  expect(answer.status).toBe(201);
  const body = {
    apiVersion: "operator.openshift.io/v1",
    kind: "KubeAPIServer",
    metadata: { name: "cluster" },
    spec: {},
  };
  await until(async () => (await plane.ask({ method: "POST", path: OPERATOR, body })).status === 201, {
    what: "the resource to be served",
    withinMs: 30_000,
  });
}

async function reason(plane: ControlPlane): Promise<string> {
  const answer = await plane.ask({ path: `${OPERATOR}/cluster` });
  const { spec } = answer.json() as { spec: { forceRedeploymentReason?: string } };
  return spec.forceRedeploymentReason ?? "";
}

interface Front extends AsyncDisposable {
  readonly port: number;
}

/** Speaks TLS and HTTP/2 before one API server, and adds the header that OpenShift's own servers would. */
async function startFront(plane: ControlPlane, server: Apiserver, host: string): Promise<Front> {
  const identity = await plane.credentials.server({ dns: ["localhost"], ip: ["127.0.0.1"] });
  const front: Http2SecureServer = createSecureServer({ ...identity, allowHTTP1: true });
  const sessions = new Set<{ destroy(): void }>();
  front.on("session", (session) => sessions.add(session));
  front.on("secureConnection", (socket) => {
    sessions.add(socket);
    socket.on("error", () => {});
  });
  front.on("sessionError", () => {});
  front.on("request", (incoming, outgoing) => {
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !name.startsWith(":")));
    const wished = headers["x-openshift-if-disruption"] === "true";
    delete headers.connection;
    const upstream = request({
      host: server.host,
      port: server.port,
      ca: plane.ca,
      agent: false,
      method: incoming.method,
      path: incoming.url,
      headers: { ...headers, host: "localhost" },
    });
    upstream.on("error", () => outgoing.stream?.close?.(2));
    upstream.on("response", (answer) => {
      const kept = Object.fromEntries(
        Object.entries(answer.headers).filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/.test(name)),
      );
      const said = `shutdown=false shutdown-delay-duration=4s elapsed=0s host=${host}`;
      outgoing.writeHead(answer.statusCode ?? 500, { ...kept, ...(wished ? { "x-openshift-disruption": said } : {}) });
      answer.on("error", () => outgoing.stream?.close?.(2));
      answer.pipe(outgoing);
    });
    incoming.on("error", () => upstream.destroy());
    outgoing.on("error", () => upstream.destroy());
    outgoing.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
  return {
    port: (front.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((done) => front.close(done));
    },
  };
}
