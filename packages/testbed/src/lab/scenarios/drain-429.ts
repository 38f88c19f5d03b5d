import type { LabScenario } from "../lab-scenario.js";
import { CROSSED_GOAWAY, CRUD, CURRENT, GRACEFUL, NLB, ROLL } from "./parts.js";

export const DRAIN_429: LabScenario = {
  name: "drain-429",
  title: "a server that drains answers 429 and Retry-After",
  cause:
    "With --shutdown-send-retry-after the listener stays open until the last accepted request is done, and whoever asks meanwhile is told to come back. It is an answer: nothing was processed, no connection is broken.",
  remedy: "None needed: clients retry.",
  setup: {
    apiserver: { ...CURRENT, sendRetryAfter: true },
    balancer: NLB,
    rollout: ROLL,
    probe: { ...CRUD, slow: true },
  },
  fixed: null,
  expected: [{ scope: "request", type: "http.retry_after" }, GRACEFUL, CROSSED_GOAWAY],
  expectedFixed: [],
};
