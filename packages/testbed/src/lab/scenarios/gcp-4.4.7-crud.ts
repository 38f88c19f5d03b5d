import type { LabScenario } from "../lab-scenario.js";
import {
  atD,
  BUSY_STARTING,
  CHECKS,
  CROSSED_GOAWAY,
  CRUD,
  CURRENT,
  CUT_IN_HANDSHAKE,
  DONE_WELL,
  GCP_ROUTES,
  GRACEFUL,
  HISTORIC,
  REFUSED,
  RESET_AT_EXIT,
  RESET_CHANCE,
  ROLL,
  TOLD_TO_RETRY,
} from "./parts.js";

export const GCP_447_CRUD: LabScenario = {
  name: "gcp-4.4.7-crud",
  title: "writes on a GCP master, 4.4.7: connection reset by peer, local IP = VIP",
  cause:
    "GCP's internal balancer leaves a backend's own traffic on the backend, whatever its health, so a master loses its API server together with the VIP. And the API server's process ends without waiting for its HTTP server: GOAWAY reaches nobody, the kernel closes the sockets, and requests it never read make that an RST.",
  remedy:
    "Wait for the HTTP server's shutdown (Kubernetes 1.19 and later), and let the node's redirect follow the health of its own API server (gcp-routes), so that new connections have somewhere to go.",
  setup: { apiserver: HISTORIC, balancer: { model: "gcp-ilb", checks: CHECKS }, rollout: ROLL, probe: CRUD },
  fixed: { apiserver: CURRENT, balancer: GCP_ROUTES, rollout: ROLL, probe: CRUD },
  expected: [
    atD({ scope: "connection", ...RESET_AT_EXIT, hairpin: true, chance: RESET_CHANCE }),
    // Connections that had nothing unread at that instant.
    CUT_IN_HANDSHAKE,
    REFUSED,
    BUSY_STARTING,
    CROSSED_GOAWAY,
    TOLD_TO_RETRY,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
