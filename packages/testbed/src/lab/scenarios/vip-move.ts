import type { LabScenario } from "../lab-scenario.js";
import { CHECKS, CRUD, CURRENT, CUT_IN_HANDSHAKE, DONE_WELL, GRACEFUL, ROLL, WAITING_AT_END } from "./parts.js";

export const VIP_MOVE: LabScenario = {
  name: "vip-move",
  title: "the virtual address moves with the health of one API server, and resets everything",
  cause:
    "The address is held by one master and moves when the check there fails. A check of that master's own API server makes every rollout move it; the connections it held are unknown to the new holder, which resets them, whoever served them.",
  remedy:
    "Let the check ask whether the proxy on that master still reaches any API server; at the least make it outlast a rollout (fall above the time an instance is away).",
  // haproxy gives a check's handshake no longer than the interval: at speed 5 a tenth of a second, in which a busy machine ends none.
  maxSpeed: 2,
  setup: {
    apiserver: CURRENT,
    balancer: { model: "moving-vip", checks: CHECKS },
    rollout: ROLL,
    probe: CRUD,
  },
  fixed: {
    apiserver: CURRENT,
    balancer: { model: "moving-vip", checks: { ...CHECKS, fall: 60 } },
    rollout: ROLL,
    probe: CRUD,
  },
  expected: [
    { scope: "connection", type: "tcp.reset", close: "reset" },
    CUT_IN_HANDSHAKE,
    WAITING_AT_END,
    ...DONE_WELL,
  ],
  expectedFixed: [GRACEFUL, ...DONE_WELL],
};
