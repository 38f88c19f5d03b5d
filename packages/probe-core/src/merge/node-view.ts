import type { Incident, Verdict } from "../classify/verdict-types.js";
import type { ConnectionId, Endpoint, Lane, LogRecord, Nanos, PathName, RunHeader } from "../events/index.js";
import { type PathRole, plannedPaths, roleOf } from "./path-role.js";
import { TimeBins } from "./time-bins.js";
import { WallTimeline } from "./wall-timeline.js";

/** What one lane of one path did over time, on the run's own clock. */
export interface LaneActivity {
  readonly path: PathName;
  readonly lane: Lane;
  /** Requests answered, in lanes of connections alone: connections that worked; in the idle lane: PINGs answered. */
  readonly ok: TimeBins;
  /** Requests and connections that failed. */
  readonly failed: TimeBins;
  /** Those of them that accuse somebody: not what a server turned away with notice, by a GOAWAY that it kept or by Retry-After. */
  readonly accusing: TimeBins;
}

/** One log as the merging of several sees it. */
export interface NodeView {
  readonly node: string;
  readonly run: string | null;
  /** Without a header nothing can be put beside other logs. */
  readonly timeline: WallTimeline | null;
  readonly wall: string | null;
  readonly until: Nanos;
  readonly activity: readonly LaneActivity[];
  readonly paths: readonly {
    readonly path: PathName;
    readonly role: PathRole;
    readonly remotes: readonly Endpoint[];
  }[];
  readonly incidents: readonly Incident[];
}

interface Open {
  readonly activity: LaneActivity;
  readonly lane: Lane;
}

const MAX_REMOTES = 64;

/**
 * Reads along while a log is folded, and keeps what the merging needs: bounded by paths, lanes and bins. Give it each record before the
 * fold, and each verdict.
 */
export class NodeRecorder {
  #header: RunHeader | null = null;
  #timeline: WallTimeline | null = null;
  #until: Nanos = 0;
  readonly #activity = new Map<string, LaneActivity>();
  readonly #open = new Map<ConnectionId, Open>();
  readonly #remotes = new Map<PathName, Set<Endpoint>>();
  readonly #direct = new Set<string>();

  record(record: LogRecord): void {
    switch (record.kind) {
      case "run.header":
        this.#begin(record);
        return;
      case "run.footer":
        return;
      case "tcp.connect.started": {
        const activity = this.#lane(record.path, record.lane);
        this.#open.set(record.conn, { activity, lane: record.lane });
        const remotes = this.#remotes.get(record.path) ?? new Set();
        if (remotes.size < MAX_REMOTES) this.#remotes.set(record.path, remotes.add(record.remote));
        break;
      }
      case "tcp.connect.complete":
        this.#worked(record.conn, "fresh.tcp", record.t);
        break;
      case "tls.hello.answered":
        this.#worked(record.conn, "fresh.hello", record.t);
        break;
      case "tls.handshake.complete":
        this.#worked(record.conn, "fresh.tls", record.t);
        break;
      case "h2.ping.acknowledged":
        this.#worked(record.conn, "idle", record.t);
        break;
      case "h2.stream.ended":
        this.#open.get(record.conn)?.activity.ok.add(record.t);
        break;
      case "tcp.closed":
      case "tcp.connect.failed":
        this.#open.delete(record.conn);
        break;
      case "clock.anchor":
        this.#timeline?.anchor(record.t, record.wall, record.errorNs);
        break;
      case "backend.named":
        if (record.by === "option" || record.by === "pod") this.#direct.add(record.alias);
        break;
      default:
    }
    if (record.t > this.#until) this.#until = record.t;
  }

  verdict(verdict: Verdict): void {
    if (verdict.type === null || verdict.type === "abandoned" || verdict.type === "local.resources") return;
    const activity = this.#lane(verdict.path, verdict.lane);
    activity.failed.add(verdict.t);
    if (!turnedAway(verdict)) activity.accusing.add(verdict.t);
    // Its END_STREAM had been counted as an answer.
    if ("request" in verdict && verdict.scope === "request" && ANSWERED.has(verdict.type))
      activity.ok.add(verdict.t, -1);
  }

  view(incidents: readonly Incident[]): NodeView {
    const header = this.#header;
    const paths = new Set([...plannedPaths(header), ...this.#remotes.keys()]);
    return {
      node: header?.node ?? "?",
      run: header?.run ?? null,
      timeline: this.#timeline,
      wall: header?.reference.wall ?? null,
      until: this.#until,
      activity: [...this.#activity.values()],
      paths: [...paths].map((path) => {
        const remotes = [...(this.#remotes.get(path) ?? [])];
        return { path, role: roleOf(path, remotes, this.#direct), remotes };
      }),
      incidents,
    };
  }

  #begin(header: RunHeader): void {
    if (this.#header !== null) return;
    this.#header = header;
    this.#timeline = new WallTimeline(header.reference.wall, header.reference.wallErrorNs);
    for (const { path, lane } of header.lanes) this.#lane(path, lane);
  }

  #worked(conn: ConnectionId, lane: Lane, t: Nanos): void {
    const open = this.#open.get(conn);
    if (open !== undefined && open.lane === lane) open.activity.ok.add(t);
  }

  #lane(path: PathName, lane: Lane): LaneActivity {
    const key = `${path}\n${lane}`;
    let activity = this.#activity.get(key);
    if (activity === undefined) {
      activity = { path, lane, ok: new TimeBins(), failed: new TimeBins(), accusing: new TimeBins() };
      this.#activity.set(key, activity);
    }
    return activity;
  }
}

function turnedAway(verdict: Verdict): boolean {
  if (!("request" in verdict)) return verdict.close === "graceful";
  return verdict.processed === "no" && (verdict.type === "h2.goaway" || verdict.type === "http.retry_after");
}

const ANSWERED: ReadonlySet<string> = new Set(["http.error", "http.retry_after", "http.response.truncated"]);

/** Harm done, worst first: writes that are unsafe to retry, then requests lost, then the earlier one. */
export function byHarm(a: Incident, b: Incident): number {
  return b.unsafeToRetry - a.unsafeToRetry || b.requestsFailed - a.requestsFailed || a.t - b.t;
}
