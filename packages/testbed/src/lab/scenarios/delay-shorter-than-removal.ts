import type { LabScenario } from "../lab-scenario.js";
import { BUSY_STARTING, CRUD, CURRENT, CUT_IN_HANDSHAKE, DONE_WELL, GRACEFUL, NLB, REFUSED, ROLL } from "./parts.js";

export const DELAY_SHORTER_THAN_REMOVAL: LabScenario = {
  name: "delay-shorter-than-removal",
  title: "the server stops listening before the balancer has let go",
  cause:
    "The delay is over while the balancer still sends new connections: between T0+D and the removal one in three of them meets a closed port.",
  remedy: "--shutdown-delay-duration above the balancer's removal lag: checks until unhealthy, plus propagation.",
  setup: {
    apiserver: { ...CURRENT, shutdownDelayMs: 2_000 },
    balancer: { ...NLB, propagationMs: 4_000 },
    rollout: ROLL,
    probe: CRUD,
  },
  fixed: { apiserver: CURRENT, balancer: { ...NLB, propagationMs: 4_000 }, rollout: ROLL, probe: CRUD },
  // The next process may be there before the balancer has let go of the last one.
  expected: [{ ...REFUSED, when: { fromMs: 2_000, toMs: 8_500 } }, CUT_IN_HANDSHAKE, BUSY_STARTING, ...DONE_WELL],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
