import type { LabScenario } from "../lab-scenario.js";
import { CROSSED_GOAWAY, CRUD, CURRENT, GRACEFUL, NLB } from "./parts.js";

export const GOAWAY_CHANCE: LabScenario = {
  name: "goaway-chance",
  title: "a healthy server says GOAWAY now and then",
  cause:
    "--goaway-chance spreads clients over servers by ending a connection after one request in so many. No server is going, and nothing may fail.",
  remedy: "None needed.",
  setup: {
    apiserver: { ...CURRENT, goawayChance: 0.02 },
    balancer: NLB,
    rollout: { action: "none", observeMs: 20_000 },
    probe: CRUD,
  },
  fixed: null,
  expected: [GRACEFUL, CROSSED_GOAWAY],
  expectedFixed: [],
};
