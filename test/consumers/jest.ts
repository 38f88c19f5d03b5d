import type { Summary } from "@drainprobe/core";
import "@drainprobe/core/jest";
import { expect } from "@jest/globals";

export function check(summary: Summary): void {
  expect(summary).toDrainCleanly();
  expect(summary).toDrainCleanly({ maxNewConnectionGapMs: 500 });
  expect(summary).not.toHaveIncident({ type: "tcp.reset", close: null });
  expect(summary).toHaveNoConnectionFailures();
  // @ts-expect-error: no such type of failure
  expect(summary).toHaveIncident({ type: "tcp.rest" });
}
