import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ControlPlane, findKubePrograms, startControlPlane } from "@drainprobe/testbed";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Program, program } from "../../packages/cli/test/support/program.js";
import { kubePrograms } from "../../packages/testbed/test/kube-programs.js";
import { makeDir } from "./support/run-dir.js";

const CALM = ["--no-self-test", "--workload", "crud", "--idle", "1", "--fresh-h2", "5", "--rate", "50"];
/** Where a pod has its service account's token. */
const ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount";
/** Not a token the server knows. */
const STRANGER = "n0b0dy-kn0ws-this-t0ken-4f1c9a7e5d3b2c6f8e0a";

interface Client {
  readonly cert: string;
  readonly key: string;
}

interface Kind {
  readonly name: string;
  /** What the user of a kubeconfig says; files it needs are made in `dir`. */
  user(dir: string, client: Client, token: string): object;
  /** Default: the run works. */
  readonly refused?: RegExp;
}

/** Every kind of credential that a kubeconfig can hold and a run takes, and those that fail with a secret in their hands. */
const KINDS: readonly Kind[] = [
  { name: "a token, inline", user: (_, __, token) => ({ token }) },
  { name: "a token in a file", user: (dir, _, token) => ({ tokenFile: file(dir, "token", `${token}\n`) }) },
  {
    name: "a certificate, inline",
    user: (_, { cert, key }) => ({ "client-certificate-data": btoa(cert), "client-key-data": btoa(key) }),
  },
  {
    name: "certificate and key in one file, as kubelet keeps them",
    user(dir, { cert, key }) {
      const pem = file(dir, "kubelet-client-current.pem", `${cert}\n${key}`);
      return { "client-certificate": pem, "client-key": pem };
    },
  },
  {
    name: "a token from an exec plugin, v1",
    user: (dir, _, token) => exec(dir, "v1", { token, expirationTimestamp: soon() }),
  },
  {
    name: "a certificate from an exec plugin, v1beta1",
    user: (dir, { cert, key }) => exec(dir, "v1beta1", { clientCertificateData: cert, clientKeyData: key }),
  },
  { name: "a token that the server refuses", user: () => ({ token: STRANGER }), refused: /401/ },
  {
    name: "a plugin whose token the server refuses",
    user: (dir) => exec(dir, "v1", { token: STRANGER }),
    refused: /401/,
  },
  {
    name: "a plugin that fails and tells its secret",
    user: (dir) => plugin(dir, "v1", `echo ${STRANGER}; echo ${STRANGER} >&2; exit 3`),
    refused: /exit code 3/,
  },
  { name: "a password", user: () => ({ username: "admin", password: STRANGER }), refused: /password/ },
  { name: "a token with a blank", user: () => ({ token: `${STRANGER} ${STRANGER}` }), refused: /token/ },
];

describe("secrets of a run", () => {
  let plane: ControlPlane;
  let client: Client;

  beforeAll(async () => {
    if (!(await findKubePrograms("current")).ok) return;
    plane = await startControlPlane({ parent: makeDir("kube") });
    client = await plane.credentials.client("canary-admin", ["system:masters"]);
  }, 300_000);

  beforeEach((test) => kubePrograms(test, "current"));

  afterAll(() => plane?.close());

  it.each(KINDS)("$name: is in nothing that is written", async ({ user, refused }) => {
    const token = plane.credentials.tokens.admin;
    const dir = makeDir("secrets");
    const kubeconfig = file(dir, "kubeconfig", stringify(kubeconfigOf(plane, user(dir, client, token))));
    const start = (argv: readonly string[]): Program => program([...argv, "--kubeconfig", kubeconfig]);
    await leavesNoTrace(dir, start, [token, STRANGER, ...pieces(client)], refused);
  });

  it("the service account of a pod: is in nothing that is written", async () => {
    const dir = makeDir("secrets");
    const token = await accountToken(plane);
    const mounted = join(dir, "mounted");
    mkdirSync(mounted);
    file(mounted, "token", token);
    file(mounted, "ca.crt", plane.ca);
    file(mounted, "namespace", "default");
    const { hostname, port } = new URL(plane.apiservers[0]?.url ?? "");
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, KUBECONFIG: "", HOME: dir };
    // In a mount namespace of its own, so that the host gets no such folder.
    const script = `set -e; mount -t tmpfs tmpfs /run; mkdir -p ${dirname(ACCOUNT)}; ln -s ${mounted} ${ACCOUNT}; exec "$0" "$@"`;
    const start = (argv: readonly string[]): Program => program(argv, env, ["unshare", "--mount", "sh", "-c", script]);
    const [head = "", claims = "", signature = ""] = token.split(".");
    expect([head, claims, signature].every((part) => part.length > 10)).toBe(true);
    await leavesNoTrace(dir, start, [token, claims, signature]);
  });

  /** Runs, reports and cleans up, and looks for the secrets in all that was written meanwhile. */
  async function leavesNoTrace(
    dir: string,
    start: (argv: readonly string[]) => Program,
    secrets: readonly string[],
    refused?: RegExp,
  ): Promise<void> {
    const written = join(dir, "written");
    mkdirSync(written);
    const out = join(written, "run.jsonl");
    await using run = start(["run", "--out", out, "--json", "--metrics-port", "0", "--duration", "4s", ...CALM]);
    if (refused === undefined) {
      await run.says(/metrics at \S+/);
      await run.says(/paths: /);
      const url = /metrics at (\S+)/.exec(run.text("stderr"))?.[1] ?? "";
      writeFileSync(join(written, "metrics.txt"), await (await fetch(url)).text());
    }
    const { code } = await run.exited;
    keep(written, "run", run);
    if (refused === undefined) {
      expect([0, 3], run.text("stderr")).toContain(code);
      const outputs = ["--html", "--junit", "--monitor-intervals", "--chrome-trace"];
      const files = outputs.flatMap((flag) => [flag, join(written, flag.slice(2))]);
      await using report = program(["report", ...files, out]);
      await report.exited;
      keep(written, "report", report);
      expect(readdirSync(written)).toHaveLength(outputs.length + 6);
      expect(readFileSync(out, "utf8").length).toBeGreaterThan(10_000);
    } else {
      expect({ code, stderr: run.text("stderr") }).toEqual({ code: 2, stderr: expect.stringMatching(refused) });
    }
    await using cleanup = start(["cleanup"]);
    await cleanup.exited;
    keep(written, "cleanup", cleanup);
    for (const name of readdirSync(written)) {
      const text = readFileSync(join(written, name), "utf8");
      for (const secret of secrets) {
        expect(text.includes(secret), `${name} holds ${secret.slice(0, 6)}…`).toBe(false);
      }
      expect(text, name).not.toMatch(/Bearer |PRIVATE KEY|to be deleted/i);
    }
  }
});

/** Of an account that may do all, so that the run works. */
async function accountToken(plane: ControlPlane): Promise<string> {
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  const name = "canary";
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await plane.ask({ method: "POST", path, body });
    expect(answer.status, answer.text).toBe(201);
    return answer.json();
  };
  await post(accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } });
  const group = "rbac.authorization.k8s.io";
  await post(`/apis/${group}/v1/clusterrolebindings`, {
    apiVersion: `${group}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
  });
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const issued = await post(`${accounts}/${name}/token`, request);
  return (issued as { readonly status: { readonly token: string } }).status.token;
}

/** Lines of both PEM files, and a piece of each as a kubeconfig would hold it. */
function pieces({ cert, key }: Client): string[] {
  const lines = `${cert}\n${key}`.split("\n").filter((line) => line.length === 64);
  const encoded = [cert, key].map((pem) => btoa(pem).slice(100, 160));
  expect(lines.length).toBeGreaterThan(4);
  return [...lines.slice(1), ...encoded];
}

function kubeconfigOf(plane: ControlPlane, user: object): object {
  const server = plane.apiservers[0]?.url;
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": btoa(plane.ca) } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
}

function keep(dir: string, name: string, { text }: Program): void {
  for (const stream of ["stdout", "stderr"] as const) writeFileSync(join(dir, `${name}.${stream}`), text(stream));
}

function file(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function soon(): string {
  return new Date(Date.now() + 60_000).toISOString();
}

function exec(dir: string, version: "v1" | "v1beta1", status: object): object {
  const apiVersion = `client.authentication.k8s.io/${version}`;
  const answer = file(dir, "answer.json", JSON.stringify({ kind: "ExecCredential", apiVersion, status }));
  return plugin(dir, version, `cat ${answer}`);
}

function plugin(dir: string, version: "v1" | "v1beta1", script: string): object {
  const command = file(dir, "plugin", `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o700);
  const apiVersion = `client.authentication.k8s.io/${version}`;
  return { exec: { apiVersion, command, interactiveMode: "Never" } };
}
