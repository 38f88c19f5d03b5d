import type { LabScenario } from "../lab-scenario.js";
import {
  atD,
  CROSSED_GOAWAY,
  CRUD,
  CURRENT,
  CUT_IN_HANDSHAKE,
  DONE_WELL,
  GRACEFUL,
  HISTORIC,
  NLB,
  RESET_AT_EXIT,
  RESET_CHANCE,
  ROLL,
  TOLD_TO_RETRY,
} from "./parts.js";

export const AWS_45_CRUD: LabScenario = {
  name: "aws-4.5-crud",
  title: "writes through AWS's network load balancer, 4.5: connection reset by peer",
  cause:
    "The balancer does all it should: the backend is out of rotation long before the delay is over. But connections it holds stay with it, and the process ends without waiting for its HTTP server.",
  remedy: "Wait for the HTTP server's shutdown (Kubernetes 1.19 and later).",
  setup: { apiserver: HISTORIC, balancer: NLB, rollout: ROLL, probe: CRUD },
  fixed: { apiserver: CURRENT, balancer: NLB, rollout: ROLL, probe: CRUD },
  expected: [
    atD({ scope: "connection", ...RESET_AT_EXIT, chance: RESET_CHANCE }),
    CUT_IN_HANDSHAKE,
    CROSSED_GOAWAY,
    TOLD_TO_RETRY,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
