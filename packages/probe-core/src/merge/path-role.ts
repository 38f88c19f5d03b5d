import type { Endpoint, PathName, RunHeader } from "../events/index.js";

/** What a path leads over: a balancer or redirect, straight to a backend, or to the backend of the same host. */
export type PathRole = "balanced" | "direct" | "local";

const LOCAL = /^(local|localhost|self)\b/i;
const DIRECT = /^(peer|direct|backend|node|master|pod)\b/i;
const BALANCED = /^(vip|lb|nlb|ilb|balancer|service|svc|api|api-int|int|ext|internal|external|default)\b/i;

/**
 * A path's role: by its name, which its user chose, or else by where it leads. An address of the host alone proves nothing, since a
 * balancer's address is often bound there too.
 */
export function roleOf(path: PathName, remotes: Iterable<Endpoint>, direct: ReadonlySet<string>): PathRole {
  if (LOCAL.test(path)) return "local";
  if (DIRECT.test(path)) return "direct";
  if (BALANCED.test(path)) return "balanced";
  const all = [...remotes];
  return all.length > 0 && all.every((remote) => direct.has(remote)) ? "direct" : "balanced";
}

/** Every path that a run was asked to watch. */
export function plannedPaths(header: RunHeader | null): PathName[] {
  return [...new Set((header?.lanes ?? []).map(({ path }) => path))];
}
