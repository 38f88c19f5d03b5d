import { HOSTILE_SCENARIOS, SCENARIOS } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { runScenario } from "../src/selftest/run-scenario.js";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 0xffff_ffff));

it("hostile scenarios have names of their own", () => {
  const names = [...SCENARIOS, ...HOSTILE_SCENARIOS].map((scenario) => scenario.name);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(["wire", "node"] as const)(
  `a hostile server is named rightly by %s, and disturbs nobody else (seed ${SEED})`,
  (engine) => {
    it.each(HOSTILE_SCENARIOS.map((s) => [s.name, s.title, s] as const))("%s: %s", async (_name, _title, scenario) => {
      const { problems } = await runScenario(scenario, { engine, seed: SEED });
      expect(problems, `seed ${SEED}`).toEqual([]);
    });
  },
);
