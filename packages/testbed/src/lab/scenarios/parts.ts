import type {
  ApiserverSettings,
  HealthCheckSettings,
  LabExpectation,
  LabProbeSettings,
  RolloutSettings,
} from "../lab-scenario.js";

/**
 * D in most scenarios, about a fifth of what the seed's clusters had. By the arithmetic of the docs 10 s would do; the rest is for a busy
 * machine, which is late by half a second at any speed.
 */
export const D_MS = 15_000;

/**
 * Today's server. Watches are ended in order, because a probe that watches would else hold each process for a minute, which is a
 * scenario of its own.
 */
export const CURRENT: ApiserverSettings = { shutdownDelayMs: D_MS, watchGraceMs: 1_000 };

/** v1.18 and before: where no request is inside when the delay is over, the process is gone before it has said GOAWAY to anyone. */
export const HISTORIC: ApiserverSettings = { version: "historic", shutdownDelayMs: D_MS, otherConnections: 50 };

/** A backend leaves 1 to 2 s after /readyz turned red, if nothing is slower. */
export const CHECKS: HealthCheckSettings = { probe: "readyz", everyMs: 1_000, fall: 2, rise: 2 };

/**
 * The node's own watcher: slower than the balancer to let go, and quicker to come back. Half-way between the balancer's removal lag and the
 * delay, so that neither a late check nor a late rule lets one overtake the other; and few checks, which a busy machine makes late one by one.
 * See gcp-new-connection-black-hole.
 */
export const PATIENT_WATCHER: HealthCheckSettings = { probe: "readyz", everyMs: 2_000, fall: 3, rise: 1 };

/** A balancer whose backends come back later than the node's own watcher does. */
export const SLOW_TO_RISE: HealthCheckSettings = { ...CHECKS, rise: 4 };

/** The balancer of today's GCP clusters, each part as late as it has to be. */
export const GCP_ROUTES = {
  model: "gcp-ilb-routes",
  checks: SLOW_TO_RISE,
  deprogramMs: 500,
  watcher: PATIENT_WATCHER,
} as const;

/** A network load balancer that takes its time and breaks nothing. */
export const NLB = { model: "aws-nlb", checks: CHECKS, propagationMs: 2_000, terminateUnhealthy: false } as const;

export const ROLL: RolloutSettings = { action: "roll" };

export const CRUD: LabProbeSettings = { workload: "crud", ratePerSecond: 60, freshPerSecond: 5, watch: true };
/** Reads that leave pauses between them, so that a server which goes rarely leaves one unread. */
export const READONLY: LabProbeSettings = { workload: "readonly", ratePerSecond: 8, freshPerSecond: 5, watch: true };

/** From the end of the delay to the end of an historic process, teardown included, at speed 1; a busy machine takes longer. */
const AT_D = { fromMs: D_MS - 100, toMs: D_MS + 1_500 } as const;

/** A connection that ended when the delay was over. */
export const atD = (expectation: LabExpectation): LabExpectation => ({ ...expectation, when: AT_D });

/** Answers that say "later", which servers give while they go and clients act on: allowed everywhere. */
export const TOLD_TO_RETRY: LabExpectation = { scope: "request", type: "http.retry_after", count: { min: 0 } };

/**
 * New connections and reopened sessions while nobody listens: refused, or, where they were in the accept queue or in the handshake at that
 * moment, reset or closed.
 */
export const REFUSED: LabExpectation = { scope: "connection", type: "tcp.refused" };
export const CUT_IN_HANDSHAKE: LabExpectation = {
  scope: "connection",
  type: ["tcp.reset", "tcp.closed", "tcp.broken_pipe"],
  count: { min: 0 },
};

/**
 * How the historic server's connections end, beside their type. If a request was inside when the delay was over, all were told GOAWAY, and
 * the end breaks that promise; if none was, nobody was told, and it is abrupt.
 */
export const RESET_AT_EXIT = { type: "tcp.reset", close: ["reset", "broken-promise"] } as const;
export const CLOSED_AT_EXIT = { type: "tcp.closed", close: ["abrupt", "broken-promise"] } as const;

/**
 * At least in so many rollouts one of the three exits resets a connection; on the embedded tier it was 39 of 40. An exit does not where a request
 * is inside when the delay is over, for then all are told GOAWAY and fall silent before the end; or where none arrives in the hundredths of a
 * second in which the kernel takes the process apart.
 */
export const RESET_CHANCE = 0.9;

/** Who waits for an answer when a flow ends sends nothing that rules of the kernel could answer by a reset, and waits on. */
export const WAITING_AT_END: LabExpectation = {
  scope: "connection",
  type: ["tcp.timed_out", "tls.timed_out", "h2.settings.timed_out"],
  count: { min: 0 },
};

/**
 * A SYN that was lost for want of the redirect leaves its entry in the flow table of its sender, untranslated, for two minutes
 * (`nf_conntrack_tcp_timeout_syn_sent`). A connection that happens to get the same port is taken for the same flow, and lost as well.
 */
export const LOST_PORT: LabExpectation = { scope: "connection", type: "tcp.timed_out", count: { min: 0, max: 15 } };

/**
 * A port whose connection the balancer has reset is reset again when the kernel chooses it within ten seconds (nf_conntrack_tcp_timeout_close),
 * wherever the new connection was to go.
 */
export const RESET_PORT: LabExpectation = { scope: "connection", type: "tcp.refused", count: { min: 0, max: 15 } };

/** A server is busy with its start: it listens, and has no time for a handshake yet. */
export const BUSY_STARTING: LabExpectation = { scope: "connection", type: "tls.timed_out", count: { min: 0 } };

/**
 * Requests that cross a GOAWAY on the wire are lost with their connection, and provably not processed: any client may send them again. No
 * setting of a server or balancer prevents it.
 */
export const CROSSED_GOAWAY: LabExpectation = {
  scope: "connection",
  type: "h2.goaway",
  close: ["graceful", "alive", "local"],
  count: { min: 0 },
};

/** What a rollout may show that is done as well as can be. */
export const DONE_WELL: readonly LabExpectation[] = [CROSSED_GOAWAY, TOLD_TO_RETRY];

/** Connections ended as the protocol has it, requests that crossed their GOAWAY or not. */
export const GRACEFUL: LabExpectation = { scope: "connection", close: "graceful" };
