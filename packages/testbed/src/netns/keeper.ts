import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makePlaneDir, type PlaneDir } from "../kube/plane-dir.js";
import type { LabSetup } from "../lab/lab-scenario.js";
import { MASTERS, PORT } from "./addresses.js";
import { atSpeed, rolloutAtSpeed } from "./at-speed.js";
import { makeCrowd } from "./crowd.js";
import { startOwnServers } from "./embedded-servers.js";
import { type KernelBalancer, startKernelBalancer } from "./kernel-balancer.js";
import { startKubeServers } from "./kube-servers.js";
import type { LabServer, LabServers } from "./lab-servers.js";
import { removeLab } from "./namespaces.js";
import type { FromKeeper, KeptMaster, ToKeeper } from "./protocol.js";
import { playRollout } from "./rollout.js";

// The program that keeps one lab. It runs in the namespace in the middle, where alone every address of the lab can be reached, does what
// its parent tells it, and takes everything away when told so, or when its parent is gone by whatever means.

type Start = Extract<ToKeeper, { type: "start" }>;

const rollouts = new AbortController();
let lab: {
  readonly start: Start;
  servers: LabServers | null;
  balancer: KernelBalancer | null;
  dir: PlaneDir | null;
} | null = null;
let closing: Promise<void> | null = null;

function tell(message: FromKeeper): void {
  // A parent that is gone does not listen; `disconnect` then ends us.
  process.send?.(message, undefined, undefined, () => {});
}

const failed = (error: unknown): void =>
  tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) });

async function start(message: Start): Promise<void> {
  lab = { start: message, servers: null, balancer: null, dir: null };
  const { namespaces, setup, dir: parent } = message;
  const targets = namespaces.masters;
  // Between namespaces it is a router. Packets that conntrack finds odd are still a flow's, and are translated.
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
  await writeFile("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal", "1").catch(() => {});
  await mkdir(parent, { recursive: true });
  const dir = makePlaneDir(parent);
  lab.dir = dir;
  lab.servers = await startServers(message, dir);
  lab.balancer = await startKernelBalancer({
    settings: atSpeed(setup.balancer, message.speed),
    targets,
    dir,
    speed: message.speed,
    onError: failed,
  });
  const masters: KeptMaster[] = [];
  for (const [index, server] of lab.servers.masters.entries()) {
    masters.push({
      kubeconfig: await lab.servers.kubeconfig(index),
      terminationLog: server.terminationLog,
      pidFile: await writePid(dir, index, server),
    });
  }
  tell({ type: "started", masters });
}

async function startServers(message: Start, dir: PlaneDir): Promise<LabServers> {
  const { seed, speed } = message;
  const { apiserver, probe, balancer } = message.setup;
  const user = probe.user ?? "admin";
  // Where a proxy on the master has the VIP.
  const ownAddress = balancer.model === "moving-vip";
  const targets = message.namespaces.masters;
  switch (message.servers) {
    case "kube":
      return startKubeServers({ settings: apiserver, user, ownAddress, targets, parent: message.dir });
    case "embedded":
      return startOwnServers({ settings: apiserver, user, ownAddress, targets, dir, seed, speed });
    default:
      return message.servers satisfies never;
  }
}

async function writePid(dir: PlaneDir, index: number, server: LabServer): Promise<string> {
  if (server.pidFile !== null) return server.pidFile;
  const file = join(dir.path, `kube-apiserver-${index}.pid`);
  await writeFile(file, `${server.pid() ?? ""}\n`);
  return file;
}

async function rollout(setup: LabSetup): Promise<void> {
  if (lab?.servers == null || lab.balancer === null || lab.dir === null) throw new Error("the lab is not up");
  const { servers, balancer, dir, start: started } = lab;
  // Our own API servers count them without their being there.
  const size = started.servers === "kube" ? (setup.apiserver.otherConnections ?? 0) : 0;
  const crowd = size > 0 ? makeCrowd(size) : null;
  await playRollout(rolloutAtSpeed(setup.rollout, lab.start.speed), {
    servers: servers.masters.map((server, index) => ({
      ...server,
      async start() {
        await server.start();
        await writePid(dir, index, server);
      },
    })),
    balancer,
    tell: (moment) => tell({ type: "moment", moment }),
    signal: rollouts.signal,
    beforehand: async (index) => crowd?.gather(MASTERS[index] ?? "", PORT),
  });
  crowd?.disperse();
  tell({ type: "rolled-out" });
}

function close(): Promise<void> {
  closing ??= (async () => {
    rollouts.abort(new Error("the lab is being taken down"));
    if (lab !== null) {
      await lab.balancer?.stop();
      await lab.servers?.close();
      // What is half up or was started in the namespaces by others ends with them.
      await removeLab(lab.start.namespaces.labId);
      await lab.dir?.remove();
    }
    tell({ type: "closed" });
  })().catch(failed);
  return closing;
}

process.on("message", (message: ToKeeper) => {
  switch (message.type) {
    case "start":
      void start(message).catch(failed);
      break;
    case "rollout":
      if (lab !== null) void rollout(lab.start.setup).catch(failed);
      break;
    case "abort":
      rollouts.abort(new Error("the rollout was given up"));
      break;
    case "close":
      void close().then(() => process.disconnect?.());
      break;
    default:
      message satisfies never;
  }
});
process.once("disconnect", () => {
  void close().then(() => process.exit(0));
});
process.on("uncaughtException", (error) => {
  failed(error);
  void close().then(() => process.exit(1));
});
