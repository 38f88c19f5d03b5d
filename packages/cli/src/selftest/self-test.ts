import { randomInt } from "node:crypto";
import type { SelfTestResult } from "@drainprobe/core";
import { SCENARIOS } from "@drainprobe/testbed";
import { missingHere } from "./requirements.js";
import { runScenario } from "./run-scenario.js";

/**
 * Injects the self-test's faults, all at once, into the engine that is about to be used. `passed: false` means that a
 * failure class was missed or misnamed: then nothing the instrument says can be trusted.
 */
export async function runSelfTest(engine: "wire" | "node"): Promise<SelfTestResult> {
  const started = process.hrtime.bigint();
  const scenarios = SCENARIOS.filter((scenario) => scenario.selfTest && missingHere(scenario).length === 0);
  const seed = randomInt(0xffff_ffff);
  const results = await Promise.all(scenarios.map((scenario) => runScenario(scenario, { engine, seed })));
  const failures = results
    .filter((result) => !result.passed)
    .map((result) => `${result.scenario} (seed ${seed}): ${result.problems[0] ?? "failed"}`);
  return {
    ran: true,
    passed: failures.length === 0 && scenarios.length > 0,
    scenarios: scenarios.length,
    failures,
    durationNs: Number(process.hrtime.bigint() - started),
  };
}
