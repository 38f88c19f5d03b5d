import type { LabScenario } from "../lab-scenario.js";
import {
  CRUD,
  CURRENT,
  CUT_IN_HANDSHAKE,
  D_MS,
  DONE_WELL,
  GRACEFUL,
  NLB,
  RESET_PORT,
  ROLL,
  WAITING_AT_END,
} from "./parts.js";

export const NLB_TERMINATES_UNHEALTHY: LabScenario = {
  name: "nlb-terminates-unhealthy",
  title: "a network load balancer resets connections to targets that turned unhealthy",
  cause:
    "A server that drains says so at /readyz, and the balancer takes that for death: it resets every connection to it, seconds before the server would have said GOAWAY.",
  remedy:
    "target_health_state.unhealthy.connection_termination.enabled=false, or a draining interval longer than the delay.",
  setup: {
    apiserver: CURRENT,
    balancer: { ...NLB, propagationMs: 1_000, terminateUnhealthy: true },
    rollout: ROLL,
    probe: CRUD,
  },
  fixed: { apiserver: CURRENT, balancer: { ...NLB, propagationMs: 1_000 }, rollout: ROLL, probe: CRUD },
  expected: [
    // From the checks' word on, and before the server itself ends.
    { scope: "connection", type: "tcp.reset", close: "reset", when: { fromMs: 1_000, toMs: D_MS - 5_000 } },
    { ...CUT_IN_HANDSHAKE, when: { fromMs: 1_000, toMs: D_MS - 5_000 } },
    { ...RESET_PORT, when: { fromMs: 1_000, toMs: D_MS } },
    WAITING_AT_END,
    ...DONE_WELL,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
