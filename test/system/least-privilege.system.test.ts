import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ControlPlane, findKubePrograms, startControlPlane } from "@drainprobe/testbed";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { kubePrograms } from "../../packages/testbed/test/kube-programs.js";
import { BIN } from "./support/hardening/probe.js";
import { startProcess } from "./support/owned-process.js";
import { makeDir } from "./support/run-dir.js";
import { until } from "./support/until.js";

interface Rule {
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

interface Printed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly spec?: {
    readonly template?: { readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] } };
  };
}

/** One question the API server decided about, by its own audit log. */
interface Decision {
  readonly verb: string;
  /** A resource, or a path that is none. */
  readonly on: string;
  readonly allowed: boolean;
}

/** What every authenticated user of a default cluster may read, and a hardened cluster may not let it. */
const DEFAULT_BINDINGS = ["system:public-info-viewer", "system:discovery"];
const MARKERS_NAMESPACE = "openshift-kube-apiserver";

/** Every verb of the printed roles is taken away by itself, and the API server's audit log says who misses it. */
describe("the rights that drainprobe manifests asks for are the fewest", () => {
  let plane: ControlPlane;
  let admin: string;
  let dir: string;
  let audit: string;
  let runs = 0;

  beforeAll(async () => {
    if (!(await findKubePrograms("current")).ok) return;
    dir = makeDir("rights");
    audit = join(dir, "audit.log");
    const policy = join(dir, "audit-policy.yaml");
    writeFileSync(
      policy,
      "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n",
    );
    const more = [`--audit-policy-file=${policy}`, `--audit-log-path=${audit}`, "--audit-log-mode=blocking"];
    plane = await startControlPlane({ parent: makeDir("kube"), flags: { more } });
    admin = await plane.kubeconfig("admin");
    kubectl(["create", "namespace", MARKERS_NAMESPACE]);
    kubectl(["delete", "clusterrolebinding", ...DEFAULT_BINDINGS]);
  }, 300_000);

  beforeEach((test) => kubePrograms(test, "current"));
  afterAll(() => plane?.close());

  function kubectl(args: readonly string[], input = ""): string {
    const env = { ...process.env, HOME: dir };
    const { status, stdout, stderr } = spawnSync("kubectl", ["--kubeconfig", admin, ...args], {
      input,
      encoding: "utf8",
      env,
    });
    expect(status, `kubectl ${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  function printed(...flags: readonly string[]): Printed[] {
    const { stdout } = spawnSync(process.execPath, [BIN, "manifests", ...flags], { encoding: "utf8" });
    return parseAllDocuments(stdout).map((document) => document.toJS() as Printed);
  }

  function apply(objects: readonly Printed[]): void {
    kubectl(["apply", "-f", "-"], objects.map((object) => `---\n${stringify(object)}`).join(""));
  }

  /** A short run as deployed, a cleanup after it, and what the API server decided about the two. */
  async function decisions(objects: readonly Printed[], ownNamespaces: boolean): Promise<Decision[]> {
    const account = objects.find(({ kind }) => kind === "ServiceAccount")!.metadata;
    const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const issued = await plane.ask({ method: "POST", path, body });
    const { token } = (issued.json() as { status: { token: string } }).status;
    const own = join(dir, `run-${++runs}`);
    mkdirSync(own);
    const cluster = { server: plane.apiservers[0]?.url, "certificate-authority-data": btoa(plane.ca) };
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: { token } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    writeFileSync(join(own, "account.kubeconfig"), stringify(kubeconfig), { mode: 0o600 });
    const args = objects.find(({ kind }) => kind === "DaemonSet")?.spec?.template?.spec.containers[0].args ?? [];
    const places: Readonly<Record<string, string>> = {
      "/etc/drainprobe/kubelet.kubeconfig": await plane.kubeconfig("kubelet"),
      "/var/log/drainprobe": own,
    };
    const from = existsSync(audit) ? readFileSync(audit).length : 0;
    const here = [...args.map((arg) => places[arg] ?? arg), "--kubeconfig", "account.kubeconfig"];
    const run = await startProcess(process.execPath, [BIN, ...here, "--no-self-test", "--json", "--duration", "2s"], {
      dir: own,
    });
    await run.exited;
    if (ownNamespaces) {
      const cleanup = await startProcess(process.execPath, [BIN, "cleanup", "--kubeconfig", "account.kubeconfig"], {
        dir: own,
      });
      await cleanup.exited;
    }
    const user = `system:serviceaccount:${account.namespace}:${account.name}`;
    const lines = readFileSync(audit).subarray(from).toString("utf8").split("\n");
    // What it asked for in advance, and did not begin without.
    const refused = /these credentials may not (.*?): grant it/.exec(run.stderr())?.[1]?.split(", nor ") ?? [];
    const inAdvance = refused.map((words): Decision => {
      const [verb = "", on = ""] = words.split(" ");
      return { verb, on, allowed: false };
    });
    const decided = lines.flatMap((line): Decision[] => {
      if (!line.startsWith("{") || !line.includes(user)) return [];
      const event = JSON.parse(line) as {
        user: { username: string };
        verb: string;
        requestURI: string;
        objectRef?: { resource: string };
        responseStatus?: { code: number };
      };
      if (event.user.username !== user) return [];
      const on = event.objectRef?.resource ?? event.requestURI.split("?")[0] ?? "";
      return [{ verb: event.verb, on, allowed: event.responseStatus?.code !== 403 }];
    });
    return [...inAdvance, ...decided];
  }

  /** The objects, with one verb on one thing taken out of one rule. */
  function without(objects: readonly Printed[], role: Printed, rule: Rule, verb: string, on: string): Printed[] {
    const split = (whole: Rule): Rule[] => {
      const key = whole.resources === undefined ? "nonResourceURLs" : "resources";
      const things = whole[key] ?? [];
      const others = things.filter((thing) => thing !== on);
      return [
        ...(others.length > 0 ? [{ ...whole, [key]: others }] : []),
        ...(whole.verbs.length > 1
          ? [{ ...whole, [key]: [on], verbs: whole.verbs.filter((each) => each !== verb) }]
          : []),
      ];
    };
    return objects.map((object) =>
      object !== role
        ? object
        : { ...object, rules: (object.rules ?? []).flatMap((each) => (each === rule ? split(each) : [each])) },
    );
  }

  function withoutSlices(objects: readonly Printed[]): Printed[] {
    return objects.map((object) => ({
      ...object,
      ...(object.rules === undefined
        ? {}
        : { rules: object.rules.filter(({ resources }) => resources?.includes("endpointslices") !== true) }),
    }));
  }

  function samePlace(objects: readonly Printed[], role: Printed, rule: Rule): [Printed | undefined, Rule | undefined] {
    const same = objects.find(({ kind, metadata }) => kind === role.kind && metadata === role.metadata);
    return [same, same?.rules?.find((each) => each === rule)];
  }

  it.each([
    ["in a namespace that is there", false, []],
    ["in namespaces of its own", true, ["--own-namespaces", "--namespace", "probe-own"]],
  ] as const)("%s: each verb is missed when it is gone", { timeout: 900_000 }, async (_name, ownNamespaces, flags) => {
    const objects = printed(...flags);
    apply(objects);
    await until(async () => (await decisions(objects, ownNamespaces)).every(({ allowed }) => allowed), {
      what: "a run that may do all it does",
      withinMs: 60_000,
    });
    const unmissed: string[] = [];
    let removed = 0;
    for (const role of objects) {
      for (const rule of role.rules ?? []) {
        for (const on of rule.resources ?? rule.nonResourceURLs ?? []) {
          // What both have was taken away from the first already.
          if (ownNamespaces && on !== "namespaces") continue;
          for (const verb of rule.verbs) {
            removed++;
            // Endpoints are asked for only where there are no endpoint slices: in clusters before v1.21.
            const from = on === "endpoints" ? withoutSlices(objects) : objects;
            const [fromRole = role, fromRule = rule] = from === objects ? [] : samePlace(from, role, rule);
            const less = without(from, fromRole, fromRule, verb, on);
            apply(less);
            const after = await decisions(less, ownNamespaces);
            if (!after.some((decision) => !decision.allowed && decision.verb === verb && decision.on === on)) {
              unmissed.push(`${role.metadata.name}: ${verb} ${on}`);
            }
            apply(objects);
          }
        }
      }
    }
    console.log(`${removed} verbs taken away one by one`);
    expect(unmissed).toEqual([]);
  });
});
