import type { LogRecord, Verdict } from "@drainprobe/core";

/** How far a connection is to go. */
export type ChurnKind = "tcp" | "hello" | "tls" | "h2";

const ARRIVED = {
  tcp: "tcp.connect.complete",
  hello: "tls.hello.answered",
  tls: "tls.handshake.complete",
  h2: "h2.stream.ended",
} as const;

/** The kernel had no port left for one more connection: that is this host's doing, not the target's. */
const OWN_FAILURES = ["EADDRNOTAVAIL", "EMFILE", "ENFILE"];

/** What became of the connections. Times in ns, sorted. */
export interface ChurnCounts {
  readonly opened: number;
  readonly worked: number;
  /** By the type of the connection's verdict, or of its request's. */
  readonly failures: Readonly<Record<string, number>>;
  /** Could not be opened for want of ports or descriptors on this host. */
  readonly ownFailures: number;
  /** From the first packet asked for to what the kind is after. */
  readonly arrivalNs: readonly number[];
  readonly connectNs: readonly number[];
  readonly handshakeNs: readonly number[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly tls: string | null;
}

interface Underway {
  readonly startedAt: number;
  arrived: boolean;
}

/** Counts the connections of a churn as their records come. */
export class ChurnMeter {
  readonly #kind: ChurnKind;
  readonly #count: number;
  readonly #allEnded: () => void;
  readonly #underway = new Map<number, Underway>();
  readonly #types = new Map<number, string>();
  readonly #failed = new Set<number>();
  readonly #arrivalNs: number[] = [];
  readonly #connectNs: number[] = [];
  readonly #handshakeNs: number[] = [];
  readonly #statuses: Record<string, number> = {};
  #opened = 0;
  #missed = 0;
  #ended = 0;
  #worked = 0;
  #ownFailures = 0;
  #tls: string | null = null;

  constructor(kind: ChurnKind, count: number, allEnded: () => void) {
    this.#kind = kind;
    this.#count = count;
    this.#allEnded = allEnded;
  }

  push(record: LogRecord): void {
    if (record.kind === "schedule.missed") {
      this.#missed += record.count;
      this.#settle();
      return;
    }
    if (!("conn" in record) || record.conn === null) return;
    const { conn } = record;
    const one = this.#underway.get(conn);
    switch (record.kind) {
      case "tcp.connect.started":
        this.#opened += 1;
        this.#underway.set(conn, { startedAt: record.t, arrived: false });
        break;
      case "dns.resolve.failed":
        this.#opened += 1;
        this.#failed.add(conn);
        this.#end(conn);
        break;
      case "tcp.connect.complete":
        if (one !== undefined) this.#connectNs.push(record.t - one.startedAt);
        break;
      case "tls.handshake.complete":
        this.#handshakeNs.push(record.durationNs);
        this.#tls ??= `${record.protocol}, ${record.cipher}`;
        break;
      case "h2.headers.received":
        this.#statuses[record.status] = (this.#statuses[record.status] ?? 0) + 1;
        break;
      case "tcp.connect.failed":
        if (OWN_FAILURES.includes(record.code)) this.#ownFailures += 1;
        else this.#failed.add(conn);
        this.#end(conn);
        break;
      case "tcp.closed":
        if (one?.arrived === true) this.#worked += 1;
        else this.#failed.add(conn);
        this.#end(conn);
        break;
    }
    if (record.kind === ARRIVED[this.#kind] && one !== undefined && !one.arrived) {
      one.arrived = true;
      this.#arrivalNs.push(record.t - one.startedAt);
    }
  }

  verdict(verdict: Verdict): void {
    if (verdict.conn !== null && verdict.type !== null) this.#types.set(verdict.conn, verdict.type);
  }

  get counts(): ChurnCounts {
    const failures: Record<string, number> = {};
    for (const conn of this.#failed) {
      const type = this.#types.get(conn) ?? "unknown";
      failures[type] = (failures[type] ?? 0) + 1;
    }
    const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
    return {
      opened: this.#opened,
      worked: this.#worked,
      failures,
      ownFailures: this.#ownFailures,
      arrivalNs: sorted(this.#arrivalNs),
      connectNs: sorted(this.#connectNs),
      handshakeNs: sorted(this.#handshakeNs),
      statuses: this.#statuses,
      tls: this.#tls,
    };
  }

  #end(conn: number): void {
    this.#underway.delete(conn);
    this.#ended += 1;
    this.#settle();
  }

  #settle(): void {
    if (this.#ended + this.#missed >= this.#count) this.#allEnded();
  }
}
