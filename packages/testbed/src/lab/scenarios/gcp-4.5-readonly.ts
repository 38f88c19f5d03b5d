import type { LabScenario } from "../lab-scenario.js";
import {
  atD,
  CROSSED_GOAWAY,
  CURRENT,
  CUT_IN_HANDSHAKE,
  DONE_WELL,
  GCP_ROUTES,
  GRACEFUL,
  HISTORIC,
  READONLY,
  ROLL,
  TOLD_TO_RETRY,
} from "./parts.js";

export const GCP_45_READONLY: LabScenario = {
  name: "gcp-4.5-readonly",
  title: "reads through GCP's redirect, 4.5: broken pipe on one master and EOF on another, within milliseconds",
  cause:
    "The node's redirect now follows its API server, so new connections survive. But the process still does not wait for its HTTP server: connections get GOAWAY and are closed with it if a request is being served at that moment, and end without a word if none is. FIN, RST and broken pipe are faces of one event; which one a client sees is decided by who touched the socket first.",
  remedy: "Wait for the HTTP server's shutdown (Kubernetes 1.19 and later).",
  setup: { apiserver: HISTORIC, balancer: GCP_ROUTES, rollout: ROLL, probe: READONLY },
  fixed: { apiserver: CURRENT, balancer: GCP_ROUTES, rollout: ROLL, probe: READONLY },
  expected: [
    atD({
      scope: "connection",
      type: ["tcp.broken_pipe", "tcp.closed", "tcp.reset"],
      close: ["abrupt", "reset", "broken-promise"],
    }),
    CUT_IN_HANDSHAKE,
    CROSSED_GOAWAY,
    TOLD_TO_RETRY,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
