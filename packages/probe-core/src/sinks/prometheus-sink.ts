import { showsThatItWorks } from "../classify/attempt-works.js";
import { isUnsafeToRetry } from "../classify/request-rules.js";
import type { ConnectionVerdict, Incident, RequestVerdict, Verdict } from "../classify/verdict-types.js";
import type {
  ConnectionId,
  EventOf,
  Lane,
  LogRecord,
  Nanos,
  PathName,
  ProbeEvent,
  RequestId,
  RunHeader,
} from "../events/index.js";
import { unverifiedPaths } from "../events/unverified-paths.js";
import { LIMITS } from "../limits.js";
import { PHASES, type Phase } from "../verdict/rollout/rollout-types.js";
import { attemptFailed } from "./new-connection-gaps.js";
import { LaneMetrics, PathMetrics } from "./prometheus-lane.js";
import { createFamilies, prometheusText } from "./prometheus-text.js";
import type { RunSink } from "./run-sink.js";

interface TrackedConnection {
  readonly lane: LaneMetrics;
  readonly startedAt: Nanos;
  established: boolean;
  /** It is a session and takes requests. */
  usable: boolean;
  worked: boolean;
}

interface TrackedRequest {
  readonly lane: LaneMetrics;
  readonly intended: Nanos;
  /** How it was sent; `null` while it is queued. */
  sent: EventOf<"request.sent"> | null;
}

/** Label value where nothing failed, or where nothing was there to be closed. */
const NONE = "none";

/**
 * Counts a run's records and verdicts as Prometheus metrics. It holds a number for each combination of label values, which come
 * from closed lists and the run's own paths, and a few words for each request and connection that is open: what has ended
 * costs nothing, however long the run.
 */
export class PrometheusSink implements RunSink {
  readonly #families = createFamilies();
  readonly #stalls = this.#families.drainprobe_event_loop_stall_seconds.of();
  readonly #paths = new Map<PathName, PathMetrics>();
  readonly #lanes = new Map<PathName, Map<Lane, LaneMetrics>>();
  readonly #connections = new Map<ConnectionId, TrackedConnection>();
  readonly #requests = new Map<RequestId, TrackedRequest>();
  /** Its END_STREAM was the last record: it is ok unless a verdict follows. */
  #answered: EventOf<"h2.stream.ended"> | null = null;
  #now: Nanos = 0;

  /** `build` is told from the first scrape on, also before the run has begun. */
  constructor(build: { readonly version: string; readonly nodeVersion: string }) {
    this.#families.drainprobe_build_info.of(build.version, build.nodeVersion).value = 1;
  }

  /**
   * The metrics in Prometheus' text format. `drops` are the counts of `Probe.snapshot()`, and `phases` its backends by the paths that
   * lead to them: both are known to the probe alone.
   */
  text(drops: Readonly<Record<string, number>> = {}, phases: Readonly<Record<PathName, Phase>> = {}): string {
    this.#settle();
    for (const [path, now] of Object.entries(phases)) {
      for (const phase of PHASES) this.#families.drainprobe_backend_phase.of(path, phase).value = phase === now ? 1 : 0;
    }
    for (const [name, count] of Object.entries(drops)) {
      this.#families.drainprobe_drops_total.of(name.replaceAll(" ", "_")).value = count;
    }
    for (const path of this.#paths.values()) path.outage.value = path.gaps.outage(this.#now) / 1e9;
    return prometheusText(this.#families);
  }

  write(record: LogRecord): void {
    this.#settle();
    switch (record.kind) {
      case "run.header":
        this.#begin(record);
        return;
      case "run.footer":
        this.#now = record.t;
        return;
      default:
        this.#now = record.t;
        this.#event(record);
    }
  }

  appendVerdict(verdict: Verdict): void {
    if ("request" in verdict) this.#requestJudged(verdict);
    else this.#connectionJudged(verdict);
  }

  appendIncident({ path, lane, type }: Incident): void {
    this.#families.drainprobe_incidents_total.of(path, lane, type).value += 1;
  }

  /** Every lane that is planned is shown from the start: a rate wants a zero to count from. */
  #begin(header: RunHeader): void {
    const { reference, lanes, selfTest } = header;
    const unverified = new Set(unverifiedPaths(header));
    this.#families.drainprobe_run_start_time_seconds.of().value = Date.parse(reference.wall) / 1_000;
    if (selfTest !== undefined && selfTest.passed !== null) {
      this.#families.drainprobe_self_test_passed.of().value = selfTest.passed ? 1 : 0;
    }
    for (const { path, lane } of lanes) {
      this.#lane(path, lane);
      this.#families.drainprobe_certificates_verified.of(path).value = unverified.has(path) ? 0 : 1;
    }
  }

  #event(event: ProbeEvent): void {
    switch (event.kind) {
      case "request.queued":
      case "request.sent":
        this.#requestBegun(event);
        return;
      case "h2.stream.ended":
        this.#answered = event;
        return;
      case "h2.ping.acknowledged":
        this.#connections.get(event.conn)?.lane.rtt.observe(event.rttNs);
        return;
      case "tcp.connect.started":
      case "dns.resolve.failed":
        this.#attempt(event);
        return;
      case "tcp.connect.complete":
        this.#established(event);
        return;
      case "tls.handshake.complete":
        this.#connections.get(event.conn)?.lane.tls.observe(event.durationNs);
        this.#mayShowWork(event);
        return;
      case "tls.hello.answered":
      case "h2.headers.received":
        this.#mayShowWork(event);
        return;
      case "session.ready":
        this.#sessionReady(event);
        return;
      case "h2.goaway.received":
        this.#goaway(event.conn);
        return;
      case "tcp.fin.received":
      case "tcp.rst.received":
      case "tcp.write.failed":
      case "tcp.read.failed":
      case "tcp.close.started":
      case "tls.close_notify.received":
      case "tls.failed":
      case "h2.ping.expired":
        this.#sessionEnded(this.#connections.get(event.conn));
        return;
      case "process.stall":
        this.#stalls.observe(event.durationNs);
        return;
      case "schedule.missed":
        this.#families.drainprobe_schedule_missed_total.of(event.path, event.lane, event.reason).value += event.count;
        return;
      default:
    }
  }

  #requestBegun(event: EventOf<"request.queued"> | EventOf<"request.sent">): void {
    const sent = event.kind === "request.sent" ? event : null;
    const known = this.#requests.get(event.request);
    if (known !== undefined) {
      known.sent ??= sent;
      return;
    }
    const lane = this.#lane(event.path, event.lane);
    lane.started.value += 1;
    if (this.#requests.size >= LIMITS.openRequests) return;
    lane.inFlight.value += 1;
    this.#requests.set(event.request, { lane, intended: event.intended, sent });
  }

  /** The request that was answered last is ok, if it was not judged since: then it would not be known any more. */
  #settle(): void {
    if (this.#answered === null) return;
    const { request: named, t } = this.#answered;
    const id = named ?? this.#requestOn(this.#answered);
    this.#answered = null;
    const request = id === undefined ? undefined : this.#requests.get(id);
    if (id === undefined || request === undefined) return;
    this.#requests.delete(id);
    const { lane, intended, sent } = request;
    lane.inFlight.value -= 1;
    lane.ok.value += 1;
    lane.fromIntended.observe(t - intended);
    if (sent !== null) lane.fromSent.observe(t - sent.t);
  }

  /** Looks through all that are open: an event that does not name its request is a rare one. */
  #requestOn({ conn, stream }: EventOf<"h2.stream.ended">): RequestId | undefined {
    for (const [id, { sent }] of this.#requests) if (sent?.conn === conn && sent.stream === stream) return id;
    return undefined;
  }

  #requestJudged(verdict: RequestVerdict): void {
    const { path, lane: name, type, scope, processed } = verdict;
    const lane = this.#lane(path, name);
    if (this.#requests.delete(verdict.request)) lane.inFlight.value -= 1;
    if (type === "abandoned") {
      lane.abandoned.value += 1;
      return;
    }
    lane.failed.value += 1;
    this.#families.drainprobe_request_failures_total.of(path, name, type, scope, processed).value += 1;
    if (isUnsafeToRetry(verdict)) lane.unsafe.value += 1;
  }

  #attempt(event: EventOf<"tcp.connect.started"> | EventOf<"dns.resolve.failed">): void {
    const lane = this.#lane(event.path, event.lane);
    lane.attempts.value += 1;
    if (this.#connections.size >= LIMITS.openConnections) return;
    this.#connections.set(event.conn, {
      lane,
      startedAt: event.t,
      established: false,
      usable: false,
      worked: false,
    });
  }

  #established(event: EventOf<"tcp.connect.complete">): void {
    const conn = this.#connections.get(event.conn);
    if (conn === undefined || conn.established) return;
    conn.established = true;
    conn.lane.opened.value += 1;
    conn.lane.open.value += 1;
    conn.lane.connect.observe(event.t - conn.startedAt);
    this.#mayShowWork(event);
  }

  #sessionReady(event: EventOf<"session.ready">): void {
    const conn = this.#connections.get(event.conn);
    if (conn === undefined || conn.usable) return;
    conn.usable = true;
    conn.lane.sessions.value += 1;
    if (event.gapNs !== null) conn.lane.sessionGap.observe(event.gapNs);
    this.#mayShowWork(event);
  }

  #goaway(id: ConnectionId): void {
    const conn = this.#connections.get(id);
    if (conn === undefined) return;
    conn.lane.goaways.value += 1;
    this.#sessionEnded(conn);
  }

  #sessionEnded(conn: TrackedConnection | undefined): void {
    if (conn?.usable !== true) return;
    conn.usable = false;
    conn.lane.sessions.value -= 1;
  }

  #mayShowWork(event: Extract<ProbeEvent, { conn: ConnectionId; t: Nanos }>): void {
    const conn = this.#connections.get(event.conn);
    if (conn === undefined || conn.worked || !showsThatItWorks(conn.lane.lane, event.kind)) return;
    conn.worked = true;
    conn.lane.path.gaps.worked(event.t);
  }

  #connectionJudged(verdict: ConnectionVerdict): void {
    const { path, lane: name, close, type } = verdict;
    this.#families.drainprobe_connections_ended_total.of(path, name, close ?? NONE, type ?? NONE).value += 1;
    const conn = this.#connections.get(verdict.conn);
    if (conn?.worked !== true && attemptFailed(verdict)) {
      this.#lane(path, name).path.gaps.failed(conn?.startedAt ?? verdict.t);
    }
    if (conn === undefined) return;
    this.#connections.delete(verdict.conn);
    this.#sessionEnded(conn);
    if (conn.established) conn.lane.open.value -= 1;
  }

  #lane(path: PathName, lane: Lane): LaneMetrics {
    let lanes = this.#lanes.get(path);
    if (lanes === undefined) {
      lanes = new Map();
      this.#lanes.set(path, lanes);
    }
    let metrics = lanes.get(lane);
    if (metrics === undefined) {
      metrics = new LaneMetrics(this.#families, this.#path(path), lane);
      lanes.set(lane, metrics);
    }
    return metrics;
  }

  #path(name: PathName): PathMetrics {
    let path = this.#paths.get(name);
    if (path === undefined) {
      path = new PathMetrics(this.#families, name);
      this.#paths.set(name, path);
    }
    return path;
  }
}
