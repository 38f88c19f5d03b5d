import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { UsageError } from "../usage-error.js";

/**
 * Where the log goes: into the file named by `--out`, or, where that is a folder, into a new file in it, named after this host
 * and the time. So a program that is started again and again keeps the log of each run.
 */
export function logFile(out: string, { overwrite, where }: { overwrite: boolean; where: string }): string {
  if (existsSync(out)) {
    const stats = statSync(out);
    if (stats.isDirectory()) return join(out, newLogName(hostname(), new Date()));
    if (!overwrite && stats.isFile())
      throw new UsageError(`${where} ${out}: exists already; add --overwrite, or name another file or a folder`);
  } else if (!existsSync(dirname(out))) {
    throw new UsageError(`${where} ${out}: its folder does not exist`);
  }
  return out;
}

/** `drainprobe-master-0-20260608T214120.732Z.jsonl`: in the order of time, and of no other name that a host could have. */
export function newLogName(host: string, now: Date): string {
  return `drainprobe-${host.replace(/[^A-Za-z0-9.-]/g, "_")}-${now.toISOString().replace(/[-:]/g, "")}.jsonl`;
}
