import type { LabScenario } from "../lab-scenario.js";
import { CRUD, CURRENT, DONE_WELL, GRACEFUL, PATIENT_WATCHER, ROLL, SLOW_TO_RISE } from "./parts.js";

export const AZURE_HAIRPIN: LabScenario = {
  name: "azure-hairpin",
  title: "a master that the balancer sends to itself gets no answer",
  cause:
    "The balancer cannot send a backend's packets back to it. Whenever a master's connection is given to the master itself, it gets no answer, rollout or not.",
  remedy: "A redirect on the node to its own API server while that is healthy (apiserver-watcher).",
  maxSpeed: 2,
  setup: {
    apiserver: CURRENT,
    balancer: { model: "azure-lb", checks: SLOW_TO_RISE },
    rollout: { action: "none", observeMs: 25_000 },
    probe: { ...CRUD, connectTimeoutMs: 1_000 },
  },
  fixed: {
    apiserver: CURRENT,
    balancer: { model: "azure-lb", checks: SLOW_TO_RISE, watcher: PATIENT_WATCHER },
    rollout: ROLL,
    probe: CRUD,
  },
  expected: [{ scope: "connection", type: ["tcp.timed_out", "tls.timed_out"] }],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
