import type { LabScenario } from "../lab-scenario.js";
import { CHECKS, CRUD, CURRENT, CUT_IN_HANDSHAKE, DONE_WELL, GRACEFUL, REFUSED, ROLL } from "./parts.js";

export const ROUTING_BEFORE_READY: LabScenario = {
  name: "routing-before-ready",
  title: "connections reach a server that listens and is not ready",
  cause:
    "The balancer's check is a TCP connection, and a server that starts listens for about a second before it has loaded its roles: whoever needs a role is forbidden everything.",
  remedy: "Check /readyz, not the port.",
  // At speed 5 a server is not ready for a quarter of a second, which a busy machine's checks miss.
  maxSpeed: 2,
  setup: {
    apiserver: CURRENT,
    balancer: { model: "haproxy", checks: { probe: "tcp", everyMs: 250, fall: 2, rise: 1 } },
    rollout: ROLL,
    probe: { ...CRUD, user: "role" },
  },
  fixed: {
    apiserver: CURRENT,
    balancer: { model: "haproxy", checks: CHECKS },
    rollout: ROLL,
    probe: { ...CRUD, user: "role" },
  },
  expected: [
    { scope: "request", type: "http.error" },
    // Checks that see the port alone leave a server in rotation until it is closed.
    { ...REFUSED, count: { min: 0 } },
    { scope: "connection", type: ["tcp.timed_out", "tls.timed_out"], count: { min: 0 } },
    CUT_IN_HANDSHAKE,
    ...DONE_WELL,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
