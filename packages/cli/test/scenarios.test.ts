import { SCENARIOS } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { missingHere } from "../src/selftest/requirements.js";
import { runScenario } from "../src/selftest/run-scenario.js";

/** Set SEED to play what a failing run printed. */
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 0xffff_ffff));

describe.each(["wire", "node"] as const)(`every scenario is named rightly by %s (seed ${SEED})`, (engine) => {
  for (const scenario of SCENARIOS) {
    const missing = missingHere(scenario);
    const name = `${scenario.name}: ${scenario.title}`;
    if (missing.length > 0) {
      it(`${name} (not here: needs ${missing.join(", ")})`, ({ skip }) => skip());
      continue;
    }
    it(name, async () => {
      const { problems } = await runScenario(scenario, { engine, seed: SEED });
      expect(problems, `seed ${SEED}`).toEqual([]);
    });
  }
});
