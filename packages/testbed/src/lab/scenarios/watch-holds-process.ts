import type { LabScenario } from "../lab-scenario.js";
import { CURRENT, DONE_WELL, GRACEFUL, NLB, READONLY, ROLL } from "./parts.js";

export const WATCH_HOLDS_PROCESS: LabScenario = {
  name: "watch-holds-process",
  title: "one watch keeps a terminating server for a minute",
  cause:
    "http.Server.Shutdown waits for watches as for any other request, up to --request-timeout. Nothing fails, but each instance takes a minute longer, in which a deadline elsewhere may end.",
  remedy: "--shutdown-watch-termination-grace-period (Kubernetes 1.27 and later), or --shutdown-send-retry-after.",
  setup: {
    apiserver: { shutdownDelayMs: 5_000, requestTimeoutMs: 20_000 },
    balancer: NLB,
    rollout: { ...ROLL, instances: 1 },
    probe: { ...READONLY, watch: true },
  },
  fixed: {
    apiserver: { ...CURRENT, shutdownDelayMs: 5_000, requestTimeoutMs: 20_000 },
    balancer: NLB,
    rollout: { ...ROLL, instances: 1 },
    probe: { ...READONLY, watch: true },
  },
  expected: [...DONE_WELL],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
  // A real v1.36 says that it exits when the request timeout is over, and was seen to take 12 s more until its process was gone.
  exits: { setup: { fromMs: 24_000, toMs: 40_000 }, fixed: { fromMs: 5_000, toMs: 9_000 } },
};
