import type { PathOptions } from "@drainprobe/core";
import { PER_PATH_FLAG_NAMES, RUN_FLAGS } from "../flags/run-flags.js";
import { type Merged, mergeSettings, type Source } from "../flags/settings.js";
import type { ConnectTo } from "../flags/target-values.js";
import { UsageError } from "../usage-error.js";
import type { ConfiguredPath } from "./config-file.js";
import { loadCredentials } from "./credentials.js";

type RunMerged = Merged<typeof RUN_FLAGS>;

/** Name of the only path when `--target` is used. */
const TARGET_PATH = "target";

/** The ways to the service, with credentials read. */
export function pathOptions(merged: RunMerged): PathOptions[] {
  const paths = namedPaths(merged);
  const connectTo = connectToByName(
    merged,
    paths.map((path) => path.name),
  );
  return paths.map((path) => onePath(path, merged, connectTo));
}

function namedPaths({ settings, origins }: RunMerged): readonly ConfiguredPath[] {
  const { target, path } = settings;
  if (target !== undefined && path.length > 0) {
    throw new UsageError(
      `${origins.get("target")} and ${origins.get("path")} exclude each other: give each target as --path NAME=URL`,
    );
  }
  if (target !== undefined) return [{ name: TARGET_PATH, url: target }];
  if (path.length === 0)
    throw new UsageError("nothing to probe: give --target URL, or --path NAME=URL for each way to the service");
  const seen = new Set<string>();
  for (const { name } of path) {
    if (seen.has(name))
      throw new UsageError(`${origins.get("path")}: two paths are named "${name}": give each its own name`);
    seen.add(name);
  }
  return path;
}

function connectToByName({ settings, origins }: RunMerged, names: readonly string[]): ReadonlyMap<string, string> {
  const where = origins.get("connectTo") ?? "--connect-to";
  const result = new Map<string, string>();
  for (const { name, endpoint } of settings.connectTo) {
    if (name === null && names.length > 1) {
      throw new UsageError(`${where} ${endpoint}: say for which path: ${names[0]}=${endpoint}`);
    }
    const path = name ?? names[0] ?? TARGET_PATH;
    if (!names.includes(path))
      throw new UsageError(`${where} ${path}=${endpoint}: no path has that name; there is ${names.join(", ")}`);
    if (result.has(path)) throw new UsageError(`${where}: given twice for path "${path}"`);
    result.set(path, endpoint);
  }
  return result;
}

function onePath(path: ConfiguredPath, merged: RunMerged, connectTo: ReadonlyMap<string, string>): PathOptions {
  const { settings, origins } = withOwn(merged, path.own);
  const endpoint = ownEndpoint(path) ?? connectTo.get(path.name);
  const secure = new URL(path.url).protocol === "https:";
  for (const name of ["ca", "cert", "key", "serverName", "insecureSkipTlsVerify"] as const) {
    if (!secure && path.own?.has(name))
      throw new UsageError(`${origins.get(name)}: path "${path.name}" is http:, which has no TLS`);
  }
  const credentials = loadCredentials(settings);
  return {
    name: path.name,
    url: path.url,
    ...credentials,
    ...(endpoint === undefined ? {} : { connectTo: endpoint }),
    ...(settings.serverName === undefined ? {} : { serverName: settings.serverName }),
    verify: !settings.insecureSkipTlsVerify,
  };
}

/** Settings of this path: its own first, the run's where it has none. */
function withOwn(merged: RunMerged, own: Source | undefined): RunMerged {
  if (own === undefined) return merged;
  const mine = mergeSettings(RUN_FLAGS, [own]);
  const settings: Record<string, unknown> = { ...merged.settings };
  for (const name of PER_PATH_FLAG_NAMES) if (own.has(name)) settings[name] = mine.settings[name];
  return { settings: settings as RunMerged["settings"], origins: new Map([...merged.origins, ...mine.origins]) };
}

function ownEndpoint(path: ConfiguredPath): string | undefined {
  // The configuration's reader made these with the parser of --connect-to.
  const given = path.own?.get("connectTo")?.values as readonly ConnectTo[] | undefined;
  const last = given?.at(-1);
  if (last !== undefined && last.name !== null)
    throw new UsageError(`${path.own?.get("connectTo")?.where}: give IP:PORT, the path is known here`);
  return last?.endpoint;
}
