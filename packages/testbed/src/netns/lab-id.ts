import { startOf } from "../kube/process-start.js";

const PREFIX = "drainprobe";
let count = 0;

/**
 * A name for a new lab that tells which process it belongs to: `drainprobe-PID-START-N`. With its start time a process id is one of a
 * kind, so the names alone say which namespaces have outlived their owner.
 */
export function newLabId(): string {
  return `${PREFIX}-${process.pid}-${startOf(process.pid) ?? "0"}-${count++}`;
}

/** The lab that a namespace belongs to, by the namespace's name; `null`: it is none of ours. */
export function labIdOf(namespace: string): string | null {
  return /^(drainprobe-\d+-\d+-\d+)-[a-z0-9]+$/.exec(namespace)?.[1] ?? null;
}

/** Whether the process that made a lab is still there. */
export function ownerLives(labId: string): boolean {
  const [, pid, start] = labId.split("-");
  return startOf(Number(pid)) === start;
}
