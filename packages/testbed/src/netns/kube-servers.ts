import { type ControlPlane, startControlPlane } from "../kube/control-plane.js";
import type { ApiserverFlags } from "../kube/flags.js";
import type { ApiserverSettings, LabProbeSettings } from "../lab/lab-scenario.js";
import { HUB, PORT, type Target, VIP } from "./addresses.js";
import type { LabServers } from "./lab-servers.js";

/** Options of {@link startKubeServers}. */
export interface KubeServersOptions {
  readonly settings: ApiserverSettings;
  /** Whom the kubeconfigs make their bearer. */
  readonly user: NonNullable<LabProbeSettings["user"]>;
  /** Listen on the master's own address alone; else on all there are. */
  readonly ownAddress: boolean;
  readonly targets: readonly Target[];
  readonly parent: string;
}

/** Real kube-apiservers, each in its master's namespace, and etcd in the one in the middle. */
export async function startKubeServers(options: KubeServersOptions): Promise<LabServers> {
  const { settings, user, ownAddress, targets, parent } = options;
  const plane = await startControlPlane({
    instances: targets.length,
    version: settings.version ?? "current",
    flags: flagsOf(settings),
    addresses: targets.map(({ address }) => address),
    port: PORT,
    // The VIP may be local on a master, and a redirect leads to its loopback.
    ...(ownAddress ? {} : { bind: "0.0.0.0" }),
    etcdAddress: HUB,
    names: { ip: [VIP] },
    parent,
    wrap: (command, role) => {
      if (role.kind === "etcd") return command;
      const namespace = targets[role.index]?.namespace ?? "";
      return { program: "ip", args: ["netns", "exec", namespace, command.program, ...command.args] };
    },
  });
  if (user === "role") await allowEverything(plane);
  return {
    masters: plane.apiservers.map((server) => ({
      terminationLog: server.logFile,
      pidFile: null,
      pid: () => server.pid,
      terminate: () => server.terminate(),
      kill: () => server.kill(),
      start: () => server.start(),
      ready: () => server.ready(),
    })),
    kubeconfig: () => plane.kubeconfig(user === "role" ? "restricted" : "admin", `${VIP}:${PORT}`),
    close: () => plane.close(),
  };
}

function flagsOf(settings: ApiserverSettings): ApiserverFlags {
  const { shutdownDelayMs, sendRetryAfter, watchGraceMs, goawayChance, requestTimeoutMs } = settings;
  return {
    shutdownDelayMs,
    ...(sendRetryAfter === undefined ? {} : { shutdownSendRetryAfter: sendRetryAfter }),
    ...(watchGraceMs === undefined ? {} : { shutdownWatchGraceMs: watchGraceMs }),
    ...(goawayChance === undefined ? {} : { goawayChance }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
  };
}

/** Rights by a role: what a server knows only once it has read the roles, some time after it began to listen. */
async function allowEverything(plane: ControlPlane): Promise<void> {
  const group = "rbac.authorization.k8s.io";
  const { status, text } = await plane.ask({
    method: "POST",
    path: `/apis/${group}/v1/clusterrolebindings`,
    body: {
      apiVersion: `${group}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "lab-restricted" },
      roleRef: { apiGroup: group, kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: group, kind: "User", name: "lab-restricted" }],
    },
  });
  if (status !== 201) throw new Error(`the role could not be bound: ${status} ${text}`);
}
