import type { LabScenario } from "../lab-scenario.js";
import { CRUD, CURRENT, CUT_IN_HANDSHAKE, DONE_WELL, GRACEFUL, NLB, ROLL } from "./parts.js";

export const SIGKILL_AT_GRACE_END: LabScenario = {
  name: "sigkill-at-grace-end",
  title: "the pod's grace period is shorter than the delay: SIGKILL",
  cause:
    "The kubelet kills what has not ended when the grace period is over. All connections end at that instant, by FIN or RST, without GOAWAY.",
  remedy: "terminationGracePeriodSeconds above the delay plus the request timeout.",
  setup: { apiserver: CURRENT, balancer: NLB, rollout: { ...ROLL, killAfterMs: 11_000 }, probe: CRUD },
  fixed: { apiserver: CURRENT, balancer: NLB, rollout: { ...ROLL, killAfterMs: 70_000 }, probe: CRUD },
  expected: [
    {
      scope: "connection",
      type: ["tcp.closed", "tcp.reset", "tcp.broken_pipe"],
      close: ["abrupt", "reset"],
      when: { fromMs: 10_900, toMs: 12_000 },
    },
    CUT_IN_HANDSHAKE,
    ...DONE_WELL,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
