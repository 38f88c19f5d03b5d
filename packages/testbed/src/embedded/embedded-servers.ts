import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeconfigText } from "../kube/kubeconfig.js";
import type { Command } from "../kube/owned-process.js";
import type { PlaneDir } from "../kube/plane-dir.js";
import type { ApiserverSettings } from "../lab/lab-scenario.js";
import type { ApiserverTimes } from "./apiserver-config.js";
import { startChild } from "./child.js";
import { EmbeddedApiserver } from "./embedded-apiserver.js";

/** An address a server listens on. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Options of {@link startEmbeddedServers}. */
export interface EmbeddedServersOptions {
  readonly dir: PlaneDir;
  readonly settings: ApiserverSettings;
  readonly seed: number;
  readonly speed: number;
  /** One for each server. */
  readonly addresses: readonly ListenAddress[];
  /** Further addresses of a server: a VIP that its own host's traffic does not leave for. */
  readonly also?: (index: number) => readonly ListenAddress[];
  /** Names in the certificates: every address a client may connect to. */
  readonly names: { readonly dns: readonly string[]; readonly ip: readonly string[] };
  /** How long a list of everything takes, at speed 1. Default 20 ms. */
  readonly listEverythingMs?: number;
  /** Puts a server's process into surroundings of its own. `null`: the store's. */
  readonly wrap?: (command: Command, index: number | null) => Command;
  readonly onChange?: (server: EmbeddedApiserver) => void;
}

/** The lab's own API servers with their store, up and ready. */
export interface EmbeddedServers extends AsyncDisposable {
  readonly servers: readonly EmbeddedApiserver[];
  /** PEM. */
  readonly ca: string;
  /** Writes a kubeconfig (mode 0600) and gives its path. */
  kubeconfig(name: string, server: string, user: "admin" | "role"): Promise<string>;
  close(): Promise<void>;
}

/** Measured on real ones, from the start of the process to the listener and from there to /readyz 200. */
const STARTING = {
  current: { refusing: 1_500, notReady: 1_300 },
  historic: { refusing: 2_800, notReady: 1_300 },
} as const;
const DAY_MS = 86_400_000;
/** Told relative to each program's own folder: the path of a socket may have a hundred characters, and temporary folders have many. */
const STORE = "store";
const SOCKET = "socket";

/** Starts store and servers; resolves when all are ready. Rejects with nothing left running. */
export async function startEmbeddedServers(options: EmbeddedServersOptions): Promise<EmbeddedServers> {
  const { dir, settings, addresses, seed } = options;
  const { issue, issueAuthority } = await import("../certificates/issue.js");
  const authority = await issueAuthority("drainprobe lab CA");
  const valid = { from: new Date(Date.now() - DAY_MS), to: new Date(Date.now() + 30 * DAY_MS) };
  const serial = (): string => `01${randomBytes(8).toString("hex")}`;
  const wrap = options.wrap ?? ((command: Command) => command);
  const store = await startChild({
    dir,
    name: STORE,
    program: "store-main",
    args: [SOCKET],
    wrap: (command) => wrap(command, null),
  });
  const servers: EmbeddedApiserver[] = [];
  const close = async (): Promise<void> => {
    for (const server of servers) server.signal("SIGKILL");
    await Promise.all(servers.map((server) => server.exited()));
    store.signal("SIGKILL");
    await store.exited;
  };
  try {
    await new Promise<void>((resolve, reject) => {
      store.process.once("message", () => resolve());
      void store.exited.then(() => reject(new Error("the store ended before it began")));
    });
    for (const [index, { host, port }] of addresses.entries()) {
      const name = `master-${index}`;
      const { cert, key } = await issue(authority, {
        serial: serial(),
        commonName: name,
        dns: [name, ...options.names.dns],
        ip: [...new Set([host, ...options.names.ip])],
        valid,
        usage: "server",
      });
      const server: EmbeddedApiserver = new EmbeddedApiserver({
        index,
        dir,
        wrap: (command) => wrap(command, index),
        onChange: () => options.onChange?.(server),
        config: {
          name,
          host,
          port,
          also: options.also?.(index) ?? [],
          store: `../${STORE}/${SOCKET}`,
          terminationLog: join(dir.path, `${name}-termination.log`),
          pidFile: join(dir.path, `${name}.pid`),
          cert,
          key,
          ca: authority.pem,
          tokens: [],
          seed,
          times: timesOf(options),
          goawayChance: settings.goawayChance ?? 0,
          sendRetryAfter: settings.sendRetryAfter ?? false,
          historic: settings.version === "historic",
        },
      });
      servers.push(server);
    }
    await Promise.all(servers.map((server) => server.start()));
    await Promise.all(servers.map((server) => server.ready()));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    servers,
    ca: authority.pem,
    async kubeconfig(name, server, user) {
      const groups = user === "admin" ? ["system:masters"] : [];
      const client = { serial: serial(), commonName: `lab-${user}`, organizations: groups, dns: [], ip: [], valid };
      const identity = await issue(authority, { ...client, usage: "client" });
      const path = join(dir.path, `${name}.kubeconfig`);
      writeFileSync(path, kubeconfigText({ server, ca: authority.pem, user: { name: `lab-${user}`, ...identity } }), {
        mode: 0o600,
      });
      return path;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function timesOf({ settings, speed, listEverythingMs }: EmbeddedServersOptions): ApiserverTimes {
  const { refusing, notReady } = STARTING[settings.version ?? "current"];
  return {
    refusing: refusing / speed,
    notReady: notReady / speed,
    shutdownDelay: settings.shutdownDelayMs / speed,
    watchGrace: settings.watchGraceMs === undefined ? null : settings.watchGraceMs / speed,
    requestTimeout: (settings.requestTimeoutMs ?? 60_000) / speed,
    goawayLinger: 1_000 / speed,
    listEverything: (listEverythingMs ?? 20) / speed,
  };
}
