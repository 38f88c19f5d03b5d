import type { Buckets } from "./prometheus-histogram.js";

/** Every label there is. Their values come from closed lists, from the run's own paths and from the program's version. */
export type Label =
  | "path"
  | "lane"
  | "phase"
  | "type"
  | "scope"
  | "close"
  | "processed"
  | "result"
  | "version"
  | "node_version";

interface Declared {
  readonly help: string;
  readonly labels: readonly Label[];
}

/** One metric, as `/metrics` declares it. */
export type Metric =
  | (Declared & { readonly type: "counter" | "gauge" })
  | (Declared & { readonly type: "histogram"; readonly buckets: Buckets });

const LANE = ["path", "lane"] as const;

/** From a connection on the same host to one that hangs until the kernel gives up. */
const CONNECT_SECONDS: Buckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
const REQUEST_SECONDS: Buckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
const GAP_SECONDS: Buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Shorter stalls than 50 ms are not recorded. */
const STALL_SECONDS: Buckets = [0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10];

const counter = (labels: readonly Label[], help: string) => ({ type: "counter", labels, help }) as const;
const gauge = (labels: readonly Label[], help: string) => ({ type: "gauge", labels, help }) as const;
const histogram = (buckets: Buckets, labels: readonly Label[], help: string) =>
  ({ type: "histogram", labels, help, buckets }) as const;

/** Every metric that is served, by its name, in the order of the output. `docs/metrics.md` lists exactly these; a test compares. */
export const PROMETHEUS_METRICS = {
  drainprobe_build_info: gauge(["version", "node_version"], "1, for the versions in its labels."),
  drainprobe_self_test_passed: gauge([], "1 if the self-test before the run named every fault rightly, 0 if not."),
  drainprobe_run_start_time_seconds: gauge([], "Unix time at which the observation began."),

  drainprobe_certificates_verified: gauge(
    ["path"],
    "0 if the run was told not to verify the servers' certificates, else 1.",
  ),

  drainprobe_requests_started_total: counter(LANE, "Requests that were due and were sent or queued."),
  drainprobe_requests_total: counter(
    ["path", "lane", "result"],
    "Requests that ended: ok, failed, or abandoned by us at the end.",
  ),
  drainprobe_request_failures_total: counter(
    ["path", "lane", "type", "scope", "processed"],
    "Requests that failed; scope says whether with their connection or by themselves.",
  ),
  drainprobe_requests_unsafe_to_retry_total: counter(
    LANE,
    "Lost writes of which nobody can say whether they were carried out.",
  ),
  drainprobe_requests_in_flight: gauge(LANE, "Requests sent or queued whose end is not known yet."),
  drainprobe_request_from_intended_seconds: histogram(
    REQUEST_SECONDS,
    LANE,
    "From when the schedule wanted a request to its END_STREAM.",
  ),
  drainprobe_request_from_sent_seconds: histogram(
    REQUEST_SECONDS,
    LANE,
    "From when a request was sent to its END_STREAM.",
  ),

  drainprobe_connection_attempts_total: counter(LANE, "Connections we tried to open."),
  drainprobe_connections_opened_total: counter(LANE, "Connections whose TCP handshake was done."),
  drainprobe_connections_ended_total: counter(
    ["path", "lane", "close", "type"],
    "Connections and attempts that ended; type none did not fail, close none was never established.",
  ),
  drainprobe_connections_open: gauge(LANE, "Connections established and not closed."),
  drainprobe_sessions_open: gauge(LANE, "Sessions that take requests: ready, without GOAWAY, not ended."),
  drainprobe_incidents_total: counter(
    ["path", "lane", "type"],
    "Connections that failed, or whose GOAWAY left requests unserved.",
  ),
  drainprobe_goaways_received_total: counter(LANE, "GOAWAY frames received."),
  drainprobe_connect_seconds: histogram(CONNECT_SECONDS, LANE, "TCP handshakes that were done."),
  drainprobe_tls_handshake_seconds: histogram(CONNECT_SECONDS, LANE, "TLS handshakes that were done."),
  drainprobe_ping_rtt_seconds: histogram(CONNECT_SECONDS, LANE, "Round trips of HTTP/2 PING."),
  drainprobe_session_gap_seconds: histogram(
    GAP_SECONDS,
    LANE,
    "How long a session's place was empty before the next session took it.",
  ),
  drainprobe_new_connection_gap_seconds: histogram(
    GAP_SECONDS,
    ["path"],
    "For how long no new connection worked: from the start of the first that failed to the next success.",
  ),
  drainprobe_new_connection_outage_seconds: gauge(
    ["path"],
    "For how long no new connection has worked until now; 0 while they work.",
  ),

  drainprobe_backend_phase: gauge(
    ["path", "phase"],
    "1 for the phase in which the server is that a path leads to, 0 for the others; only of paths that lead to one server.",
  ),

  drainprobe_event_loop_stall_seconds: histogram(STALL_SECONDS, [], "Times in which this process did not come round."),
  drainprobe_schedule_missed_total: counter(
    ["path", "lane", "type"],
    "Operations that were due and that we did not start.",
  ),
  drainprobe_drops_total: counter(["type"], "What this process counted and did not keep."),
} as const satisfies Readonly<Record<string, Metric>>;

/** The name of a metric: a key of {@link PROMETHEUS_METRICS}. */
export type MetricName = keyof typeof PROMETHEUS_METRICS;
