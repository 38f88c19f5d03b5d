import type { ConnectionId, LogRecord, Nanos, ProbeEvent, RequestVerdict, Verdict } from "@drainprobe/core";
import { TimeBins } from "@drainprobe/core/merge";
import { EvidenceBook } from "./evidence-book.js";
import { MARKS } from "./page/data.js";

/** Bounds of one log's part of the page. What is over them is counted, and its failures stay in the bins of their lane. */
export const HTML_LIMITS = {
  failedConnections: 12_000,
  wellConnections: 8_000,
  marksOfConnection: 16,
  casualties: 12_000,
  markers: 4_000,
  stalls: 4_000,
} as const;

export interface Mark {
  readonly mark: number;
  readonly t: Nanos;
  readonly u: Nanos;
  readonly seq: number;
}

/** One connection from its first event to its last. */
export interface Lifeline {
  readonly conn: ConnectionId;
  readonly path: string;
  readonly lane: string;
  readonly from: Nanos;
  slot: number | null;
  up: Nanos | null;
  to: Nanos | null;
  close: string | null;
  type: string | null;
  ends: string;
  backend: string | null;
  /** We began to close it: what the peer sends from then on answers us. */
  closing: boolean;
  readonly marks: Mark[];
}

const MARK_OF = {
  "h2.goaway.received": "GOAWAY",
  "tcp.fin.received": "FIN",
  "tcp.rst.received": "RST",
  "tls.close_notify.received": "close_notify",
  "h2.ping.expired": "PING lost",
  "tcp.connect.failed": "connect failed",
  "tcp.connect.expired": "connect failed",
  "tls.handshake.failed": "TLS failed",
  "tls.failed": "TLS failed",
  "h2.protocol.error": "protocol error",
} as const satisfies Readonly<Record<string, (typeof MARKS)[number]>>;

type MarkerEvent = Extract<ProbeEvent, { kind: "rollout.marker" }>;

/** Reads along while a log is folded, and keeps what the page draws: each failure within the bounds, and of what went well the long-lived. */
export class LifelineRecorder {
  readonly lifelines: Lifeline[] = [];
  readonly casualties: { readonly verdict: RequestVerdict; readonly sentAt: Nanos | null }[] = [];
  readonly markers: MarkerEvent[] = [];
  readonly stalls: { readonly t: Nanos; readonly durationNs: Nanos }[] = [];
  readonly errors = new Map<string, TimeBins>();
  readonly evidence = new EvidenceBook();
  readonly dropped = { connections: 0, failures: 0, casualties: 0, markers: 0, stalls: 0 };
  readonly #open = new Map<ConnectionId, Lifeline>();
  #well = 0;
  #failed = 0;

  record(record: LogRecord): void {
    if (record.kind === "run.header" || record.kind === "run.footer") return;
    this.evidence.record(record);
    switch (record.kind) {
      case "tcp.connect.started":
      case "dns.resolve.failed":
        this.#open.set(record.conn, {
          conn: record.conn,
          path: record.path,
          lane: record.lane,
          from: record.t,
          slot: null,
          up: null,
          to: null,
          close: null,
          type: null,
          ends: "remote" in record ? record.remote : record.host,
          backend: null,
          closing: false,
          marks: [],
        });
        if (record.kind === "dns.resolve.failed") this.#mark(record, "connect failed");
        return;
      case "tcp.connect.complete": {
        const line = this.#open.get(record.conn);
        if (line === undefined) return;
        line.up = record.t;
        line.ends = `${record.local} → ${record.remote}`;
        return;
      }
      case "tcp.close.started": {
        const line = this.#open.get(record.conn);
        if (line !== undefined && record.reason !== "peer.ended") line.closing = true;
        return;
      }
      case "session.ready": {
        const line = this.#open.get(record.conn);
        if (line !== undefined) line.slot = record.slot;
        return;
      }
      case "backend.identified": {
        const line = this.#open.get(record.conn);
        if (line !== undefined) line.backend = record.backend;
        return;
      }
      case "h2.goaway.received":
      case "tcp.fin.received":
      case "tcp.rst.received":
      case "tls.close_notify.received":
      case "h2.ping.expired":
      case "tcp.connect.failed":
      case "tcp.connect.expired":
      case "tls.handshake.failed":
      case "tls.failed":
      case "h2.protocol.error":
        this.#mark(record, MARK_OF[record.kind]);
        return;
      case "rollout.marker":
        if (this.markers.length < HTML_LIMITS.markers) this.markers.push(record);
        else this.dropped.markers += 1;
        return;
      case "process.stall":
        if (this.stalls.length < HTML_LIMITS.stalls) this.stalls.push({ t: record.t, durationNs: record.durationNs });
        else this.dropped.stalls += 1;
        return;
      default:
    }
  }

  verdict(verdict: Verdict): void {
    if (!("request" in verdict)) {
      this.evidence.verdict(verdict);
      this.#connectionEnded(verdict);
      return;
    }
    this.evidence.verdict(verdict);
    if (verdict.type === "abandoned") return;
    this.#error(verdict.type, verdict.t);
    if (this.casualties.length < HTML_LIMITS.casualties) {
      this.casualties.push({ verdict, sentAt: this.evidence.sentAt(verdict.request) });
    } else this.dropped.casualties += 1;
  }

  #connectionEnded(verdict: Extract<Verdict, { close: unknown }>): void {
    const line = this.#open.get(verdict.conn);
    if (line === undefined) return;
    this.#open.delete(verdict.conn);
    line.close = verdict.close;
    line.type = verdict.type;
    line.to = verdict.close === "alive" ? null : verdict.t;
    const failed = verdict.type !== null;
    if (failed) this.#error(verdict.type, verdict.t);
    // What a fresh lane opened and closed as planned is in the lane's bins.
    if (!failed && line.marks.length === 0 && verdict.lane.startsWith("fresh.") && verdict.close === "local") return;
    if (failed) {
      this.#failed += 1;
      if (this.#failed <= HTML_LIMITS.failedConnections) this.lifelines.push(line);
      else this.dropped.failures += 1;
    } else {
      this.#well += 1;
      if (this.#well <= HTML_LIMITS.wellConnections) this.lifelines.push(line);
      else this.dropped.connections += 1;
    }
  }

  #error(type: string, t: Nanos): void {
    let bins = this.errors.get(type);
    if (bins === undefined) {
      bins = new TimeBins();
      this.errors.set(type, bins);
    }
    bins.add(t);
  }

  #mark(event: ProbeEvent & { readonly conn: ConnectionId }, mark: (typeof MARKS)[number]): void {
    const line = this.#open.get(event.conn);
    if (line === undefined || line.closing || line.marks.length >= HTML_LIMITS.marksOfConnection) return;
    line.marks.push({ mark: MARKS.indexOf(mark), t: event.t, u: event.u, seq: event.seq });
  }
}
