import type { LabScenario } from "../lab-scenario.js";
import { CURRENT, DONE_WELL, GRACEFUL, NLB, READONLY, ROLL } from "./parts.js";

/** The balancer's removal lag is up to 5 s, which takes 6.3 s by the arithmetic of docs/solution.md; the rest is for a busy machine. */
const DELAY_MS = 8_000;
/** A third of the default. */
const REQUEST_TIMEOUT_MS = 20_000;

export const WATCH_HOLDS_PROCESS: LabScenario = {
  name: "watch-holds-process",
  title: "one watch keeps a terminating server for a minute",
  cause:
    "http.Server.Shutdown waits for watches as for any other request, up to --request-timeout. Nothing fails, but each instance takes a minute longer, in which a deadline elsewhere may end.",
  remedy: "--shutdown-watch-termination-grace-period (Kubernetes 1.27 and later), or --shutdown-send-retry-after.",
  setup: {
    apiserver: { shutdownDelayMs: DELAY_MS, requestTimeoutMs: REQUEST_TIMEOUT_MS },
    balancer: NLB,
    rollout: { ...ROLL, instances: 1 },
    probe: { ...READONLY, watch: true },
  },
  fixed: {
    apiserver: { ...CURRENT, shutdownDelayMs: DELAY_MS, requestTimeoutMs: REQUEST_TIMEOUT_MS },
    balancer: NLB,
    rollout: { ...ROLL, instances: 1 },
    probe: { ...READONLY, watch: true },
  },
  expected: [...DONE_WELL],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
  // A real v1.36 says that it exits when the request timeout is over, and was seen to take 12 s more until its process was gone.
  exits: {
    setup: { fromMs: DELAY_MS + 19_000, toMs: DELAY_MS + 35_000 },
    fixed: { fromMs: DELAY_MS, toMs: DELAY_MS + 4_000 },
  },
};
