import { describe, expect, it } from "vitest";
import type { BalancerSettings } from "../../lab/lab-scenario.js";
import { choicesOf } from "./model.js";

const CHECKS = { probe: "readyz", everyMs: 1_000, fall: 2, rise: 2 } as const;

/** What master 0 of three may meet, with these healthy; `redirected`: the watcher on it finds its own server well. */
function met(settings: BalancerSettings, healthy: readonly number[], redirected: boolean | null = null) {
  return choicesOf(settings, 0, {
    masters: 3,
    healthy: (server) => healthy.includes(server),
    watched: () => redirected,
  });
}

describe("a GCP internal balancer with a redirect on the node", () => {
  const routes: BalancerSettings = { model: "gcp-ilb-routes", checks: CHECKS, watcher: CHECKS };

  it("keeps the node's own traffic on the node while the redirect is there, whatever the balancer thinks", () => {
    expect(met(routes, [0, 1, 2], true)).toEqual([0]);
    expect(met(routes, [1, 2], true)).toEqual([0]);
  });

  it("loses all of it without the redirect, until the node is no backend any more", () => {
    expect(met(routes, [0, 1, 2], false)).toEqual(["vanish"]);
    expect(met(routes, [], false)).toEqual(["vanish"]);
    expect(met(routes, [1, 2], false)).toEqual([1, 2]);
  });
});

describe("an Azure balancer", () => {
  it("loses what it sends back to its sender, and nothing else", () => {
    const azure: BalancerSettings = { model: "azure-lb", checks: CHECKS };
    expect(met(azure, [0, 1, 2])).toEqual(["vanish", 1, 2]);
    expect(met(azure, [1, 2])).toEqual([1, 2]);
    expect(met({ ...azure, watcher: CHECKS }, [0, 1, 2], true)).toEqual([0]);
  });
});

describe("an AWS network balancer", () => {
  const nlb = { model: "aws-nlb", checks: CHECKS, propagationMs: 2_000, terminateUnhealthy: false } as const;

  it("has a hairpin unless it preserves the client's address", () => {
    expect(met(nlb, [0, 1, 2])).toEqual([0, 1, 2]);
    expect(met({ ...nlb, preserveClientIp: true }, [0, 1, 2])).toEqual(["vanish", 1, 2]);
  });

  it("uses everybody where nobody is healthy", () => {
    expect(met(nlb, [])).toEqual([0, 1, 2]);
  });
});

describe("a proxy", () => {
  it("sends to nobody where nobody is healthy", () => {
    expect(met({ model: "haproxy", checks: CHECKS }, [])).toEqual([]);
    expect(met({ model: "moving-vip", checks: CHECKS }, [2])).toEqual([2]);
  });
});
