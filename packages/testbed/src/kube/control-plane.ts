import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Identity } from "../certificates/identity.js";
import { type ApiAnswer, type ApiQuestion, ask } from "./api-client.js";
import { Apiserver, SERVICE_ADDRESS } from "./apiserver.js";
import { type Credentials, makeCredentials, writeKubeletPem } from "./credentials.js";
import { type Etcd, startEtcd } from "./etcd.js";
import type { ApiserverFlags } from "./flags.js";
import { type KubeconfigUser, kubeconfigText } from "./kubeconfig.js";
import { startNamespaceController } from "./namespaces.js";
import type { Wrap } from "./owned-process.js";
import { makePlaneDir, type PlaneDir } from "./plane-dir.js";
import { freePort } from "./ports.js";
import { findKubePrograms } from "./programs.js";
import type { KubeVersion } from "./version.js";

/** Options of {@link startControlPlane}. */
export interface ControlPlaneOptions {
  /** How many apiservers. Default 1. */
  readonly instances?: number;
  /** Default `current`. */
  readonly version?: KubeVersion;
  /** Of every instance. */
  readonly flags?: ApiserverFlags;
  /** Where each listens. Default: 127.0.0.1, 127.0.0.2, … and one port that is free on all of them. */
  readonly addresses?: readonly string[];
  readonly port?: number;
  /** What each binds to, if not to its address alone: `0.0.0.0`, for further addresses that lead to it. */
  readonly bind?: string;
  /** What each says its address is. Default: 192.0.2.1, … for loopback addresses (Kubernetes refuses those), else as `addresses`. */
  readonly advertise?: readonly string[];
  /** Where etcd listens. Default 127.0.0.1. */
  readonly etcdAddress?: string;
  /** Further names and addresses in the servers' certificates: a balancer's. 127.0.0.1 to .9 and `localhost` are always in. */
  readonly names?: { readonly dns?: readonly string[]; readonly ip?: readonly string[] };
  /** Whether deleted namespaces really go, as with a controller manager. Default true. */
  readonly finishNamespaces?: boolean;
  /** Puts each process into surroundings of its own. Default: none. */
  readonly wrap?: Wrap;
  /** The folder to make the plane's folder in. Default: the system's temporary one. */
  readonly parent?: string;
}

/** Who a kubeconfig makes its bearer. */
export type KubeUser =
  /** `system:masters`, by certificate. */
  | "admin"
  /** The same by bearer token. */
  | "admin-token"
  /** User `lab-restricted`: known, and bound to no role, so it may do what any known user may (discovery, /version). By certificate. */
  | "restricted"
  /** The same by bearer token. */
  | "restricted-token"
  /** `system:node:master-0`, certificate and key in one PEM file by path, a link, as kubelet keeps it. */
  | "kubelet";

/** A control plane of real programs. */
export interface ControlPlane extends AsyncDisposable {
  /** Everything it writes is in here. */
  readonly dir: string;
  /** PEM of the authority behind every certificate. */
  readonly ca: string;
  readonly apiservers: readonly Apiserver[];
  readonly etcd: Etcd;
  readonly credentials: Credentials;
  /** Writes a kubeconfig (mode 0600) and gives its path. `server` is `host:port`; default: the first apiserver's. */
  kubeconfig(user: KubeUser, server?: string): Promise<string>;
  /** Asks an apiserver as admin, on a connection of its own. */
  ask(question: ApiQuestion, instance?: number): Promise<ApiAnswer>;
  /** Ends all processes at once and removes the folder. */
  close(): Promise<void>;
}

/**
 * Starts etcd and the apiservers, one after the other, and resolves when all are ready. Rejects, with nothing left behind, if a
 * program is missing (ask `findKubePrograms` first) or does not come up.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const programs = await findKubePrograms(options.version ?? "current");
  if (!programs.ok) throw new Error(programs.reason);
  const { apiserver: program } = programs;
  const instances = options.instances ?? 1;
  const addresses = options.addresses ?? counted("127.0.0.", instances);
  const advertise = options.advertise ?? addresses.map((a, i) => (a.startsWith("127.") ? `192.0.2.${i + 1}` : a));
  const wrap = options.wrap ?? ((command) => command);
  const port = options.port ?? (await freePort(addresses));

  const dir = makePlaneDir(options.parent);
  const apiservers: Apiserver[] = [];
  let etcd: Etcd | null = null;
  let stopController: (() => Promise<void>) | null = null;
  const close = async (): Promise<void> => {
    const controllerStopped = stopController?.();
    await Promise.all(apiservers.map((server) => (server.pid === null ? null : server.kill())));
    etcd?.process.signal("SIGKILL");
    await etcd?.process.exited;
    await controllerStopped;
    await dir.remove();
  };
  try {
    const credentials = await makeCredentials(join(dir.path, "credentials"));
    const admin = await credentials.client("lab-admin", ["system:masters"]);
    etcd = await startEtcd(programs.etcd, dir, options.etcdAddress ?? "127.0.0.1", wrap);
    const names = servingNames(options, [...addresses, ...advertise]);
    for (let index = 0; index < instances; index++) {
      const server = new Apiserver({
        index,
        program,
        dir,
        host: at(addresses, index),
        port,
        bind: options.bind ?? at(addresses, index),
        advertise: at(advertise, index),
        flags: options.flags ?? {},
        etcd,
        credentials,
        serving: await credentials.server(names),
        admin,
        wrap,
      });
      apiservers.push(server);
      // One after the other: starting costs each a core for seconds, and together they would all be late.
      await server.start();
      await server.ready();
    }
    const first = at(apiservers, 0);
    const askOne = ({ host, port }: Apiserver, question: ApiQuestion): Promise<ApiAnswer> =>
      ask({ host, port, ca: credentials.ca, ...admin }, question);
    if (options.finishNamespaces !== false) {
      stopController = startNamespaceController((question) =>
        askOne(apiservers.find((server) => server.serving) ?? first, question),
      );
    }
    const users = kubeconfigUsers(dir, credentials, admin);
    let written = 0;
    return {
      dir: dir.path,
      ca: credentials.ca,
      apiservers,
      etcd,
      credentials,
      async kubeconfig(user, server = `${first.host}:${first.port}`) {
        const folder = join(dir.path, "kubeconfigs");
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const path = join(folder, `${user}-${written++}.kubeconfig`);
        const wish = { server: `https://${server}`, ca: credentials.ca, user: await users(user) };
        await writeFile(path, kubeconfigText(wish), { mode: 0o600 });
        return path;
      },
      ask: (question, instance = 0) => askOne(at(apiservers, instance), question),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function servingNames(options: ControlPlaneOptions, own: readonly string[]) {
  return {
    dns: [
      "localhost",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
      ...(options.names?.dns ?? []),
    ],
    ip: [...new Set([...counted("127.0.0.", 9), SERVICE_ADDRESS, ...own, ...(options.names?.ip ?? [])])],
  };
}

/** Gives each user's credentials, made when first asked for. */
function kubeconfigUsers(
  dir: PlaneDir,
  credentials: Credentials,
  admin: Identity,
): (user: KubeUser) => Promise<KubeconfigUser> {
  const made = new Map<KubeUser, Promise<KubeconfigUser>>();
  const make = async (user: KubeUser): Promise<KubeconfigUser> => {
    switch (user) {
      case "admin":
        return { name: user, ...admin };
      case "admin-token":
        return { name: user, token: credentials.tokens.admin };
      case "restricted":
        return { name: user, ...(await credentials.client("lab-restricted")) };
      case "restricted-token":
        return { name: user, token: credentials.tokens.restricted };
      case "kubelet": {
        const identity = await credentials.client("system:node:master-0", ["system:nodes"]);
        const pem = await writeKubeletPem(join(dir.path, "kubelet"), identity);
        return { name: user, certFile: pem, keyFile: pem };
      }
      default:
        return user satisfies never;
    }
  };
  return (user) => {
    const known = made.get(user) ?? make(user);
    made.set(user, known);
    return known;
  };
}

const counted = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`there is no number ${index} among ${list.length}`);
  return item;
}
