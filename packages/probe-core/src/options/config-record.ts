import type { ProbeOptions } from "../probe-options.js";
import type { ResolvedOptions } from "./resolve-options.js";

/**
 * The options as the log's header shows them. Nothing that may be a secret is in it: of a certificate, key, token or header
 * value it says `"set"`, of a body its length. It is written from a list of what is shown, not by removing what is not.
 */
export function configRecord(options: ProbeOptions, resolved: ResolvedOptions): Readonly<Record<string, unknown>> {
  return {
    paths: resolved.given.map((path) => ({
      name: path.name,
      url: path.url,
      ...(path.connectTo === undefined ? {} : { connectTo: path.connectTo }),
      ...(path.serverName === undefined ? {} : { serverName: path.serverName }),
      verify: path.verify ?? true,
      ...set("ca", path.ca),
      ...set("cert", path.cert),
      ...set("key", path.key),
      ...set("secureContext", path.secureContext),
      ...set("token", path.token),
      ...set("identity", path.identity),
      ...set("source", path.source),
    })),
    lanes: resolved.lanes,
    requests: resolved.paths[0]?.requests.map((template) => ({
      method: template.method,
      path: options.requests === undefined ? null : template.path,
      headers: Object.fromEntries(template.headers.map(([name]) => [name, "set"])),
      bodyBytes: template.body?.byteLength ?? null,
    })),
    engine: resolved.engine,
    requestTimeoutNs: resolved.timing.requestTimeoutNs,
    pingIntervalNs: resolved.timing.pingIntervalNs,
    pingTimeoutNs: resolved.timing.pingTimeoutNs,
    connectTimeoutNs: resolved.timing.connectTimeoutNs,
    drainTimeoutNs: resolved.timing.drainTimeoutNs,
    durationNs: resolved.durationNs,
    thresholds: options.thresholds ?? {},
  };
}

function set(name: string, value: unknown): Readonly<Record<string, "set">> {
  return value === undefined ? {} : { [name]: "set" };
}
