import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import type { LogRecord, RunHeader, Summary, Verdict } from "@drainprobe/core";
import { fileProblem } from "../system-error.js";
import { jsonText } from "../text/json.js";
import { printable } from "../text/printable.js";
import { unverifiedWords } from "../text/unverified.js";
import { UsageError } from "../usage-error.js";

/** Bytes that wait before they are written. */
const BUFFER = 256 * 1024;
/** Requests that are remembered to their end. Those beyond are shown without a length if they fail. */
const MAX_OPEN = 100_000;

type TraceEvent = Readonly<Record<string, unknown>>;

/** What stands for a moment on a connection's lifeline. */
const MOMENTS: Readonly<Record<string, string>> = {
  "h2.goaway.received": "GOAWAY",
  "tls.close_notify.received": "close_notify",
  "tcp.fin.received": "FIN",
  "tcp.rst.received": "RST",
  "tcp.write.failed": "write failed",
  "h2.ping.expired": "PING lost",
  "tls.handshake.failed": "TLS failed",
  "h2.protocol.error": "protocol error",
};

/**
 * Writes logs as Chrome trace events, which Perfetto and chrome://tracing open: a process for each path and lane of each log, a thread
 * for each connection. As a log is read, and in bounded memory, however long it is.
 */
export class TraceFile {
  readonly #file: string;
  readonly #fd: number;
  #waiting = "";
  #any = false;
  #pids = 0;

  constructor(file: string) {
    this.#file = file;
    this.#fd = this.#attempt(() => openSync(file, "w"));
    this.#write('{"displayTimeUnit":"ms","traceEvents":[');
  }

  /** What reads along with one log. */
  log(name: string): TraceLog {
    return new TraceLog(name, {
      event: (event) => {
        this.#write(`${this.#any ? "," : ""}\n${jsonText(event)}`);
        this.#any = true;
      },
      newPid: () => {
        this.#pids += 1;
        return this.#pids;
      },
    });
  }

  close(): void {
    this.#write("\n]}\n");
    this.#flush();
    this.#attempt(() => closeSync(this.#fd));
  }

  #write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= BUFFER) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting, "utf8");
    this.#waiting = "";
    for (let at = 0; at < bytes.length; ) at += this.#attempt(() => writeSync(this.#fd, bytes, at));
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new UsageError(`--chrome-trace ${this.#file}: ${fileProblem(error)}`);
    }
  }
}

interface TraceOut {
  readonly event: (event: TraceEvent) => void;
  readonly newPid: () => number;
}

interface Life {
  readonly pid: number;
  readonly startedNs: number;
  remote: string;
}

/** One log of a trace. */
export class TraceLog {
  /** The node's, with the file's beside it where it is another; the file's alone in a log without a header. */
  #name: string;
  readonly #out: TraceOut;
  readonly #pids = new Map<string, number>();
  readonly #lives = new Map<number, Life>();
  readonly #sent = new Map<number, number>();
  /** Wall time of `t = 0`, µs: several logs lie on one axis. */
  #epochMicros = 0;
  #lastNs = 0;

  constructor(name: string, out: TraceOut) {
    this.#name = name;
    this.#out = out;
  }

  onRecord(record: LogRecord): void {
    if (record.kind === "run.header") {
      this.#begin(record);
      return;
    }
    this.#lastNs = Math.max(this.#lastNs, record.t);
    switch (record.kind) {
      case "tcp.connect.started":
        this.#lives.set(record.conn, {
          pid: this.#pidOf(`${record.path} / ${record.lane}`),
          startedNs: record.t,
          remote: record.remote,
        });
        return;
      case "request.sent":
        if (this.#sent.size < MAX_OPEN) this.#sent.set(record.request, record.t);
        return;
      case "h2.stream.ended":
        if (record.request !== null) this.#sent.delete(record.request);
        return;
      case "tcp.connect.failed":
      case "tcp.closed":
        this.#end(record.conn, record.t);
        return;
      case "rollout.marker":
        this.#moment(this.#pidOf("rollout"), 0, record.t, `${record.marker} ${record.backend}`, { u: record.u }, "g");
        return;
      default: {
        const moment = MOMENTS[record.kind];
        if (moment === undefined || !("conn" in record) || record.conn === null) return;
        const life = this.#lives.get(record.conn);
        if (life !== undefined)
          this.#moment(life.pid, record.conn, record.t, moment, { seq: record.seq, u_ns: record.u }, "t");
      }
    }
  }

  onVerdict(verdict: Verdict): void {
    if ("request" in verdict) {
      const sent = this.#sent.get(verdict.request);
      this.#sent.delete(verdict.request);
      if (verdict.type === "abandoned" || verdict.conn === null) return;
      const pid = this.#pidOf(`${verdict.path} / ${verdict.lane}`);
      this.#out.event({
        name: `${printable(verdict.method)} lost: ${verdict.type}`,
        cat: "request",
        ph: "b",
        id: `${pid}.${verdict.request}`,
        pid,
        tid: verdict.conn,
        ts: this.#micros(sent ?? verdict.t),
        args: {
          url: printable(verdict.url),
          processed: verdict.processed,
          stream: verdict.stream,
          evidence: verdict.evidence,
        },
      });
      this.#out.event({
        name: `${printable(verdict.method)} lost: ${verdict.type}`,
        cat: "request",
        ph: "e",
        id: `${pid}.${verdict.request}`,
        pid,
        tid: verdict.conn,
        ts: this.#micros(verdict.t),
      });
      return;
    }
    const pid = this.#pidOf(`${verdict.path} / ${verdict.lane}`);
    const name = `${verdict.close ?? "never established"}${verdict.type === null ? "" : `: ${verdict.type}`}`;
    this.#moment(
      pid,
      verdict.conn,
      verdict.t,
      name,
      { evidence: verdict.evidence, requestsInFlight: verdict.requestsInFlight },
      "t",
    );
  }

  /** After the last record: what is still open ends with the log, and the phases are known. */
  finish(summary: Summary): void {
    const { rollout } = summary;
    const unverified = unverifiedWords(summary);
    if (unverified !== null) this.#moment(this.#pidOf("run"), 0, 0, `WARNING: ${unverified}`, {}, "g");
    for (const conn of [...this.#lives.keys()]) this.#end(conn, this.#lastNs);
    for (const [index, { backend, phases }] of (rollout?.rollouts ?? []).entries()) {
      const pid = this.#pidOf("rollout");
      const tid = index + 1;
      this.#out.event({ name: "thread_name", ph: "M", pid, tid, args: { name: printable(backend) } });
      for (const { phase, from, to } of phases) {
        if (from === null) continue;
        const dur = ((to ?? this.#lastNs) - from.t) / 1_000;
        this.#out.event({
          name: phase,
          cat: "phase",
          ph: "X",
          pid,
          tid,
          ts: this.#micros(from.t),
          dur: Math.max(0, dur),
        });
      }
    }
  }

  #begin({ node, reference }: RunHeader): void {
    const file = basename(this.#name).replace(/\.jsonl(\.gz)?$/, "");
    this.#name = file === node ? node : `${node} (${file})`;
    this.#epochMicros = Date.parse(`${reference.wall.slice(0, 23)}Z`) * 1_000 || 0;
    this.#pidOf("run");
  }

  #pidOf(what: string): number {
    const known = this.#pids.get(what);
    if (known !== undefined) return known;
    const pid = this.#out.newPid();
    this.#pids.set(what, pid);
    this.#out.event({
      name: "process_name",
      ph: "M",
      pid,
      tid: 0,
      args: { name: `${printable(this.#name)}: ${printable(what)}` },
    });
    return pid;
  }

  #end(conn: number, t: number): void {
    const life = this.#lives.get(conn);
    if (life === undefined) return;
    this.#lives.delete(conn);
    this.#out.event({
      name: `connection ${conn}`,
      cat: "connection",
      ph: "X",
      pid: life.pid,
      tid: conn,
      ts: this.#micros(life.startedNs),
      dur: Math.max(0, (t - life.startedNs) / 1_000),
      args: { remote: printable(life.remote) },
    });
  }

  #moment(
    pid: number,
    tid: number,
    t: number,
    name: string,
    args: Readonly<Record<string, unknown>>,
    scope: "t" | "g",
  ): void {
    this.#out.event({ name: printable(name), cat: "moment", ph: "i", s: scope, pid, tid, ts: this.#micros(t), args });
  }

  #micros(t: number): number {
    return this.#epochMicros + t / 1_000;
  }
}
