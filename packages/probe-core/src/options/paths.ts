import { createSecureContext, type SecureContext } from "node:tls";
import { DrainprobeError } from "../errors.js";
import type { Target, TargetTls } from "../io/contract.js";
import type { RequestSource } from "../io/request-source.js";
import type { PathOptions } from "../probe-options.js";
import { type Faults, isRecord, shown } from "./faults.js";

const KNOWN = [
  "name",
  "url",
  "connectTo",
  "ca",
  "cert",
  "key",
  "secureContext",
  "token",
  "serverName",
  "verify",
  "identity",
  "source",
];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where a path leads, checked. */
export interface ResolvedPath {
  readonly target: Target;
  readonly token: (() => string) | null;
  readonly source: RequestSource | null;
}

/** Checks every path. Those with faults are left out of the result. */
export function resolvePaths(paths: unknown, faults: Faults): ResolvedPath[] {
  if (!Array.isArray(paths) || paths.length === 0) {
    faults.add("paths", 'at least one is needed, such as { name: "vip", url: "https://10.0.0.2:6443/version" }');
    return [];
  }
  const seen = new Set<string>();
  const resolved: ResolvedPath[] = [];
  for (const [index, options] of paths.entries()) {
    const where = `paths[${index}]`;
    if (!isRecord(options)) {
      faults.add(where, `must be an object with name and url, is ${shown(options)}`);
      continue;
    }
    faults.keys(where, options, KNOWN);
    const path = resolvePath(where, options as unknown as PathOptions, faults);
    if (path === null) continue;
    if (seen.has(path.target.path)) faults.add(`${where}.name`, `"${path.target.path}" is the name of another path`);
    seen.add(path.target.path);
    resolved.push(path);
  }
  return resolved;
}

function resolvePath(where: string, options: PathOptions, faults: Faults): ResolvedPath | null {
  const nameValid = typeof options.name === "string" && NAME.test(options.name);
  if (!nameValid) {
    faults.add(`${where}.name`, `must be letters, digits, ".", "_" or "-", at most 64, is ${shown(options.name)}`);
  }
  const url = resolveUrl(`${where}.url`, options.url, faults);
  const connectTo = options.connectTo === undefined ? null : endpoint(`${where}.connectTo`, options.connectTo, faults);
  if (options.token !== undefined && typeof options.token !== "function") {
    faults.add(`${where}.token`, "must be a function that returns the token");
  }
  if ((options.cert === undefined) !== (options.key === undefined)) {
    faults.add(where, `${options.cert === undefined ? "key without cert" : "cert without key"}: both or neither`);
  }
  checkSecureContext(where, options, faults);
  if (options.verify !== undefined && typeof options.verify !== "boolean") {
    faults.add(`${where}.verify`, `must be true or false, is ${shown(options.verify)}`);
  }
  if (options.serverName !== undefined && (typeof options.serverName !== "string" || options.serverName === "")) {
    faults.add(`${where}.serverName`, `must be a host name, is ${shown(options.serverName)}`);
  }
  if (!nameValid || url === null) return null;
  return {
    target: {
      path: options.name,
      url,
      connectTo,
      tls: url.protocol === "https:" ? targetTls(where, options) : null,
      identity: options.identity ?? null,
    },
    token: options.token ?? null,
    source: options.source ?? null,
  };
}

function checkSecureContext(where: string, options: PathOptions, faults: Faults): void {
  if (options.secureContext === undefined) return;
  if (typeof options.secureContext !== "function") {
    faults.add(`${where}.secureContext`, "must be a function that returns a context of tls.createSecureContext()");
  } else if (options.ca !== undefined || options.cert !== undefined || options.key !== undefined) {
    faults.add(where, "secureContext beside ca, cert or key: they would have no effect");
  }
}

function resolveUrl(where: string, given: unknown, faults: Faults): URL | null {
  if (typeof given !== "string" || !URL.canParse(given)) {
    faults.add(where, `must be https://host:port or http://host:port, is ${shown(given)}`);
    return null;
  }
  const url = new URL(given);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    faults.add(where, `must begin with https:// or http:// (HTTP/2 with prior knowledge), is ${shown(given)}`);
  } else if (url.username !== "" || url.password !== "") {
    // Not shown: it holds a credential, and would stand in every record.
    faults.add(where, "must not hold a user name or password");
  } else if (url.hash !== "") {
    faults.add(where, "must not have a fragment (#…)");
  } else {
    return url;
  }
  return null;
}

function endpoint(where: string, given: unknown, faults: Faults): Target["connectTo"] {
  const match = typeof given === "string" ? /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(given) : null;
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    faults.add(where, `must be host:port, such as 10.0.0.2:6443 or [::1]:6443, is ${shown(given)}`);
    return null;
  }
  return { host, port };
}

function targetTls(where: string, options: PathOptions): TargetTls {
  let context: SecureContext | null = null;
  return {
    // One for all connections: building it is a third of the cost of a handshake.
    secureContext:
      options.secureContext ??
      (() => {
        context ??= secureContext(where, options);
        return context;
      }),
    serverName: options.serverName ?? null,
    verify: options.verify ?? true,
  };
}

function secureContext(where: string, options: PathOptions): SecureContext {
  try {
    return createSecureContext({
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.cert === undefined ? {} : { cert: options.cert }),
      ...(options.key === undefined ? {} : { key: options.key }),
    });
  } catch (cause) {
    // OpenSSL's text names what it could not parse, and never quotes it.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DrainprobeError("CREDENTIALS_UNREADABLE", `${where}: ca, cert or key cannot be used: ${reason}`, {
      cause,
    });
  }
}
