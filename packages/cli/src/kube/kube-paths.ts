import type { PathOptions } from "@drainprobe/core";
import {
  type ApiEndpoint,
  discoverPaths,
  endpointText,
  type KubeAccess,
  kubePath,
  type WorkloadName,
  workloadSource,
} from "@drainprobe/core/kube";
import type { RUN_FLAGS } from "../flags/run-flags.js";
import type { Merged } from "../flags/settings.js";
import type { CliIo } from "../io.js";
import { UsageError } from "../usage-error.js";

/** A way to the API servers that this run takes. */
export interface KubePath {
  readonly name: string;
  /** `null`: the kubeconfig's own address. */
  readonly connectTo: ApiEndpoint | null;
}

/** Those that were found, with those that were given in their place. */
export async function kubePaths(
  merged: Merged<typeof RUN_FLAGS>,
  access: KubeAccess,
  env: CliIo["env"],
  note: (text: string) => void,
): Promise<readonly KubePath[]> {
  const { path, noPath } = merged.settings;
  const given = path.map(({ name, url }) => ({ name, connectTo: endpointOf(url, access, merged) }));
  const without = new Set([...noPath, ...given.map(({ name }) => name)]);
  const { paths, unused } = await discoverPaths({ access, env, without });
  for (const { name, why } of unused) note(`path ${name} is not probed: ${why}`);
  const all = [...paths, ...given].sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
  if (all.length === 0) throw new UsageError("nothing to probe: every path is switched off by --no-path");
  note(
    `paths: ${all.map(({ name, connectTo }) => `${name} ${connectTo === null ? access.server.host : endpointText(connectTo)}`).join(", ")}`,
  );
  return all;
}

export interface KubePathParts {
  readonly merged: Merged<typeof RUN_FLAGS>;
  readonly access: KubeAccess;
  readonly workload: WorkloadName;
  readonly namespace: string | null;
  readonly run: string;
}

/** A path as the core takes it, with its own workers. */
export function pathOptionsOf({ name, connectTo }: KubePath, index: number, parts: KubePathParts): PathOptions {
  const { access, workload, namespace, run, merged } = parts;
  const { concurrency, identity } = merged.settings;
  return kubePath(access, {
    name,
    identity,
    source: workloadSource({ workload, concurrency, namespace, run, path: index, server: access.server }),
    ...(connectTo === null ? {} : { connectTo: endpointText(connectTo) }),
  });
}

const ORDER = ["vip", "local", "service"];

function rank(name: string): number {
  const at = ORDER.indexOf(name);
  return at === -1 ? ORDER.length : at;
}

/** `--path NAME=URL` says where to connect; credentials and the name that is checked stay the kubeconfig's. */
function endpointOf(url: string, access: KubeAccess, { origins }: Merged<typeof RUN_FLAGS>): ApiEndpoint {
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol !== access.server.protocol || pathname !== "/") {
    throw new UsageError(
      `${origins.get("path")} ${url}: give ${access.server.protocol}//HOST:PORT, as of the same service`,
    );
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port) || (protocol === "http:" ? 80 : 443),
  };
}
