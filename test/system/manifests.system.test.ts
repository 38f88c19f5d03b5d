import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Summary } from "@drainprobe/core";
import { type ControlPlane, findKubePrograms, startControlPlane } from "@drainprobe/testbed";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { kubePrograms } from "../../packages/testbed/test/kube-programs.js";
import { type OwnedProcess, startProcess } from "./support/owned-process.js";
import { makeDir } from "./support/run-dir.js";

const BIN = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));

interface Printed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly template?: { readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] } };
  };
}

/** Kinds that a plain API server does not have: OpenShift's, and the Prometheus operator's. */
const ELSEWHERE = ["SecurityContextConstraints", "ServiceMonitor"];

/** What is printed is given to a real API server, and the rights in it to real runs. */
describe("drainprobe manifests, applied", () => {
  let plane: ControlPlane;
  let admin: string;
  let dir: string;

  beforeAll(async () => {
    if (!(await findKubePrograms("current")).ok) return;
    plane = await startControlPlane({ parent: makeDir("kube") });
    admin = await plane.kubeconfig("admin");
    dir = makeDir("manifests");
    kubectl(["create", "namespace", "openshift-kube-apiserver"]);
  }, 300_000);

  beforeEach((test) => kubePrograms(test, "current"));

  afterAll(() => plane?.close());

  function kubectl(args: readonly string[], input = ""): string {
    const { status, stdout, stderr } = spawnSync("kubectl", ["--kubeconfig", admin, ...args], {
      input,
      encoding: "utf8",
      env: { ...process.env, HOME: dir },
    });
    // A warning would be Pod Security's, or a deprecated version's. That the old label is old we know.
    const warnings = stderr.replace(/^Warning: \S+: node-role\.kubernetes\.io\/master is use .*\n/gm, "");
    expect({ status, warnings }, `kubectl ${args.join(" ")}\n${stdout}`).toEqual({ status: 0, warnings: "" });
    return stdout;
  }

  function printed(...flags: readonly string[]): Printed[] {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, "manifests", ...flags], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return parseAllDocuments(stdout).map((document) => document.toJS() as Printed);
  }

  function apply(objects: readonly Printed[], ...flags: readonly string[]): string {
    const here = objects.filter(({ kind }) => !ELSEWHERE.includes(kind));
    return kubectl(["apply", ...flags, "-f", "-"], here.map((object) => `---\n${stringify(object)}`).join(""));
  }

  /** Starts the container's own command line, as the service account, through the kubelet's address. */
  async function runAsDeployed(objects: readonly Printed[], name: string, ...more: string[]): Promise<OwnedProcess> {
    const account = objects.find(({ kind }) => kind === "ServiceAccount")!.metadata;
    const issued = await plane.ask({
      method: "POST",
      path: `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`,
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
    });
    const { token } = (issued.json() as { status: { token: string } }).status;
    const own = join(dir, name);
    mkdirSync(own);
    const [server] = plane.apiservers;
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: server?.url, "certificate-authority-data": btoa(plane.ca) } }],
      users: [{ name: "u", user: { token } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    writeFileSync(join(own, "account.kubeconfig"), stringify(kubeconfig), { mode: 0o600 });
    const kubelet = await plane.kubeconfig("kubelet");
    const args = objects.find(({ kind }) => kind === "DaemonSet")?.spec?.template?.spec.containers[0].args ?? [];
    const places: Readonly<Record<string, string>> = {
      "/etc/drainprobe/kubelet.kubeconfig": kubelet,
      "/var/log/drainprobe": own,
      "$(POD_IP)": "127.0.0.1",
      "9464": "0",
    };
    const here = args.map((arg) => places[arg] ?? arg);
    return startProcess(
      process.execPath,
      [BIN, ...here, "--kubeconfig", "account.kubeconfig", "--no-self-test", "--json", ...more],
      { dir: own },
    );
  }

  /** Nothing was refused: whatever the workload does, its account may do. */
  async function expectAllowed(run: OwnedProcess): Promise<Summary> {
    const { code } = await run.exited;
    // What it may not read of paths and markers it would say here.
    expect(run.stderr()).toMatch(/^drainprobe: paths: vip /m);
    expect(run.stderr()).not.toMatch(/403|Forbidden|may not/i);
    const summary = JSON.parse(run.stdout()) as Summary;
    const { abandoned: _, ...failed } = summary.requests.byType;
    expect({ failed, connections: summary.connections.byType }).toEqual({ failed: {}, connections: {} });
    // A busy machine may make the run inconclusive (3), and that is no question of rights.
    expect([0, 3]).toContain(code);
    expect(summary.requests.ok).toBeGreaterThan(20);
    return summary;
  }

  it.each([
    ["crud", []],
    ["readonly", ["--workload", "readonly", "--namespace", "probe-readonly"]],
    ["version", ["--workload", "version", "--namespace", "probe-version"]],
    ["crud-own", ["--own-namespaces", "--namespace", "probe-own"]],
    ["readonly-own", ["--workload", "readonly", "--own-namespaces", "--namespace", "probe-readonly-own"]],
    ["openshift", ["--openshift", "--namespace", "probe-openshift", "--metrics-port", "9464", "--service-monitor"]],
  ] as const)("%s: is taken by the API server, and gives the workload the rights it needs", async (name, flags) => {
    const objects = printed(...flags);
    apply(objects);
    expect(apply(objects, "--dry-run=server")).not.toMatch(/configured|created/);
    const run = await runAsDeployed(objects, name, "--duration", "3s");
    await expectAllowed(run);
    expect(readdirSync(join(dir, name)).filter((file) => file.endsWith(".jsonl"))).toHaveLength(1);
  });

  it("its pod passes admission as the DaemonSet's controller would create it", () => {
    const objects = printed("--namespace", "probe-pod");
    apply(objects);
    const pod = objects.find(({ kind }) => kind === "DaemonSet")?.spec?.template;
    const text = stringify({
      apiVersion: "v1",
      kind: "Pod",
      ...pod,
      metadata: { name: "one", namespace: "probe-pod" },
    });
    expect(kubectl(["create", "--dry-run=server", "-f", "-"], text)).toContain("pod/one created (server dry run)");
  });

  it("may do nothing else", () => {
    apply(printed());
    const as = ["--as", "system:serviceaccount:drainprobe:drainprobe"];
    const may = (...question: readonly string[]): string =>
      spawnSync("kubectl", ["--kubeconfig", admin, "auth", "can-i", ...question, ...as], {
        encoding: "utf8",
        env: { ...process.env, HOME: dir },
      }).stdout.trim();
    for (const question of [
      ["get", "secrets", "-n", "kube-system"],
      ["create", "secrets", "-n", "default"],
      ["list", "secrets", "-n", "drainprobe-scratch"],
      ["delete", "namespaces/default"],
      ["delete", "namespaces/drainprobe-scratch"],
      ["create", "namespaces"],
      ["create", "pods", "-n", "drainprobe-scratch"],
      ["create", "rolebindings", "-n", "drainprobe-scratch"],
      ["create", "serviceaccounts", "--subresource=token", "-n", "drainprobe-scratch"],
      ["update", "configmaps", "-n", "drainprobe-scratch"],
      ["delete", "configmaps", "-n", "default"],
      ["get", "nodes"],
    ]) {
      expect(`${question.join(" ")}: ${may(...question)}`).toBe(`${question.join(" ")}: no`);
    }
    expect(may("create", "secrets", "-n", "drainprobe-scratch")).toBe("yes");
  });

  it("lets the probes of all nodes work in one namespace at the same time", async () => {
    const objects = printed();
    apply(objects);
    const runs = [];
    for (const name of ["node-0", "node-1", "node-2"])
      runs.push(await runAsDeployed(objects, name, "--duration", "4s"));
    for (const run of runs) await expectAllowed(run);
    const left = kubectl(["get", "secrets,serviceaccounts,configmaps", "-n", "drainprobe-scratch", "-o", "name"]);
    const ours = left.split("\n").filter((each) => each !== "" && !/(default|kube-root-ca\.crt)$/.test(each));
    expect(ours).toEqual([]);
  });
});
