import type { Fact, Lane, Nanos, PathName, ProbeEvent, RunFooter, RunHeader } from "../events/index.js";
import { NANOS_PER_MS } from "../events/index.js";

/** A header such as a run would write, at the beginning of 2026. */
export const TRACE_HEADER: RunHeader = {
  kind: "run.header",
  format: 1,
  run: "trace",
  node: "test",
  reference: { monotonicEpochNs: "0", wall: "2026-01-01T00:00:00.000000000Z", wallErrorNs: 0, kernelDelayNs: 0 },
  config: {},
  versions: {},
  addresses: [],
  lanes: [],
};

/** Which connection a fact is about. */
export interface OnConnection {
  /** Default 1. */
  readonly conn?: number;
  /** Default `held`. */
  readonly lane?: Lane;
  /** Default `vip`. */
  readonly path?: PathName;
}

/** A request as {@link Trace.send} tells it. */
export interface TracedRequest extends OnConnection {
  /** Default: the n-th request has stream 2n - 1. */
  readonly stream?: number;
  /** Default GET. */
  readonly method?: string;
  /** Answers besides 2xx and 3xx that are no failure. */
  readonly expected?: readonly number[];
}

/**
 * Writes the log of a run by hand: what was seen, one fact after the other, each 1 ms after the one before unless said otherwise.
 * Numbers and times are given as a recorder would. It checks nothing: a trace may tell what no network could do.
 */
export class Trace {
  readonly events: ProbeEvent[] = [];
  #t: Nanos = 0;
  #step: Nanos = NANOS_PER_MS;

  /** The facts from here on are this much later than the one before them. */
  step(ns: Nanos): this {
    this.#step = ns;
    return this;
  }

  /** The next fact is at `t`. */
  at(t: Nanos): this {
    this.#t = t - this.#step;
    return this;
  }

  /** Appends facts of any kind. */
  add(...facts: readonly Fact[]): this {
    for (const fact of facts) {
      this.#t += this.#step;
      this.events.push({
        ...fact,
        seq: this.events.length + 1,
        t: this.#t,
        u: 1_000 + this.events.length,
      } as ProbeEvent);
    }
    return this;
  }

  /** Facts seen in one instant. */
  together(...facts: readonly Fact[]): this {
    const step = this.#step;
    this.#t += step;
    this.#step = 0;
    this.add(...facts);
    this.#step = step;
    return this;
  }

  /** An attempt to connect begins. */
  start(conn = 1, lane: Lane = "held", path: PathName = "vip"): this {
    return this.add({ kind: "tcp.connect.started", conn, path, lane, remote: "10.0.0.2:6443", intended: null });
  }

  /** TCP is established. */
  connect(conn = 1, lane: Lane = "held", path: PathName = "vip"): this {
    this.start(conn, lane, path);
    return this.add({ kind: "tcp.connect.complete", conn, local: "10.0.0.6:35314", remote: "10.0.0.2:6443" });
  }

  /** A TLS handshake begins. */
  handshake(conn = 1): this {
    return this.add({ kind: "tls.handshake.started", conn, serverName: "api", alpnOffered: ["h2"] });
  }

  /** A TLS handshake, whole. */
  secure(conn = 1): this {
    this.handshake(conn);
    return this.add({
      kind: "tls.handshake.complete",
      conn,
      protocol: "TLSv1.3",
      cipher: "TLS_AES_128_GCM_SHA256",
      alpn: "h2",
      fingerprint: "00",
      verified: true,
      durationNs: 1,
    });
  }

  /** Connected, over TLS, and ready for requests. */
  ready(conn = 1, lane: Lane = "held", path: PathName = "vip"): this {
    this.connect(conn, lane, path).secure(conn);
    return this.add({ kind: "session.ready", conn, path, lane, slot: 0, replaces: null, gapNs: null });
  }

  /** A request goes out. */
  send(request: number, options: TracedRequest = {}): this {
    return this.add({
      kind: "request.sent",
      request,
      conn: options.conn ?? 1,
      stream: options.stream ?? request * 2 - 1,
      path: options.path ?? "vip",
      lane: options.lane ?? "held",
      method: options.method ?? "GET",
      url: "https://api/version",
      intended: this.#t,
      ...(options.expected === undefined ? {} : { expected: options.expected }),
    });
  }

  /** A request that is due finds no session to go out on. */
  queue(request: number, options: Omit<TracedRequest, "conn" | "stream" | "expected"> = {}): this {
    return this.add({
      kind: "request.queued",
      request,
      path: options.path ?? "vip",
      lane: options.lane ?? "held",
      method: options.method ?? "GET",
      url: "https://api/version",
      intended: this.#t,
    });
  }

  /** The head of an answer: status 200 without a content-length, unless said otherwise. */
  headers(
    request: number,
    options: {
      readonly conn?: number;
      readonly status?: number;
      readonly length?: number;
      readonly retryAfter?: string;
    } = {},
  ): this {
    return this.add({
      kind: "h2.headers.received",
      conn: options.conn ?? 1,
      stream: request * 2 - 1,
      request,
      status: options.status ?? 200,
      endStream: false,
      contentLength: options.length ?? null,
      retryAfter: options.retryAfter ?? null,
    });
  }

  /** END_STREAM of an answer. */
  end(request: number, bytes = 10, conn = 1): this {
    return this.add({ kind: "h2.stream.ended", conn, stream: request * 2 - 1, request, bytes });
  }

  /** Sent and answered with 200. */
  answered(request: number, conn = 1): this {
    return this.send(request, { conn }).headers(request, { conn }).end(request, 10, conn);
  }

  /** A GOAWAY came. */
  goaway(lastStreamId: number, errorCode = 0, conn = 1, index = 1): this {
    return this.add({ kind: "h2.goaway.received", conn, index, lastStreamId, errorCode, debug: "", debugBytes: 0 });
  }

  /** The socket is gone. */
  closed(conn = 1): this {
    return this.add({ kind: "tcp.closed", conn, bytesRead: 1, bytesWritten: 1 });
  }

  /** The last record of such a run: by its time up, nothing dropped. */
  footer(scheduled: Readonly<Record<string, number>> = {}, drops: Readonly<Record<string, number>> = {}): RunFooter {
    return { kind: "run.footer", t: this.#t, events: this.events.length, scheduled, drops, reason: "duration" };
  }
}

/** The peer's FIN. */
export function fin(conn = 1): Fact {
  return { kind: "tcp.fin.received", conn, bytesRead: 1 };
}

/** The peer's RST. */
export function rst(conn = 1, more: Partial<Extract<Fact, { kind: "tcp.rst.received" }>> = {}): Fact {
  return {
    kind: "tcp.rst.received",
    conn,
    code: "ECONNRESET",
    seenBy: "read",
    afterFin: false,
    bytesRead: 1,
    ...more,
  };
}

/** We begin to close. */
export function closing(reason: Extract<Fact, { kind: "tcp.close.started" }>["reason"], conn = 1): Fact {
  return { kind: "tcp.close.started", conn, reason, how: "fin" };
}
