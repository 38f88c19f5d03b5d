import { describe, expect, it } from "vitest";
import type { BalancerSettings } from "../lab/lab-scenario.js";
import { atSpeed } from "./at-speed.js";
import { labIdOf, newLabId, ownerLives } from "./lab-id.js";
import { namesOf } from "./namespaces.js";
import { hubRules, masterRules, type TrafficState } from "./rules.js";

const { masters: TARGETS } = namesOf("drainprobe-1-2-3");
const [FIRST] = TARGETS;
const CHECKS = { probe: "readyz", everyMs: 1_000, fall: 2, rise: 2 } as const;
const MODELS: readonly BalancerSettings[] = [
  { model: "gcp-ilb", checks: CHECKS },
  { model: "gcp-ilb-routes", checks: CHECKS, deprogramMs: 1_000, watcher: CHECKS },
  { model: "aws-nlb", checks: CHECKS, propagationMs: 2_000, terminateUnhealthy: true, drainingMs: 500 },
  { model: "azure-lb", checks: CHECKS },
  { model: "azure-lb", checks: CHECKS, watcher: CHECKS },
  { model: "haproxy", checks: CHECKS },
  { model: "forgetful", checks: CHECKS, forgetAfterMs: 6_000 },
  { model: "moving-vip", checks: CHECKS },
];

function state(more: Partial<TrafficState> = {}): TrafficState {
  return { programmed: new Set([0, 1, 2]), terminated: new Set(), redirected: new Set([0, 1, 2]), holder: 0, ...more };
}

const model = (name: string, at = 0): BalancerSettings =>
  MODELS.filter((settings) => settings.model === name)[at] as BalancerSettings;
const rules = (text: string, chain: string): string[] =>
  text.split("\n").filter((line) => line.startsWith(`add rule ip drainprobe ${chain} `));

describe("the rules of a lab", () => {
  for (const settings of MODELS) {
    const watched = "watcher" in settings && settings.watcher !== undefined ? ", watched" : "";
    it(`leave table, hooks and sets in place, and conntrack on (${settings.model}${watched})`, () => {
      const texts = [
        hubRules(settings, TARGETS, state()),
        hubRules(settings, TARGETS, state({ redirected: new Set() })),
      ];
      for (const target of TARGETS) {
        const text = masterRules(settings, target, state({ redirected: new Set() }));
        if (text !== null) texts.push(text);
      }
      for (const text of texts) {
        expect(text).not.toMatch(/delete|flush (table|ruleset|set)/);
        expect(rules(text, "early").some((line) => line.includes("ct state"))).toBe(true);
        for (const chain of ["early", "prerouting", "output", "forward", "postrouting"])
          expect(text).toContain(`flush chain ip drainprobe ${chain}\n`);
      }
    });
  }

  it("send new flows to those in rotation, in turn, and to no others", () => {
    const text = hubRules(model("aws-nlb"), TARGETS, state({ programmed: new Set([0, 2]) }));
    expect(rules(text, "prerouting")).toEqual([
      "add rule ip drainprobe prerouting ip daddr 10.0.0.2 tcp dport 6443 dnat to numgen inc mod 2 map { 0 : 10.0.0.4, 1 : 10.0.0.6 }",
    ]);
  });

  it("reset flows to a terminated target, from either side, and only those", () => {
    expect(rules(hubRules(model("aws-nlb"), TARGETS, state()), "forward")).toEqual([]);
    const text = hubRules(model("aws-nlb"), TARGETS, state({ terminated: new Set([1]) }));
    expect(rules(text, "forward")).toEqual([
      "add rule ip drainprobe forward ct original ip daddr 10.0.0.2 ct reply ip saddr { 10.0.0.5 } reject with tcp reset",
    ]);
  });

  it("hide the client's address only where the balancer does", () => {
    const source = (settings: BalancerSettings): number =>
      rules(hubRules(settings, TARGETS, state()), "postrouting").length;
    expect(source(model("aws-nlb"))).toBe(1);
    expect(source({ ...model("aws-nlb"), preserveClientIp: true } as BalancerSettings)).toBe(0);
    expect(source(model("azure-lb"))).toBe(0);
  });

  it("lose what a backend sends to the VIP past its redirect, as long as it is in rotation", () => {
    const dropped = (programmed: readonly number[]): string[] =>
      rules(hubRules(model("gcp-ilb-routes"), TARGETS, state({ programmed: new Set(programmed) })), "early").filter(
        (line) => line.endsWith("drop"),
      );
    expect(dropped([1, 2])).toEqual([
      "add rule ip drainprobe early ct state new ip daddr 10.0.0.2 ip saddr { 10.0.0.5, 10.0.0.6 } drop",
    ]);
  });

  it("redirect on the masters whose watcher says so", () => {
    if (FIRST === undefined) throw new Error("no master");
    const output = (redirected: readonly number[]): number =>
      rules(masterRules(model("gcp-ilb-routes"), FIRST, state({ redirected: new Set(redirected) })) ?? "", "output")
        .length;
    expect([output([0]), output([1, 2])]).toEqual([1, 0]);
    expect(masterRules(model("azure-lb"), FIRST, state())).toBeNull();
    expect(masterRules(model("azure-lb", 1), FIRST, state())).not.toBeNull();
  });
});

describe("a lab's name", () => {
  it("tells whose it is, and whether that process is still there", () => {
    const id = newLabId();
    expect(newLabId()).not.toBe(id);
    expect(labIdOf(namesOf(id).hub)).toBe(id);
    expect(labIdOf(namesOf(id).masters[2]?.namespace ?? "")).toBe(id);
    if (process.platform === "linux") expect(ownerLives(id)).toBe(true);
    expect(ownerLives(`drainprobe-${process.pid}-1-0`)).toBe(false);
  });

  it("is not seen in names that are others'", () => {
    expect(["drainprobe-1-2-hub", "drainprobe", "x-drainprobe-1-2-3-m0", "cni-1-2-3-m0"].map(labIdOf)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});

describe("a balancer at another speed", () => {
  it("has its times divided, but for the patience of a check, and its counts left", () => {
    expect(atSpeed(model("aws-nlb"), 2)).toEqual({
      model: "aws-nlb",
      checks: { probe: "readyz", everyMs: 500, timeoutMs: 3_000, fall: 2, rise: 2 },
      propagationMs: 1_000,
      terminateUnhealthy: true,
      drainingMs: 250,
    });
    for (const settings of MODELS) expect(JSON.stringify(atSpeed(settings, 4))).not.toContain("1000");
  });
});
