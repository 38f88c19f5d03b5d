import { command } from "./command.js";
import { findProgram } from "./haproxy.js";
import { newLabId } from "./lab-id.js";

const PACKAGES: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nft: "nftables",
  nsenter: "util-linux",
  haproxy: "haproxy",
};

/** Why there can be no lab in network namespaces here, and how to mend it, in one line; `null`: there can. */
export async function checkNetns(): Promise<string | null> {
  if (process.platform !== "linux") return "network namespaces are Linux's: use --tier embedded";
  if (process.getuid?.() !== 0) return "network namespaces need root: run it with sudo, or use --tier embedded";
  for (const [program, name] of Object.entries(PACKAGES))
    if ((await findProgram(program)) === null) return `there is no ${program}: install the package ${name}`;
  const namespace = `${newLabId()}-check`;
  try {
    await command("ip", ["netns", "add", namespace]);
    try {
      // What the balancers stand on: translation, connection tracking, sets that forget.
      await command("ip", ["netns", "exec", namespace, "nft", "--check", "-f", "-"], PROOF);
    } finally {
      await command("ip", ["netns", "delete", namespace]);
    }
  } catch (error) {
    const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return `this kernel or container gives no namespaces with nftables: ${line}`;
  }
  return null;
}

const PROOF = `table ip proof {
  set alive { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 1s; }
  chain out { type nat hook output priority -100; ip daddr 192.0.2.1 tcp dport 1 dnat to numgen inc mod 1 map { 0 : 192.0.2.2 }; }
  chain forward {
    type filter hook forward priority filter
    ct direction original ct state new update @alive { ip saddr . tcp sport }
    ct reply ip saddr 192.0.2.2 reject with tcp reset
  }
}
`;
