import { Attribution } from "../attribute/attribution.js";
import { hostOf, type OpenConnection } from "../attribute/open-connection.js";
import { cite } from "../attribute/open-request.js";
import type { ConnectionId, EventOf, Lane, PathName, ProbeEvent, Stamp } from "../events/index.js";
import { LIMITS } from "../limits.js";
import { showsThatItWorks } from "./attempt-works.js";
import { endBy, refinedBy, stillOpen } from "./connection-end.js";
import { Court, type CourtListener } from "./court.js";
import { evidenceOf } from "./evidence.js";
import type { RequestEnd } from "./request-rules.js";

type StreamEnd = EventOf<"h2.stream.ended"> | EventOf<"h2.rst_stream.received"> | EventOf<"h2.protocol.error">;
type TlsNote = Extract<
  ProbeEvent,
  {
    kind: "tls.handshake.started" | "tls.handshake.complete" | "tls.close_notify.received" | "tls.record.truncated";
  }
>;
type ConnectionFact = Extract<ProbeEvent, { conn: ConnectionId; t: number }>;

/** Who hears what began, what was seen and what was judged, in an order that depends on the log alone. */
export interface ClassifierListener extends CourtListener {
  /** A connection attempt begins. */
  onAttempt(event: EventOf<"tcp.connect.started"> | EventOf<"dns.resolve.failed">): void;
  /** TCP is established. */
  onConnectionOpened(path: PathName, lane: Lane): void;
  /** A request begins: it is queued, or sent at once. */
  onRequest(event: EventOf<"request.queued"> | EventOf<"request.sent">): void;
  /** A PING was answered. */
  onPing(path: PathName, lane: Lane, event: Stamp): void;
}

/**
 * Turns the ordered facts of a log into verdicts. A request's verdict comes with its own end; a connection's, and those of the
 * requests it took along, when its socket is gone. Constant work per event; holds what is open, and bounded lists.
 */
export class Classifier {
  readonly attribution = new Attribution();
  /** Events of connections that the log never showed to begin. */
  unattributed = 0;
  /** Kinds this version does not know. */
  unknownKinds = 0;
  droppedGoaways = 0;
  readonly court: Court;
  readonly #listener: ClassifierListener;

  constructor(listener: ClassifierListener) {
    this.#listener = listener;
    this.court = new Court(this.attribution, listener);
  }

  push(event: ProbeEvent): void {
    this.court.incidents.advance(event.t);
    switch (event.kind) {
      case "request.sent":
        this.#sent(event);
        return;
      case "h2.headers.received":
        this.#headers(event);
        return;
      case "h2.stream.ended":
      case "h2.rst_stream.received":
        this.#touch(event.conn, event);
        this.#requestEnded(event);
        return;
      case "h2.ping.acknowledged":
        this.#ping(event);
        return;
      case "h2.data.received":
      case "h2.settings.received":
      case "h2.rst_stream.sent":
      case "h2.goaway.sent":
        this.#touch(event.conn, event);
        return;
      case "request.queued":
        this.#queued(event);
        return;
      case "request.unsent":
        this.#unsent(event);
        return;
      case "request.expired":
      case "request.aborted":
        this.#givenUp(event);
        return;
      case "h2.goaway.received":
        this.#goaway(event);
        return;
      case "h2.protocol.error":
        if (event.stream !== null) {
          this.#touch(event.conn, event);
          this.#requestEnded(event);
          return;
        }
        this.#mayEnd(event);
        return;
      case "tcp.connect.started":
        this.#attempt(event);
        return;
      case "tcp.connect.complete":
        this.#connected(event);
        return;
      case "session.ready":
      case "tls.hello.answered":
        this.#mayShowWork(this.#touch(event.conn, event), event);
        return;
      case "tls.handshake.started":
      case "tls.handshake.complete":
      case "tls.close_notify.received":
      case "tls.record.truncated":
        this.#tls(event);
        return;
      case "dns.resolve.failed":
        this.#attempt(event);
        this.#final(event);
        return;
      case "tcp.connect.failed":
      case "tcp.closed":
        this.#final(event);
        return;
      case "tcp.connect.expired":
      case "tcp.fin.received":
      case "tcp.rst.received":
      case "tcp.write.failed":
      case "tcp.read.failed":
      case "tcp.close.started":
      case "tls.handshake.failed":
      case "tls.failed":
      case "h2.ping.expired":
        this.#mayEnd(event);
        return;
      case "clock.anchor":
      case "process.stall":
      case "schedule.missed":
      case "session.paced":
      case "run.mark":
      case "backend.identified":
      case "backend.named":
      case "rollout.marker":
      case "write.resolved":
      case "run.phase":
        return;
      default:
        this.#unknown(event);
        return;
    }
  }

  /** The end of the log: judges what is still open. */
  finish(): void {
    const { court, attribution } = this;
    for (const conn of [...attribution.connections.values()]) {
      court.judgeConnection(conn, court.endOf(conn.id) ?? stillOpen(conn), conn.last);
    }
    const ended: RequestEnd = { kind: "connection.ended", close: "alive", type: null };
    for (const request of [...attribution.requests.values()]) court.judgeRequest(request, ended, request.last);
    court.incidents.flush();
  }

  #touch(id: ConnectionId, event: Stamp): OpenConnection | undefined {
    const conn = this.attribution.connections.get(id);
    if (conn !== undefined) conn.last = event;
    else if (!this.court.hasJudged(id)) this.unattributed += 1;
    return conn;
  }

  #unknown(event: never): void {
    void event;
    this.unknownKinds += 1;
  }

  #attempt(event: EventOf<"tcp.connect.started"> | EventOf<"dns.resolve.failed">): void {
    if (this.attribution.startConnection(event) !== null) this.#listener.onAttempt(event);
  }

  #ping(event: EventOf<"h2.ping.acknowledged">): void {
    const conn = this.#touch(event.conn, event);
    if (conn !== undefined) this.#listener.onPing(conn.path, conn.lane, event);
  }

  #connected(event: EventOf<"tcp.connect.complete">): void {
    const conn = this.#touch(event.conn, event);
    if (conn === undefined || conn.connected !== null) return;
    conn.connected = event;
    conn.local = event.local;
    conn.remote = event.remote;
    this.#listener.onConnectionOpened(conn.path, conn.lane);
    if (hostOf(event.local) === hostOf(event.remote)) this.attribution.path(conn.path).hairpin += 1;
    this.#mayShowWork(conn, event);
  }

  #tls(event: TlsNote): void {
    const conn = this.#touch(event.conn, event);
    if (conn === undefined) return;
    switch (event.kind) {
      case "tls.handshake.started":
        conn.handshakeStarted = true;
        return;
      case "tls.handshake.complete":
        conn.secured ??= event;
        conn.fingerprint ??= event.fingerprint;
        this.#mayShowWork(conn, event);
        return;
      case "tls.close_notify.received":
        conn.closeNotify ??= event;
        return;
      case "tls.record.truncated":
        conn.truncated ??= event;
        return;
    }
  }

  #mayShowWork(conn: OpenConnection | undefined, event: ProbeEvent): void {
    if (conn === undefined || conn.worked || !showsThatItWorks(conn.lane, event.kind)) return;
    conn.worked = true;
    this.attribution.path(conn.path).attemptWorked(event.t, conn.startedAt);
  }

  #queued(event: EventOf<"request.queued">): void {
    const request = this.attribution.startRequest(event);
    if (request !== null) this.#listener.onRequest(event);
  }

  #sent(event: EventOf<"request.sent">): void {
    const conn = this.#touch(event.conn, event);
    let request = this.attribution.requests.get(event.request);
    if (request === undefined) {
      const started = this.attribution.startRequest(event);
      if (started === null) return;
      request = started;
      this.#listener.onRequest(event);
    }
    this.attribution.putOnStream(request, event);
    const goaway = conn?.bindingGoaway ?? null;
    if (goaway !== null && event.stream > goaway.lastStreamId) {
      this.court.judgeRequest(request, goaway, event, evidenceOf([goaway, event]));
    }
  }

  #headers(event: EventOf<"h2.headers.received">): void {
    const conn = this.#touch(event.conn, event);
    const request = this.attribution.requestOf(event);
    if (request !== undefined && request.status === null) this.attribution.noteHeaders(request, event);
    this.#mayShowWork(conn, event);
  }

  #requestEnded(event: StreamEnd): void {
    const request = this.attribution.requestOf(event);
    if (request !== undefined) this.court.judgeRequest(request, event, event);
  }

  /** After a connection's end our own giving up decides nothing: the request goes with its connection. */
  #givenUp(event: EventOf<"request.expired"> | EventOf<"request.aborted">): void {
    const request = this.attribution.requests.get(event.request);
    if (request === undefined) return;
    if (this.court.endOf(event.conn) !== null) return;
    const conn = this.attribution.connections.get(event.conn);
    if (conn !== undefined && event.kind === "request.aborted") conn.abandoned += 1;
    this.court.judgeRequest(request, event, event);
  }

  #unsent(event: EventOf<"request.unsent">): void {
    const request = this.attribution.requests.get(event.request);
    if (request === undefined || request.stream !== null) return;
    request.conn = event.conn;
    if (event.reason === "connection" && event.conn !== null) {
      const conn = this.attribution.connections.get(event.conn);
      if (conn !== undefined) {
        cite(request, event);
        conn.waiting.push(request);
        return;
      }
      if (this.court.hasJudged(event.conn)) {
        cite(request, event);
        this.court.judgeLate(request, event.conn, event);
        return;
      }
    }
    this.court.judgeRequest(request, event, event);
  }

  #goaway(event: EventOf<"h2.goaway.received">): void {
    const conn = this.#touch(event.conn, event);
    if (conn === undefined) return;
    if (conn.goaways.length < LIMITS.goawaysKept) conn.goaways.push(event);
    else this.droppedGoaways += 1;
    if (event.errorCode !== 0) conn.goawayError ??= event;
    if (conn.bindingGoaway !== null && event.lastStreamId >= conn.bindingGoaway.lastStreamId) return;
    conn.bindingGoaway = event;
    for (const [stream, request] of conn.streams) {
      if (stream > event.lastStreamId) this.court.judgeRequest(request, event, event);
    }
  }

  /** Only the first terminal fact counts; the other half of it may still name it better. */
  #mayEnd(event: ConnectionFact): void {
    const conn = this.#touch(event.conn, event);
    if (conn === undefined) return;
    const known = this.court.endOf(conn.id);
    const end = known === null ? endBy(event, conn) : refinedBy(event, known);
    if (end !== null) this.court.fileEnd(conn, end);
  }

  /** Nothing of the connection can follow. */
  #final(event: ConnectionFact): void {
    const conn = this.#touch(event.conn, event);
    if (conn === undefined) return;
    this.court.judgeConnection(conn, this.court.endOf(conn.id) ?? endBy(event, conn) ?? stillOpen(conn), event);
  }
}
