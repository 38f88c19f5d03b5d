import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Ids of the processes whose working directory is `dir` or below it. Linux only. */
export function processesUnder(dir) {
  const found = [];
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      const cwd = readlinkSync(`/proc/${pid}/cwd`);
      if (cwd === dir || cwd.startsWith(`${dir}/`)) found.push(Number(pid));
    } catch {
      // It ended while we looked, or it belongs to somebody else.
    }
  }
  return found;
}

/** SIGKILL to each of them. Returns how many there were. */
export function killProcessesUnder(dir) {
  const pids = processesUnder(dir);
  for (const pid of pids) kill(pid, "SIGKILL");
  return pids.length;
}

/** Signals the processes this one started itself. */
export function signalChildren(signal) {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
  if (children !== "") for (const pid of children.split(" ")) kill(Number(pid), signal);
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}
