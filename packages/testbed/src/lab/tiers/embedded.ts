import { EmbeddedBalancer } from "../../embedded/balancer/embedded-balancer.js";
import { type EmbeddedServers, type ListenAddress, startEmbeddedServers } from "../../embedded/embedded-servers.js";
import { makePlaneDir } from "../../kube/plane-dir.js";
import { freePort } from "../../kube/ports.js";
import { until } from "../../kube/until.js";
import type { LabMaster, LabMoment, LabPlane, LabPlaneOptions, LabTier } from "../lab-plane.js";
import { LAB_PROBE } from "../probe-times.js";

const MASTERS = 3;
/** Only Linux has all of 127.0.0.0/8 without being told; a client's own address there is always 127.0.0.1. */
const MANY_ADDRESSES = process.platform === "linux";
const HAIRPIN_HOST = "127.0.0.1";
/** The balancer has to notice a server that is ready again, at whatever speed. */
const KNOWN_WITHIN_MS = 60_000;
/** `listEverything` of a cluster of some size: what a slow request is for. */
const SLOW_LIST_MS = 2_500;

/** Our own API servers and userland models of balancers: any machine, no root, loopback only. */
export const EMBEDDED: LabTier = {
  tier: "embedded",
  check: async () => null,
  start: startEmbeddedPlane,
  // All it leaves are processes and files below the folder, which whoever owns the folder removes.
  down: async () => [],
};

async function startEmbeddedPlane(options: LabPlaneOptions): Promise<LabPlane> {
  const { setup, seed, speed } = options;
  const dir = makePlaneDir(options.dir);
  const hairpin = setup.balancer.model === "gcp-ilb";
  const ports = await freePorts();
  const direct = ports.direct.map((port, index) => ({ host: hostOf("127.0.2", index), port }));
  const vips = ports.vip.map((port, index) => ({ host: hairpin ? HAIRPIN_HOST : hostOf("127.0.1", index), port }));
  const moments: LabMoment[] = [];
  const tell = (master: number, what: LabMoment["what"]): void => {
    const moment = { master: `master-${master}`, what, wallMs: Date.now() };
    moments.push(moment);
    options.onMoment?.(moment);
  };
  let balancer: EmbeddedBalancer | null = null;
  let servers: EmbeddedServers | null = null;
  const close = async (): Promise<void> => {
    await balancer?.close();
    await servers?.close();
    await dir.remove();
  };
  try {
    servers = await startEmbeddedServers({
      dir,
      settings: setup.apiserver,
      seed,
      speed,
      addresses: direct,
      names: { dns: ["localhost"], ip: [...new Set([...direct, ...vips].map(({ host }) => host))] },
      ...(hairpin ? { also: (index: number) => vips.slice(index, index + 1) } : {}),
      ...(setup.probe.slow === true ? { listEverythingMs: SLOW_LIST_MS } : {}),
      onChange: () => balancer?.update(),
    });
    balancer = new EmbeddedBalancer({
      dir,
      settings: setup.balancer,
      servers: servers.servers,
      speed,
      vips: hairpin ? [] : vips,
      connectTimeoutMs: setup.probe.connectTimeoutMs ?? LAB_PROBE.connectTimeoutMs,
      onVipMoved: (to) => tell(to, "vip-moved"),
    });
    await balancer.start();
    const masters = await mastersOf(servers, vips, setup.probe.user ?? "admin", hairpin && MANY_ADDRESSES);
    const plane = { servers: servers.servers, balancer };
    return {
      tier: "embedded",
      setup,
      vip: vips.map(urlOf).join(" "),
      masters,
      async rollout(signal) {
        const from = moments.length;
        await roll(plane, options, tell, signal);
        return moments.slice(from);
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Rolled {
  readonly servers: EmbeddedServers["servers"];
  readonly balancer: EmbeddedBalancer;
}

type Tell = (master: number, what: LabMoment["what"]) => void;

async function roll(
  { servers, balancer }: Rolled,
  { setup, speed }: LabPlaneOptions,
  tell: Tell,
  signal?: AbortSignal,
): Promise<void> {
  const { action, instances = servers.length, killAfterMs, pauseMs = 0 } = setup.rollout;
  if (action === "none") return;
  if (action === "move-vip") {
    balancer.moveVip();
    return;
  }
  for (const server of servers.slice(0, instances)) {
    signal?.throwIfAborted();
    tell(server.index, "sigterm");
    server.signal("SIGTERM");
    const kill =
      killAfterMs === undefined
        ? null
        : setTimeout(() => {
            tell(server.index, "sigkill");
            server.signal("SIGKILL");
          }, killAfterMs / speed);
    await server.exited();
    if (kill !== null) clearTimeout(kill);
    tell(server.index, "exited");
    signal?.throwIfAborted();
    await pause(pauseMs / speed);
    await server.start();
    tell(server.index, "started");
    await server.ready();
    tell(server.index, "ready");
    await until(
      async () => (balancer.knows(server.index) ? null : `${server.name} is not back in rotation`),
      KNOWN_WITHIN_MS,
    );
  }
}

function mastersOf(
  { servers, kubeconfig }: EmbeddedServers,
  vips: readonly ListenAddress[],
  user: "admin" | "role",
  showsHairpin: boolean,
): Promise<readonly LabMaster[]> {
  return Promise.all(
    servers.map(async (server, index) => ({
      name: server.name,
      onMaster: (command: readonly string[]) => command,
      kubeconfig: await kubeconfig(server.name, urlOf(vips[index] ?? server), user),
      local: urlOf(server),
      showsHairpin,
      terminationLog: server.terminationLog,
      pidFile: server.pidFile,
    })),
  );
}

function hostOf(net: string, index: number): string {
  return MANY_ADDRESSES ? `${net}.${index + 1}` : "127.0.0.1";
}

/** Free on all addresses, so that each of them could be given to any. */
async function freePorts(): Promise<{ readonly direct: readonly number[]; readonly vip: readonly number[] }> {
  const found = new Set<number>();
  const hosts = Array.from({ length: MASTERS }, (_, index) => index).flatMap((index) => [
    hostOf("127.0.1", index),
    hostOf("127.0.2", index),
  ]);
  while (found.size < 2 * MASTERS) found.add(await freePort([...new Set([...hosts, HAIRPIN_HOST])]));
  const ports = [...found];
  return { direct: ports.slice(0, MASTERS), vip: ports.slice(MASTERS) };
}

const urlOf = ({ host, port }: ListenAddress): string => `https://${host}:${port}`;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
