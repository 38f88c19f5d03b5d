import { startEmbeddedServers } from "../embedded/embedded-servers.js";
import type { PlaneDir } from "../kube/plane-dir.js";
import type { ApiserverSettings } from "../lab/lab-scenario.js";
import { PORT, type Target, VIP } from "./addresses.js";
import type { LabServers } from "./lab-servers.js";

/** Options of {@link startOwnServers}. */
export interface OwnServersOptions {
  readonly settings: ApiserverSettings;
  /** Whom the kubeconfigs make their bearer. */
  readonly user: "admin" | "role";
  /** Listen on the master's own address alone; else on the VIP and loopback too. */
  readonly ownAddress: boolean;
  readonly targets: readonly Target[];
  readonly dir: PlaneDir;
  readonly seed: number;
  readonly speed: number;
}

/** The lab's own API servers, each in its master's namespace. They listen on the VIP too, be it there already or not. */
export async function startOwnServers(options: OwnServersOptions): Promise<LabServers> {
  const { settings, user, ownAddress, targets, dir, seed, speed } = options;
  const plane = await startEmbeddedServers({
    dir,
    settings,
    seed,
    speed,
    addresses: targets.map(({ address }) => ({ host: address, port: PORT })),
    also: () => (ownAddress ? [] : [VIP, "127.0.0.1"].map((host) => ({ host, port: PORT }))),
    names: { dns: ["localhost"], ip: [VIP, "127.0.0.1", ...targets.map(({ address }) => address)] },
    wrap: (command, index) => {
      const target = targets[index ?? -1];
      if (target === undefined) return command;
      return { program: "ip", args: ["netns", "exec", target.namespace, command.program, ...command.args] };
    },
  });
  return {
    masters: plane.servers.map((server) => {
      const end = (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
        server.signal(signal);
        return server.exited();
      };
      return {
        terminationLog: server.terminationLog,
        pidFile: server.pidFile,
        pid: () => server.pid,
        terminate: () => end("SIGTERM"),
        kill: () => end("SIGKILL"),
        start: () => server.start(),
        ready: () => server.ready(),
      };
    }),
    kubeconfig: (index) => plane.kubeconfig(`kubelet-${index}`, `https://${VIP}:${PORT}`, user),
    close: () => plane.close(),
  };
}
