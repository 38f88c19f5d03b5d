import type { LabScenario } from "../lab-scenario.js";
import {
  BUSY_STARTING,
  CHECKS,
  CRUD,
  CURRENT,
  DONE_WELL,
  GCP_ROUTES,
  GRACEFUL,
  LOST_PORT,
  PATIENT_WATCHER,
  ROLL,
} from "./parts.js";

export const GCP_NEW_CONNECTION_BLACK_HOLE: LabScenario = {
  name: "gcp-new-connection-black-hole",
  title: "new connections of a GCP master vanish while held ones live",
  cause:
    "The node drops its redirect as soon as its API server is not ready, but the balancer still has the node in rotation, and what it sends back to its own sender is lost: one in three new connections gets no answer until the balancer has let go.",
  remedy:
    "Keep the redirect until the balancer has taken the backend out: the watcher's fall above the balancer's checks and deprogramming, and the delay above both.",
  maxSpeed: 2,
  setup: {
    apiserver: { ...CURRENT, shutdownDelayMs: 14_000 },
    balancer: { ...GCP_ROUTES, deprogramMs: 8_000, watcher: { ...CHECKS, fall: 1, rise: 1 } },
    rollout: ROLL,
    probe: { ...CRUD, connectTimeoutMs: 1_000 },
  },
  fixed: {
    apiserver: { ...CURRENT, shutdownDelayMs: 20_000 },
    balancer: { ...GCP_ROUTES, deprogramMs: 8_000, watcher: { ...PATIENT_WATCHER, fall: 7 } },
    rollout: ROLL,
    probe: CRUD,
  },
  expected: [
    { scope: "connection", type: ["tcp.timed_out", "tls.timed_out"], when: { fromMs: 1_000, toMs: 16_000 } },
    LOST_PORT,
    BUSY_STARTING,
    GRACEFUL,
    ...DONE_WELL,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
