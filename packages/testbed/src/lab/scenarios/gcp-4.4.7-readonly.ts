import type { LabScenario } from "../lab-scenario.js";
import {
  atD,
  BUSY_STARTING,
  CHECKS,
  CLOSED_AT_EXIT,
  CROSSED_GOAWAY,
  CURRENT,
  CUT_IN_HANDSHAKE,
  DONE_WELL,
  GCP_ROUTES,
  GRACEFUL,
  HISTORIC,
  READONLY,
  REFUSED,
  ROLL,
  TOLD_TO_RETRY,
} from "./parts.js";

export const GCP_447_READONLY: LabScenario = {
  name: "gcp-4.4.7-readonly",
  title: "reads on a GCP master, 4.4.7: unexpected EOF",
  cause:
    "As in gcp-4.4.7-crud, but between two reads nothing is unread when the process ends, so the kernel closes with FIN: an EOF in the middle of the session, without GOAWAY.",
  remedy: "As in gcp-4.4.7-crud.",
  setup: { apiserver: HISTORIC, balancer: { model: "gcp-ilb", checks: CHECKS }, rollout: ROLL, probe: READONLY },
  fixed: { apiserver: CURRENT, balancer: GCP_ROUTES, rollout: ROLL, probe: READONLY },
  expected: [
    atD({ scope: "connection", ...CLOSED_AT_EXIT, hairpin: true }),
    CUT_IN_HANDSHAKE,
    REFUSED,
    BUSY_STARTING,
    CROSSED_GOAWAY,
    TOLD_TO_RETRY,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
