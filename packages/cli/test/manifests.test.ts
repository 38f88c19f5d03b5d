import { Command } from "commander";
import { DaemonSet } from "kubernetes-models/apps/v1";
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import { Namespace, Service, ServiceAccount } from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { commandLineSource, declareFlags } from "../src/flags/command-line.js";
import { RUN_FLAGS } from "../src/flags/run-flags.js";
import { mergeSettings } from "../src/flags/settings.js";
import { cli } from "./support/capture.js";

/** An object as it was printed, with as much type as the tests need. */
interface Printed {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  // Its shape is what the schemas are asked about.
  readonly [field: string]: unknown;
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const MODELS = { Namespace, Service, ServiceAccount, Role, RoleBinding, ClusterRole, ClusterRoleBinding, DaemonSet };

/** Every kind of deployment. */
const VARIANTS: readonly (readonly string[])[] = [
  [],
  ["--openshift"],
  ["--workload", "readonly"],
  ["--workload", "version"],
  ["--own-namespaces"],
  ["--workload", "readonly", "--own-namespaces"],
  ["--kubelet-kubeconfig", "none", "--workload", "version", "--log-size", "none"],
  ["--openshift", "--metrics-port", "9464", "--service-monitor", "--termination-log", "/var/log/kube-apiserver/x.log"],
  ["--namespace", "probes", "--image", "r.example:5000/a/drainprobe:1@sha256:".concat("0".repeat(64)), "--openshift"],
];

async function print(...flags: readonly string[]): Promise<Printed[]> {
  const { code, stdout, stderr } = await cli(["manifests", ...flags]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return parseAllDocuments(stdout).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Printed;
  });
}

const find = (objects: readonly Printed[], kind: string, namespace?: string): Printed | undefined =>
  objects.find(
    (object) => object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace),
  );

const rulesOf = (object: Printed | undefined): readonly Rule[] => (object?.rules ?? []) as readonly Rule[];

function daemonSetOf(objects: readonly Printed[]): NonNullable<DaemonSet["spec"]>["template"]["spec"] & object {
  const found = find(objects, "DaemonSet");
  const spec = new DaemonSet(found as never).spec?.template.spec;
  if (spec === undefined) throw new Error("no pod");
  return spec;
}

describe.each(VARIANTS.map((flags) => [flags.join(" ") || "no flags", flags] as const))("manifests %s", (_, flags) => {
  it("are valid by the Kubernetes schemas", async () => {
    for (const object of await print(...flags)) {
      const Model = MODELS[object.kind as keyof typeof MODELS];
      if (Model === undefined) {
        expect(["SecurityContextConstraints", "ServiceMonitor"]).toContain(object.kind);
        continue;
      }
      expect(object.apiVersion).toBe(Model.apiVersion);
      expect(() => new Model(object as never).validate(), object.kind).not.toThrow();
    }
  });

  it("give the container a command line that run accepts", async () => {
    const [container] = daemonSetOf(await print(...flags)).containers;
    const args = container?.args?.map((arg) => arg.replace("$(POD_IP)", "10.0.0.6")) ?? [];
    expect(args[0]).toBe("run");
    const command = new Command("run").exitOverride();
    declareFlags(command, RUN_FLAGS);
    command.parse(args.slice(1), { from: "user" });
    expect(command.args).toEqual([]);
    const { settings } = mergeSettings(RUN_FLAGS, [commandLineSource(command, RUN_FLAGS)]);
    expect(settings.concurrency).toBe(10);
    expect(["crud", "readonly", "version"]).toContain(settings.workload);
    // Whatever the container is to read or write is mounted there.
    const mounted = container?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
    for (const path of [settings.kubeletKubeconfig, settings.out, settings.terminationLog]) {
      if (path !== undefined)
        expect(mounted.some((mount) => path === mount || path.startsWith(`${mount}/`))).toBe(true);
    }
    const volumes = daemonSetOf(await print(...flags)).volumes?.map(({ name }) => name) ?? [];
    expect(container?.volumeMounts?.map(({ name }) => name)).toEqual(volumes);
  });

  it("refer to nothing that is not there", async () => {
    const objects = await print(...flags);
    const ids = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    const account = find(objects, "ServiceAccount");
    const made = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
    const existing = [...made, "default", "kube-system", "openshift-kube-apiserver"];
    for (const object of objects) {
      const { namespace } = object.metadata;
      if (namespace !== undefined) expect(existing).toContain(namespace);
      if (object.kind.endsWith("Binding")) {
        const { roleRef, subjects } = object as unknown as {
          roleRef: { kind: string; name: string };
          subjects: readonly { kind: string; name: string; namespace: string }[];
        };
        expect(ids).toContain(`${roleRef.kind} ${namespace ?? ""}/${roleRef.name}`);
        expect(subjects).toEqual([
          { kind: "ServiceAccount", name: account?.metadata.name, namespace: account?.metadata.namespace },
        ]);
      }
    }
    expect(daemonSetOf(objects).serviceAccountName).toBe(account?.metadata.name);
  });

  it("ask for no more than is needed of the cluster", async () => {
    const objects = await print(...flags);
    for (const object of objects) {
      for (const rule of rulesOf(object)) {
        const all = [rule.apiGroups, rule.resources, rule.nonResourceURLs, rule.verbs].flatMap((names) => names ?? []);
        expect(all).not.toContain("*");
        expect(rule.verbs).not.toContain("update");
        // A heartbeat on the namespace that a run makes: only where it makes one.
        const beats = flags.includes("--own-namespaces") && rule.resources?.join() === "namespaces";
        expect(rule.verbs.includes("patch")).toBe(beats);
        expect(rule.verbs.some((verb) => ["bind", "escalate", "impersonate"].includes(verb))).toBe(false);
        expect(rule.resources ?? []).not.toContain("pods/exec");
      }
    }
    const clusterWide = rulesOf(find(objects, "ClusterRole"));
    const toSecrets = clusterWide.some(({ resources }) => resources?.includes("secrets"));
    expect(toSecrets).toBe(flags.includes("--own-namespaces") && !flags.includes("readonly"));
  });

  it("ask for no more than is needed of the node", async () => {
    const pod = daemonSetOf(await print(...flags));
    expect(pod.containers).toHaveLength(1);
    expect(pod).toMatchObject({ hostNetwork: true, dnsPolicy: "Default" });
    expect([pod.hostPID, pod.hostIPC]).toEqual([undefined, undefined]);
    expect(pod.securityContext?.seccompProfile).toEqual({ type: "RuntimeDefault" });
    const [container] = pod.containers;
    expect(container?.securityContext).toEqual({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container?.resources).toMatchObject({ limits: { cpu: "1", memory: "512Mi" }, requests: { cpu: "100m" } });
    for (const { hostPath, name } of pod.volumes ?? []) {
      if (hostPath === undefined) continue;
      expect(["File", "Directory"]).toContain(hostPath.type);
      expect(container?.volumeMounts?.find((mount) => mount.name === name)?.readOnly).toBe(true);
    }
    // Who reads no file of the node need not be root.
    const files = (pod.volumes ?? []).some(({ hostPath }) => hostPath !== undefined);
    expect(pod.securityContext?.runAsNonRoot ?? false).toBe(!files);
    expect(pod.securityContext?.runAsUser).toBe(files ? 0 : 1000);
  });

  it("have no label that drainprobe cleanup looks for", async () => {
    for (const { kind, metadata } of await print(...flags)) {
      expect(metadata.labels["app.kubernetes.io/managed-by"], kind).toBeUndefined();
      expect(metadata.labels["app.kubernetes.io/name"], kind).toBe("drainprobe");
    }
  });
});

describe("drainprobe manifests", () => {
  it("puts a pod on every control-plane node, old label or new, tainted or not", async () => {
    const pod = daemonSetOf(await print());
    const keys = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
    // Terms are alternatives; within one all would have to hold.
    const terms = pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    expect(terms).toEqual(keys.map((key) => ({ matchExpressions: [{ key, operator: "Exists" }] })));
    expect(pod.tolerations).toEqual(keys.map((key) => ({ key, operator: "Exists", effect: "NoSchedule" })));
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(60);
  });

  it("gives the crud workload its rights in one namespace, and reading the list of configmaps elsewhere", async () => {
    const objects = await print();
    expect(rulesOf(find(objects, "Role", "drainprobe-scratch"))).toEqual([
      { apiGroups: [""], resources: ["configmaps"], verbs: ["watch"] },
      {
        apiGroups: [""],
        resources: ["configmaps", "secrets", "serviceaccounts"],
        verbs: ["create", "get", "delete", "deletecollection"],
      },
    ]);
    expect(rulesOf(find(objects, "ClusterRole"))).toEqual([
      { nonResourceURLs: ["/version", "/readyz", "/api"], verbs: ["get"] },
      { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] },
      { apiGroups: [""], resources: ["namespaces"], resourceNames: ["drainprobe-scratch"], verbs: ["get"] },
    ]);
  });

  it("gives the version workload no right to any object but those that tell the paths and the rollout", async () => {
    const objects = await print("--workload", "version");
    expect(objects.filter(({ kind }) => kind === "Namespace")).toHaveLength(1);
    expect(rulesOf(find(objects, "ClusterRole"))).toEqual([
      { nonResourceURLs: ["/version", "/readyz", "/api"], verbs: ["get"] },
    ]);
  });

  it("lets the readonly workload create nothing", async () => {
    for (const flags of [[], ["--openshift"]]) {
      for (const object of await print("--workload", "readonly", ...flags)) {
        for (const { verbs } of rulesOf(object)) expect(verbs).not.toContain("create");
      }
    }
  });

  it("prints constraints for OpenShift that allow the pod what it asks for, and nothing else", async () => {
    const objects = await print("--openshift", "--metrics-port", "9464");
    const constraints = find(objects, "SecurityContextConstraints");
    expect(constraints).toMatchObject({
      apiVersion: "security.openshift.io/v1",
      allowPrivilegedContainer: false,
      allowPrivilegeEscalation: false,
      allowHostNetwork: true,
      allowHostPorts: true,
      allowHostPID: false,
      allowHostIPC: false,
      allowHostDirVolumePlugin: true,
      allowedCapabilities: [],
      requiredDropCapabilities: ["ALL"],
      readOnlyRootFilesystem: true,
      volumes: ["emptyDir", "projected", "hostPath"],
    });
    expect(rulesOf(find(objects, "Role", "drainprobe"))).toEqual([
      {
        apiGroups: ["security.openshift.io"],
        resources: ["securitycontextconstraints"],
        resourceNames: [constraints?.metadata.name],
        verbs: ["use"],
      },
    ]);
    expect(daemonSetOf(objects).volumes?.[0]?.hostPath?.path).toBe("/var/lib/kubelet/kubeconfig");
    const plain = await print("--openshift", "--kubelet-kubeconfig", "none");
    expect(find(plain, "SecurityContextConstraints")).toMatchObject({
      allowHostPorts: false,
      allowHostDirVolumePlugin: false,
      volumes: ["emptyDir", "projected"],
    });
  });

  it("serves metrics on the node's address only where asked, and has them found", async () => {
    const without = await print();
    expect(find(without, "Service")).toBeUndefined();
    const [quiet] = daemonSetOf(without).containers;
    expect([quiet?.ports, quiet?.livenessProbe, quiet?.env]).toEqual([undefined, undefined, undefined]);

    const objects = await print("--metrics-port", "9464", "--service-monitor");
    const pod = daemonSetOf(objects);
    const [container] = pod.containers;
    expect(container?.args?.join(" ")).toContain("--metrics-port 9464 --metrics-address $(POD_IP)");
    expect(container?.env).toEqual([{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }]);
    expect(container?.ports).toEqual([{ name: "metrics", containerPort: 9464, hostPort: 9464, protocol: "TCP" }]);
    const daemonSet = new DaemonSet(find(objects, "DaemonSet") as never);
    const podLabels = daemonSet.spec?.template.metadata?.labels;
    expect(daemonSet.spec?.selector.matchLabels).toEqual(podLabels);
    const service = new Service(find(objects, "Service") as never);
    expect(service.spec).toMatchObject({ clusterIP: "None", selector: podLabels });
    expect(service.spec?.ports).toEqual([{ name: "metrics", port: 9464, targetPort: "metrics", protocol: "TCP" }]);
    expect(find(objects, "ServiceMonitor")?.spec).toMatchObject({
      selector: { matchLabels: service.metadata?.labels },
      endpoints: [{ port: "metrics" }],
    });
  });

  it("lets two deployments live in one cluster", async () => {
    const id = ({ kind, metadata }: Printed): string => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    const one = (await print("--openshift")).map(id);
    const other = (await print("--openshift", "--namespace", "probes")).map(id);
    expect(one.filter((each) => other.includes(each))).toEqual([]);
  });
});
