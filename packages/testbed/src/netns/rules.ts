import type { BalancerSettings } from "../lab/lab-scenario.js";
import { HUB, PORT, type Target, VIP } from "./addresses.js";

/** What a balancer and the watchers on the masters have made of the health checks, at one moment. Sets hold masters' indices. */
export interface TrafficState {
  /** New flows go to these. */
  readonly programmed: ReadonlySet<number>;
  /** Flows to these are reset, on either side, with the next packet. */
  readonly terminated: ReadonlySet<number>;
  /** On these the node's own traffic to the VIP stays on the node. */
  readonly redirected: ReadonlySet<number>;
  /** Who has the VIP, where it moves. */
  readonly holder: number;
}

/**
 * The rules of the namespace in the middle, as one `nft -f` transaction: it sets the chains' contents and leaves the table, its hooks and
 * its sets in place, so that no packet finds half of it and no flow loses its translation.
 */
export function hubRules(settings: BalancerSettings, targets: readonly Target[], state: TrafficState): string {
  switch (settings.model) {
    case "gcp-ilb":
    case "gcp-ilb-routes":
      // A backend's own traffic to the VIP is sent to that backend, health ignored. Off the node it cannot come back: it is lost.
      return transaction({
        early: [
          ...unlessEmpty(
            addresses(targets, state.programmed),
            (own) => `ct state new ip daddr ${VIP} ip saddr ${own} drop`,
          ),
        ],
        prerouting: spread(targets, state),
      });
    case "aws-nlb":
      return transaction({
        prerouting: spread(targets, state),
        forward: unlessEmpty(
          addresses(targets, state.terminated),
          (gone) => `ct original ip daddr ${VIP} ct reply ip saddr ${gone} reject with tcp reset`,
        ),
        // With the client's address left in it, what a master sends to itself is dropped by that master: its own address from outside.
        postrouting: settings.preserveClientIp === true ? [] : translated(),
      });
    case "azure-lb":
      // No translation of the source: what a master sends to itself comes back with its own address and is dropped there.
      return transaction({ prerouting: spread(targets, state) });
    case "forgetful":
      return transaction({
        sets: [
          `set alive { type ipv4_addr . inet_service; flags dynamic,timeout; timeout ${settings.forgetAfterMs}ms; }`,
        ],
        prerouting: spread(targets, state),
        forward: [
          // Here the client's address and port are the packet's own: replies have been translated back, the source not yet.
          `ct original ip daddr ${VIP} ct direction original ct state new update @alive { ip saddr . tcp sport }`,
          `ct original ip daddr ${VIP} ct direction original ip saddr . tcp sport != @alive drop`,
          `ct original ip daddr ${VIP} ct direction reply ip daddr . tcp dport != @alive drop`,
          `ct original ip daddr ${VIP} ct direction original update @alive { ip saddr . tcp sport }`,
          `ct original ip daddr ${VIP} ct direction reply update @alive { ip daddr . tcp dport }`,
        ],
        postrouting: translated(),
      });
    case "haproxy":
    case "moving-vip":
      return transaction({});
    default:
      return settings satisfies never;
  }
}

/** The rules of one master's namespace; `null`: none, ever. */
export function masterRules(settings: BalancerSettings, target: Target, state: TrafficState): string | null {
  if (!hasRedirect(settings)) return null;
  return transaction({
    output: state.redirected.has(target.index) ? [`ip daddr ${VIP} tcp dport ${PORT} redirect to :${PORT}`] : [],
  });
}

/** Whether a watcher on each master switches a redirect of its own traffic. */
export function hasRedirect(settings: BalancerSettings): boolean {
  return settings.model === "gcp-ilb-routes" || (settings.model === "azure-lb" && settings.watcher !== undefined);
}

interface Chains {
  readonly sets?: readonly string[];
  /** Before any translation. */
  readonly early?: readonly string[];
  readonly prerouting?: readonly string[];
  readonly output?: readonly string[];
  readonly forward?: readonly string[];
  readonly postrouting?: readonly string[];
}

const TABLE = "ip drainprobe";

function transaction(chains: Chains): string {
  const chain = (name: string, hook: string, rules: readonly string[] = []): string[] => [
    `add chain ${TABLE} ${name} { ${hook}; }`,
    `flush chain ${TABLE} ${name}`,
    ...rules.map((rule) => `add rule ${TABLE} ${name} ${rule}`),
  ];
  // Without one rule that asks conntrack something, the kernel ceases to track in this namespace, and forgets every translation.
  const tracked = "ct state established accept";
  return `${[
    `add table ${TABLE}`,
    ...(chains.sets ?? []).map((set) => set.replace(/^set /, `add set ${TABLE} `)),
    ...chain("early", "type filter hook prerouting priority mangle", [...(chains.early ?? []), tracked]),
    ...chain("prerouting", "type nat hook prerouting priority dstnat", chains.prerouting),
    ...chain("output", "type nat hook output priority -100", chains.output),
    ...chain("forward", "type filter hook forward priority filter", chains.forward),
    ...chain("postrouting", "type nat hook postrouting priority srcnat", chains.postrouting),
  ].join("\n")}\n`;
}

/** New flows to the VIP, to the programmed targets in turn. */
function spread(targets: readonly Target[], { programmed }: TrafficState): string[] {
  const chosen = targets.filter(({ index }) => programmed.has(index));
  if (chosen.length === 0) return [];
  const map = chosen.map(({ address }, turn) => `${turn} : ${address}`).join(", ");
  return [`ip daddr ${VIP} tcp dport ${PORT} dnat to numgen inc mod ${chosen.length} map { ${map} }`];
}

const translated = (): string[] => [`ct original ip daddr ${VIP} snat to ${HUB}`];

const addresses = (targets: readonly Target[], which: ReadonlySet<number>): string[] =>
  targets.filter(({ index }) => which.has(index)).map(({ address }) => address);

const unlessEmpty = (list: readonly string[], rule: (set: string) => string): string[] =>
  list.length === 0 ? [] : [rule(`{ ${list.join(", ")} }`)];
