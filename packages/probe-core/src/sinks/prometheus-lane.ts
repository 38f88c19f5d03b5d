import type { Lane, PathName } from "../events/index.js";
import { NewConnectionGaps } from "./new-connection-gaps.js";
import type { Families } from "./prometheus-text.js";

/** The values of one path, looked up once. */
export class PathMetrics {
  readonly name: PathName;
  readonly gaps: NewConnectionGaps;
  readonly outage;

  constructor(families: Families, name: PathName) {
    this.name = name;
    const gap = families.drainprobe_new_connection_gap_seconds.of(name);
    this.gaps = new NewConnectionGaps((ns) => gap.observe(ns));
    this.outage = families.drainprobe_new_connection_outage_seconds.of(name);
  }
}

/** The values of one lane on one path, looked up once: a record then costs no search by label. */
export class LaneMetrics {
  readonly path: PathMetrics;
  readonly lane: Lane;
  readonly started;
  readonly ok;
  readonly failed;
  readonly abandoned;
  readonly unsafe;
  readonly inFlight;
  readonly fromIntended;
  readonly fromSent;
  readonly attempts;
  readonly opened;
  readonly open;
  readonly sessions;
  readonly goaways;
  readonly connect;
  readonly tls;
  readonly rtt;
  readonly sessionGap;

  constructor(families: Families, path: PathMetrics, lane: Lane) {
    this.path = path;
    this.lane = lane;
    const at = [path.name, lane] as const;
    this.started = families.drainprobe_requests_started_total.of(...at);
    this.ok = families.drainprobe_requests_total.of(...at, "ok");
    this.failed = families.drainprobe_requests_total.of(...at, "failed");
    this.abandoned = families.drainprobe_requests_total.of(...at, "abandoned");
    this.unsafe = families.drainprobe_requests_unsafe_to_retry_total.of(...at);
    this.inFlight = families.drainprobe_requests_in_flight.of(...at);
    this.fromIntended = families.drainprobe_request_from_intended_seconds.of(...at);
    this.fromSent = families.drainprobe_request_from_sent_seconds.of(...at);
    this.attempts = families.drainprobe_connection_attempts_total.of(...at);
    this.opened = families.drainprobe_connections_opened_total.of(...at);
    this.open = families.drainprobe_connections_open.of(...at);
    this.sessions = families.drainprobe_sessions_open.of(...at);
    this.goaways = families.drainprobe_goaways_received_total.of(...at);
    this.connect = families.drainprobe_connect_seconds.of(...at);
    this.tls = families.drainprobe_tls_handshake_seconds.of(...at);
    this.rtt = families.drainprobe_ping_rtt_seconds.of(...at);
    this.sessionGap = families.drainprobe_session_gap_seconds.of(...at);
  }
}
