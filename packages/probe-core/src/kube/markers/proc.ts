import { readdir, readFile, readlink } from "node:fs/promises";

/** One process: what the kernel lets anybody see. */
export interface ProcessSeen {
  readonly pid: number;
  /** Clock ticks from the host's boot to its start: with the pid, its identity. */
  readonly startTicks: number;
}

/** Linux's USER_HZ: fixed for programs, whatever the kernel's own clock. */
export const TICKS_PER_SECOND = 100;

/** A process that lives, or `null`: it is gone, was reaped or waits to be, or is hidden from us. */
export async function seeProcess(proc: string, pid: number): Promise<ProcessSeen | null> {
  const stat = await readFile(`${proc}/${pid}/stat`, "latin1").catch(() => null);
  if (stat === null) return null;
  // The name may hold blanks and parentheses; nothing after the last one does.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const startTicks = Number(fields[19]);
  return state === "Z" || state === "X" || !Number.isSafeInteger(startTicks) ? null : { pid, startTicks };
}

/** Ticks since boot, now. `null` where the kernel does not say. */
export async function uptimeTicks(proc: string): Promise<number | null> {
  const text = await readFile(`${proc}/uptime`, "latin1").catch(() => null);
  const seconds = Number(text?.split(" ")[0]);
  return Number.isFinite(seconds) && text !== null ? Math.round(seconds * TICKS_PER_SECOND) : null;
}

/** Every process we can see. */
export async function pids(proc: string): Promise<number[]> {
  const names = await readdir(proc).catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Is this an API server, by its own name? Its arguments count where one program plays many parts (hyperkube). */
export async function isApiserver(proc: string, pid: number): Promise<boolean> {
  const comm = await readFile(`${proc}/${pid}/comm`, "latin1").catch(() => "");
  if (comm.trim() === "kube-apiserver") return true;
  if (!/^(hyperkube|apiserver)\b/.test(comm)) return false;
  const arguments_ = await readFile(`${proc}/${pid}/cmdline`, "latin1").catch(() => "");
  return arguments_.split("\0").some((argument) => argument === "kube-apiserver" || argument === "apiserver");
}

const LISTEN = "0A";

/**
 * Inodes of the sockets that listen on a TCP port, at `host` (an IPv4 address; else every address counts) or at any address.
 * `null` where the kernel does not say.
 */
export async function listeningInodes(proc: string, port: number, host: string): Promise<ReadonlySet<string> | null> {
  const inodes = new Set<string>();
  let tables = 0;
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const own = hexAddress(host);
  for (const file of ["tcp", "tcp6"]) {
    const table = await readFile(`${proc}/net/${file}`, "latin1").catch(() => null);
    if (table === null) continue;
    tables += 1;
    for (const line of table.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [address = "", at = ""] = (fields[1] ?? "").split(":");
      if (fields[3] !== LISTEN || at !== hexPort || fields[9] === undefined) continue;
      if (own === null || /^0+$/.test(address) || address.endsWith(own)) inodes.add(fields[9]);
    }
  }
  return tables === 0 ? null : inodes;
}

/** As the kernel writes it, lowest byte first; an IPv4 address in IPv6 ends alike. `null` for what is no IPv4 address. */
function hexAddress(host: string): string | null {
  const bytes = /^\d+\.\d+\.\d+\.\d+$/.test(host) ? host.split(".").map(Number) : null;
  return bytes === null ? null : Buffer.from(bytes.reverse()).toString("hex").toUpperCase();
}

/** Does the process hold one of these sockets? `null`: we are not allowed to see. */
export async function holdsSocket(proc: string, pid: number, inodes: ReadonlySet<string>): Promise<boolean | null> {
  const descriptors = await readdir(`${proc}/${pid}/fd`).catch(() => null);
  if (descriptors === null) return null;
  for (const descriptor of descriptors) {
    const link = await readlink(`${proc}/${pid}/fd/${descriptor}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}
