import { readdirSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { startOf } from "../kube/process-start.js";
import { HUB, MASTERS, type Target } from "./addresses.js";
import { command } from "./command.js";
import { labIdOf, ownerLives } from "./lab-id.js";

/** Where Linux keeps those that have a name. */
const NAMESPACES = "/run/netns";

/** The namespaces of one lab. */
export interface LabNamespaces {
  readonly labId: string;
  /** The one in the middle. */
  readonly hub: string;
  readonly masters: readonly Target[];
}

/** The names a lab's namespaces have. */
export function namesOf(labId: string): LabNamespaces {
  return {
    labId,
    hub: `${labId}-hub`,
    masters: MASTERS.map((address, index) => ({ index, address, namespace: `${labId}-m${index}` })),
  };
}

/**
 * Makes a hub and three masters, each joined to the hub by a cable of its own and with the hub as its only neighbour, as in clouds that
 * give a machine an address of its own (/32): every packet between two masters passes the hub, where the balancer's rules are. Both ends
 * of each cable are made in their namespaces; the host's own interfaces, routes and rules are not touched.
 */
export async function makeNamespaces(labId: string): Promise<LabNamespaces> {
  const names = namesOf(labId);
  const { hub, masters } = names;
  try {
    await ip([hub, ...masters.map(({ namespace }) => namespace)].map((name) => `netns add ${name}`));
    await ip(
      masters.map(({ index, namespace }) => `link add m${index} netns ${hub} type veth peer eth0 netns ${namespace}`),
    );
    await ip(
      [
        "link set lo up",
        ...masters.flatMap(({ index, address }) => [
          `addr add ${HUB}/32 dev m${index}`,
          `link set m${index} up`,
          `route add ${address}/32 dev m${index} src ${HUB}`,
        ]),
      ],
      hub,
    );
    for (const { address, namespace } of masters) {
      await ip(
        [
          "link set lo up",
          `addr add ${address}/32 dev eth0`,
          "link set eth0 up",
          `route add ${HUB}/32 dev eth0`,
          `route add default via ${HUB} dev eth0`,
        ],
        namespace,
      );
      // A server can listen on the VIP where it is not yet, or not always.
      await command("ip", ["netns", "exec", namespace, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind"]);
    }
    return names;
  } catch (error) {
    await removeLab(labId);
    throw error;
  }
}

/** Ends everything that runs in a lab's namespaces (but this process), then removes them. Gives a line for each thing it did. */
export async function removeLab(labId: string): Promise<string[]> {
  const lines: string[] = [];
  const names = namespaces().filter((name) => labIdOf(name) === labId);
  // The hub is last: what watches over a lab is in it.
  for (const name of names.sort((a, b) => Number(a.endsWith("-hub")) - Number(b.endsWith("-hub")))) {
    for (let pids = pidsIn(name); pids.length > 0; pids = pidsIn(name)) {
      for (const pid of pids) {
        try {
          process.kill(pid, "SIGKILL");
          lines.push(`ended process ${pid} in ${name}`);
        } catch {
          // It ended by itself.
        }
      }
      await pause(10);
    }
    try {
      await command("ip", ["netns", "delete", name]);
      lines.push(`removed namespace ${name}`);
    } catch (error) {
      if (namespaces().includes(name)) throw error;
    }
  }
  return lines;
}

/** Ids of labs whose owner is gone and whose namespaces are still there. */
export async function orphanedLabs(): Promise<string[]> {
  const ids = namespaces()
    .map(labIdOf)
    .filter((id) => id !== null);
  return [...new Set(ids)].filter((id) => !ownerLives(id));
}

/** What `ip netns list` lists, and without it: where there is no `ip` there are no namespaces of labs, and that is no failure. */
function namespaces(): string[] {
  try {
    return readdirSync(NAMESPACES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Not by `ip netns pids`: from inside a namespace that would find itself. */
function pidsIn(namespace: string): number[] {
  let id: string;
  try {
    id = `net:[${statSync(`${NAMESPACES}/${namespace}`).ino}]`;
  } catch {
    // Removed meanwhile.
    return [];
  }
  const found: number[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      if (readlinkSync(`/proc/${entry}/ns/net`) === id && startOf(Number(entry)) !== null) found.push(Number(entry));
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

/** Several `ip` commands at once, in a namespace or the host's. */
export async function ip(lines: readonly string[], namespace?: string): Promise<void> {
  await command("ip", [...(namespace === undefined ? [] : ["-n", namespace]), "-batch", "-"], `${lines.join("\n")}\n`);
}
