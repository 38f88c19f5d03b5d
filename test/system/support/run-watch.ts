import { closeSync, existsSync, openSync, readSync } from "node:fs";
import type { Lane, LogRecord, ProbeEvent } from "@drainprobe/core";
import { until } from "./until.js";

/** One connection as the records so far tell of it. */
export interface WatchedConnection {
  readonly conn: number;
  readonly lane: Lane;
  established: boolean;
  closed: boolean;
  /** connect(2)'s error, where it failed. */
  failedCode: string | null;
  /** `true` for attempts begun after the mark. */
  readonly afterMark: boolean;
  readonly streams: Map<number, { readonly lane: Lane; readonly sentT: number; data: boolean; ended: boolean }>;
}

/** Reads a probe's log while it is being written, so that a test can wait for facts instead of time. */
export class RunWatch {
  readonly connections = new Map<number, WatchedConnection>();
  /** Seconds of a run's time, of the newest event. */
  t = 0;
  marked = false;
  /** Requests answered to their end, by lane, since the mark (before it: since the start). */
  readonly answered = new Map<Lane, number>();
  /** Slots of session lanes that were filled anew since the mark. */
  readonly reopened = new Set<string>();
  readonly #file: string;
  #at = 0;
  #rest = "";

  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves once `test` holds; rejects after the bound, saying `what` and how the connections stand. */
  async until(what: string, test: (watch: RunWatch) => boolean, withinMs = 20_000): Promise<void> {
    await until(
      () => {
        this.#readOn();
        return test(this);
      },
      { withinMs, what: () => `${what}; ${this.describe()}` },
    );
  }

  /** Connections of session lanes that worked at the mark. */
  atMark(): WatchedConnection[] {
    return [...this.connections.values()].filter((c) => !c.afterMark && c.established && isSessionLane(c.lane));
  }

  /** Attempts that connect(2) refused. */
  refused(lane: Lane): number {
    return [...this.connections.values()].filter((c) => c.lane === lane && c.failedCode === "ECONNREFUSED").length;
  }

  describe(): string {
    const open = [...this.connections.values()].filter((c) => !c.closed);
    const tell = (c: WatchedConnection): string => `${c.conn} ${c.lane}${c.afterMark ? "" : " (from before)"}`;
    return `open: ${open.map(tell).join(", ") || "none"}; answered: ${JSON.stringify(Object.fromEntries(this.answered))}`;
  }

  #readOn(): void {
    if (!existsSync(this.#file)) return;
    const fd = openSync(this.#file, "r");
    try {
      const chunk = Buffer.alloc(1 << 18);
      for (;;) {
        const bytes = readSync(fd, chunk, 0, chunk.length, this.#at);
        if (bytes === 0) return;
        this.#at += bytes;
        const lines = (this.#rest + chunk.toString("utf8", 0, bytes)).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) this.#push(JSON.parse(line) as LogRecord);
      }
    } finally {
      closeSync(fd);
    }
  }

  #push(record: LogRecord): void {
    if (record.kind === "run.header" || record.kind === "run.footer") return;
    this.t = record.t;
    this.#apply(record);
  }

  #apply(event: ProbeEvent): void {
    switch (event.kind) {
      case "run.mark":
        this.marked = true;
        this.answered.clear();
        this.reopened.clear();
        return;
      case "tcp.connect.started":
        this.connections.set(event.conn, {
          conn: event.conn,
          lane: event.lane,
          established: false,
          closed: false,
          failedCode: null,
          afterMark: this.marked,
          streams: new Map(),
        });
        return;
      case "tcp.connect.complete":
        this.#with(event.conn, (c) => {
          c.established = true;
        });
        return;
      case "tcp.connect.failed":
        this.#with(event.conn, (c) => {
          c.failedCode = event.code;
        });
        return;
      case "tcp.closed":
        this.#with(event.conn, (c) => {
          c.closed = true;
        });
        return;
      case "request.sent":
        this.#with(event.conn, (c) => {
          c.streams.set(event.stream, { lane: event.lane, sentT: event.t, data: false, ended: false });
        });
        return;
      case "h2.data.received":
        this.#with(event.conn, (c) => {
          const stream = c.streams.get(event.stream);
          if (stream !== undefined) stream.data = true;
        });
        return;
      case "h2.stream.ended":
        this.#with(event.conn, (c) => {
          const stream = c.streams.get(event.stream);
          if (stream !== undefined) stream.ended = true;
          this.answered.set(c.lane, (this.answered.get(c.lane) ?? 0) + 1);
        });
        return;
      case "session.ready":
        this.reopened.add(`${event.lane} ${event.slot}`);
        return;
      default:
        return;
    }
  }

  #with(conn: number, change: (connection: WatchedConnection) => void): void {
    const connection = this.connections.get(conn);
    if (connection !== undefined) change(connection);
  }
}

/** Lanes whose connections live until somebody ends them. */
export function isSessionLane(lane: Lane): boolean {
  return lane === "held" || lane === "idle" || lane === "slow" || lane === "watch";
}
