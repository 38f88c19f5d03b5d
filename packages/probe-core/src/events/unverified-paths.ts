import type { PathName } from "./ids.js";
import type { RunHeader } from "./log-record.js";

/** Paths on which the run was told not to verify certificates. The header's `config` is whatever a log says it is. */
export function unverifiedPaths(header: RunHeader | null): PathName[] {
  const paths: unknown = header?.config.paths;
  if (!Array.isArray(paths)) return [];
  return paths.flatMap((path: unknown) =>
    isRecord(path) && path.verify === false && typeof path.name === "string" ? [path.name] : [],
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
