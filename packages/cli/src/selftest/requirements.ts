import type { Scenario } from "@drainprobe/testbed";

/** What the scenario needs and this machine does not have; empty when it can be played. */
export function missingHere({ needs }: Pick<Scenario, "needs">): readonly string[] {
  return (needs ?? []).filter((need) => (need === "linux" ? process.platform !== "linux" : process.getuid?.() !== 0));
}
