import type { LabScenario } from "../lab-scenario.js";
import { CHECKS, CURRENT, READONLY } from "./parts.js";

export const FORGOTTEN_FLOW: LabScenario = {
  name: "forgotten-flow",
  title: "a balancer forgets an idle flow and tells nobody",
  cause:
    "The balancer's table of flows drops entries that saw no packet for a while. The connection stays established on the client, and whatever it sends from then on gets no answer.",
  remedy: "HTTP/2 PING more often than the balancer forgets (client-go: every 30 s, 15 s for the answer).",
  setup: {
    apiserver: CURRENT,
    balancer: { model: "forgetful", checks: CHECKS, forgetAfterMs: 6_000 },
    rollout: { action: "none", observeMs: 20_000 },
    probe: { ...READONLY, idleSessions: 2, pingIntervalMs: 10_000 },
  },
  fixed: {
    apiserver: CURRENT,
    balancer: { model: "forgetful", checks: CHECKS, forgetAfterMs: 6_000 },
    rollout: { action: "none", observeMs: 20_000 },
    probe: { ...READONLY, idleSessions: 2, pingIntervalMs: 2_000 },
  },
  expected: [{ scope: "connection", type: "h2.ping.timed_out", close: "silent" }],
  expectedFixed: [],
};
