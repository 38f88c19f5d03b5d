import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Which process made a namespace, so that a cleanup leaves alone what a living run uses. */
export interface Owner {
  readonly host: string;
  /**
   * Process id, its start time, the machine's boot and the PID namespace, without which a pod's process 1 would be looked for among
   * its host's: together they are never given twice. `null` where there is no /proc.
   */
  readonly process: string | null;
}

export function thisOwner(): Owner {
  return { host: hostname(), process: identityOf(process.pid) };
}

/** Does the owner still run? `null`: it is of another machine, or cannot be told. */
export function ownerLives({ host, process: told }: Owner): boolean | null {
  if (host !== hostname() || told === null) return null;
  const [pid = "", , boot, space] = told.split("/");
  if (boot === undefined || space === undefined) return null;
  if (boot !== bootId()) return false;
  return space === pidNamespace() ? identityOf(Number(pid)) === told : null;
}

function identityOf(pid: number): string | null {
  const boot = bootId();
  const space = pidNamespace();
  if (boot === null || space === null || !Number.isInteger(pid)) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The program's name, in parentheses, may hold anything; the start time is the 22nd field of all.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : `${pid}/${fields[19] ?? ""}/${boot}/${space}`;
  } catch {
    return null;
  }
}

function bootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return null;
  }
}

/** `4026531836`. */
function pidNamespace(): string | null {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? null;
  } catch {
    return null;
  }
}
