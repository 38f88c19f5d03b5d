import {
  CANCEL,
  type ConnectionId,
  type Instant,
  type Lane,
  type LocalCloseReason,
  type Nanos,
  NO_ERROR,
  type StreamId,
} from "../events/index.js";
import type { H2Fact } from "../h2/contract.js";
import type { ConnectionListener, Target, WitnessedConnection } from "./contract.js";
import type { Engine } from "./engine.js";
import { IdentityReader } from "./identity-reader.js";
import { DONE, type OpenRequest, type Outcome } from "./open-request.js";
import { PingBook } from "./ping-book.js";
import type { HeadSet } from "./request-template.js";
import type { RunContext } from "./run-context.js";
import type { SessionState } from "./session-state.js";
import type { SweptWork } from "./ticker.js";

/** What hears from a session. The facts are recorded before each call. */
export interface SessionOwner {
  /** The first SETTINGS were received. */
  onReady(session: Session, at: Instant): void;
  /** It takes no request any more: GOAWAY, the peer's end, a failure, a close of ours. Called once, ready or not. */
  onLost(session: Session, at: Instant): void;
  /** A stream of it is done, so it may have room for another. */
  onRequestDone(session: Session, request: OpenRequest, outcome: Outcome, at: Instant): void;
  /** Its socket is gone. Called once, last. */
  onClosed(session: Session): void;
}

export interface SessionOptions {
  readonly target: Target;
  readonly lane: Lane;
  readonly intended: Nanos | null;
  /** Bound on open requests of ours, beside the peer's own. */
  readonly maxStreams: number;
  readonly heads: HeadSet;
}

/** One HTTP/2 session on one witnessed connection: its states, its PINGs and the requests open on it. */
export class Session implements ConnectionListener, SweptWork {
  readonly #context: RunContext;
  readonly #options: SessionOptions;
  readonly #owner: SessionOwner;
  readonly #connection: WitnessedConnection;
  readonly #streams = new Map<StreamId, OpenRequest>();
  readonly #pings: PingBook;
  readonly #facts: H2Fact[] = [];
  #unflushed: OpenRequest[] = [];
  #engine: Engine | null = null;
  #state: SessionState = { kind: "connecting" };
  #lastBytesAt: Nanos = 0;
  /** The earliest alarm that is set. */
  #wakeAt: Nanos = Number.POSITIVE_INFINITY;
  #lost = false;
  #servedStreams = 0;
  /** The one that asks who answers here, and its reader. In lanes other than fresh.h2 it is the session's own affair. */
  #identity: { readonly request: OpenRequest; readonly reader: IdentityReader; readonly own: boolean } | null = null;

  /** Starts an attempt to connect. Ask `context.connections.hasRoom` before. */
  constructor(context: RunContext, options: SessionOptions, owner: SessionOwner) {
    this.#context = context;
    this.#options = options;
    this.#owner = owner;
    this.#connection = context.connections.open(
      options.target,
      {
        lane: options.lane,
        intended: options.intended,
        until: "tls",
        connectTimeoutNs: context.timing.connectTimeoutNs,
      },
      this,
    );
    this.#pings = new PingBook(this.#connection.id);
  }

  get conn(): ConnectionId {
    return this.#connection.id;
  }

  /** Streams that came to an end on it: says whether it was of any use. */
  get servedStreams(): number {
    return this.#servedStreams;
  }

  /** Whether a request would be taken now. */
  get hasRoom(): boolean {
    return (
      this.#state.kind === "ready" &&
      this.#engine !== null &&
      this.#streams.size - (this.#identity?.own === true ? 1 : 0) < this.#options.maxStreams &&
      this.#engine.capacity > 0
    );
  }

  /** Takes the request, or returns `false`. It goes out at the end of this turn of the event loop. */
  request(request: OpenRequest): boolean {
    const engine = this.#engine;
    return this.hasRoom && engine !== null && this.#open(engine, request, false);
  }

  #open(engine: Engine, request: OpenRequest, own: boolean): boolean {
    const { template } = request;
    const question = this.#options.target.identity ?? null;
    const reader = question?.template === template ? new IdentityReader(question) : null;
    const stream = engine.request(request.id, this.#options.heads.of(template), template.body, reader);
    if (stream === 0) return false;
    if (reader !== null) this.#identity = { request, reader, own };
    request.state = { kind: "open", session: this, stream };
    this.#streams.set(stream, request);
    if (this.#unflushed.push(request) === 1) this.#context.flusher.mark(this);
    return true;
  }

  /** Writes what is queued. */
  flush(): void {
    const unflushed = this.#unflushed;
    if (unflushed.length > 0) {
      this.#unflushed = [];
      const at = this.#context.now();
      // Recorded just before the write, so that nothing the write itself brings to light can stand before it in the log.
      for (const request of unflushed) {
        if (request.state.kind !== "open") continue;
        this.#context.recorder.record(
          {
            kind: "request.sent",
            request: request.id,
            conn: this.conn,
            stream: request.state.stream,
            path: this.#options.target.path,
            lane: this.#options.lane,
            method: request.template.method,
            url: request.template.url,
            intended: request.intended,
            ...(request.template.expected === undefined ? {} : { expected: request.template.expected }),
          },
          at,
        );
      }
    }
    this.#engine?.flush();
  }

  /** The request's deadline passed: resets its stream, keeps the connection. */
  expire(request: OpenRequest, timeoutNs: Nanos): void {
    if (request.state.kind !== "open") return;
    this.flush();
    const { stream } = request.state;
    const at = this.#context.now();
    this.#context.recorder.record(
      { kind: "request.expired", request: request.id, conn: this.conn, stream, timeoutNs },
      at,
    );
    this.#act((engine, facts) => engine.reset(stream, CANCEL, facts), at);
    this.#release(request, stream, "expired", at);
  }

  /** Gives up every open request, for a reason of ours. Their streams are not reset: the connection closes next. */
  abortAll(reason: "run.ended" | "drain.timeout" | "aborted"): void {
    this.flush();
    const at = this.#context.now();
    for (const [stream, request] of this.#streams) {
      this.#context.recorder.record(
        { kind: "request.aborted", request: request.id, conn: this.conn, stream, reason },
        at,
      );
      this.#release(request, stream, "aborted", at);
    }
  }

  /** GOAWAY, then close. The requests still open must have been given up before. */
  close(reason: LocalCloseReason): void {
    switch (this.#state.kind) {
      case "closing":
      case "ended":
      case "closed":
        return;
      case "ready":
      case "preface":
      case "draining":
        this.#act((engine, facts) => engine.goaway(NO_ERROR, facts), this.#context.now());
        break;
      case "connecting":
        break;
      default:
        this.#state satisfies never;
    }
    this.#state = { kind: "closing" };
    this.#connection.close(reason);
    this.#lose(this.#context.now());
  }

  /** Looks at the clock: PINGs due or unanswered, SETTINGS overdue, drain over. */
  sweep(now: Nanos): void {
    if (now < this.#wakeAt) return;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#look(now);
    this.#arm();
  }

  #look(now: Nanos): void {
    switch (this.#state.kind) {
      case "preface":
        if (now >= this.#state.until) this.#settingsExpired();
        return;
      case "draining":
        if (now >= this.#state.until) {
          this.abortAll("drain.timeout");
          this.close("drain.timeout");
          return;
        }
        this.#sweepIdentity(now);
        this.#sweepPings(now);
        return;
      case "ready":
        this.#sweepIdentity(now);
        this.#sweepPings(now);
        return;
      case "connecting":
      case "closing":
      case "ended":
      case "closed":
        return;
      default:
        this.#state satisfies never;
    }
  }

  /** Sets an alarm for the first of what is awaited, if there is none as early. */
  #arm(): void {
    const due = this.#dueAt;
    if (due >= this.#wakeAt) return;
    this.#wakeAt = due;
    this.#context.alarms.at(due, this);
  }

  get #dueAt(): Nanos {
    switch (this.#state.kind) {
      case "preface":
        return this.#state.until;
      case "draining":
        return Math.min(this.#state.until, this.#pings.nextAt, this.#silentAt, this.#identityDeadline);
      case "ready":
        return Math.min(this.#pings.nextAt, this.#silentAt, this.#identityDeadline);
      case "connecting":
      case "closing":
      case "ended":
      case "closed":
        return Number.POSITIVE_INFINITY;
      default:
        return this.#state satisfies never;
    }
  }

  onReady(at: Instant): void {
    if (this.#state.kind !== "connecting") return;
    this.#state = { kind: "preface", until: at.t + this.#context.timing.connectTimeoutNs };
    this.#arm();
    this.#engine = this.#context.engine(this.#connection, this.#options.target.url);
    this.#engine.flush();
  }

  onBytes(bytes: Uint8Array, at: Instant): void {
    const engine = this.#engine;
    if (engine === null || this.#state.kind === "closed") return;
    this.#lastBytesAt = at.t;
    // What was accepted before these bytes were looked at goes first: a GOAWAY in them must find it sent.
    if (this.#unflushed.length > 0) this.flush();
    const facts = this.#facts;
    facts.length = 0;
    engine.receive(bytes, facts);
    // By index: what a reaction appends (an answer of ours) is recorded too, in its place.
    for (let index = 0; index < facts.length; index += 1) {
      const fact = facts[index];
      if (fact !== undefined) this.#observe(fact, at);
    }
    facts.length = 0;
    this.flush();
    if (engine.failed && this.#state.kind !== "closing" && this.#state.kind !== "ended") {
      this.#state = { kind: "closing" };
      this.#connection.close("protocol.error");
      this.#lose(at);
      this.#releaseAll("released", at);
    }
  }

  onEnded(at: Instant): void {
    if (this.#state.kind === "ended" || this.#state.kind === "closed") return;
    this.#state = { kind: "ended" };
    const unwritten = this.#unflushed;
    this.#unflushed = [];
    this.#lose(at);
    for (const request of unwritten) {
      if (request.state.kind === "open") this.#release(request, request.state.stream, "unsent", at);
    }
    this.#releaseAll("released", at);
  }

  onClosed(at: Instant): void {
    this.onEnded(at);
    this.#state = { kind: "closed" };
    this.#engine?.dispose();
    this.#engine = null;
    this.#owner.onClosed(this);
  }

  #observe(fact: H2Fact, at: Instant): void {
    if (fact.kind === "h2.ping.ack.seen") {
      const sentAt = this.#pings.acknowledge(fact.opaque);
      if (sentAt !== null) {
        this.#context.recorder.record(
          { kind: "h2.ping.acknowledged", conn: this.conn, rttNs: Math.max(0, at.t - sentAt) },
          at,
        );
      }
      return;
    }
    this.#context.recorder.recordOn(this.conn, fact, at);
    switch (fact.kind) {
      case "h2.settings.received":
        if (this.#state.kind === "preface") this.#becomeReady(at);
        return;
      case "h2.goaway.received":
        this.#drain(fact.lastStreamId, at);
        return;
      case "h2.headers.received": {
        const request = this.#streams.get(fact.stream);
        if (request !== undefined) request.status = fact.status;
        return;
      }
      case "h2.stream.ended":
        this.#streamDone(fact.stream, "ended", at);
        return;
      case "h2.rst_stream.received":
        this.#streamDone(fact.stream, "reset", at);
        return;
      case "h2.protocol.error":
        if (fact.stream !== null) this.#streamDone(fact.stream, "reset", at);
        return;
      case "h2.data.received":
      case "h2.rst_stream.sent":
      case "h2.goaway.sent":
        return;
      default:
        fact satisfies never;
    }
  }

  #becomeReady(at: Instant): void {
    this.#state = { kind: "ready", since: at.t };
    this.#pings.start(at.t, this.#context.timing.pingIntervalNs);
    this.#askIdentity(at);
    this.#arm();
    this.#owner.onReady(this, at);
  }

  /** As the first request of the session, so that whatever happens to it later has a name. */
  #askIdentity(at: Instant): void {
    const { target, lane } = this.#options;
    const question = target.identity ?? null;
    if (question === null || lane === "fresh.h2" || this.#engine === null) return;
    const request: OpenRequest = {
      id: this.#context.nextRequestId(),
      template: question.template,
      intended: at.t,
      deadline: at.t + this.#context.timing.requestTimeoutNs,
      state: { kind: "queued", waitingFor: null },
      announced: false,
      status: 0,
    };
    if (this.#open(this.#engine, request, true)) this.#context.onOwnRequest(target.path, lane);
  }

  get #silentAt(): Nanos {
    return this.#pings.overdueAt(this.#context.timing.pingTimeoutNs, this.#lastBytesAt);
  }

  get #identityDeadline(): Nanos {
    return this.#identity?.own === true ? this.#identity.request.deadline : Number.POSITIVE_INFINITY;
  }

  #sweepIdentity(now: Nanos): void {
    if (this.#identity !== null && now >= this.#identityDeadline) {
      this.expire(this.#identity.request, this.#context.timing.requestTimeoutNs);
    }
  }

  /** The response to the identity question is whole. */
  #identified(status: number, at: Instant): void {
    for (const claim of this.#identity?.reader.claims(status) ?? []) {
      this.#context.recorder.record({ kind: "backend.identified", conn: this.conn, ...claim }, at);
    }
  }

  #drain(lastStreamId: StreamId, at: Instant): void {
    switch (this.#state.kind) {
      case "preface":
      case "ready":
        this.#state = { kind: "draining", until: at.t + this.#context.timing.drainTimeoutNs };
        this.#arm();
        this.#lose(at);
        break;
      case "draining": // the second of two: it may lower the last stream id
        break;
      case "connecting":
      case "closing":
      case "ended":
      case "closed":
        return;
      default:
        this.#state satisfies never;
    }
    for (const [stream, request] of this.#streams) {
      if (stream > lastStreamId) this.#release(request, stream, "released", at);
    }
  }

  #streamDone(stream: StreamId, outcome: "ended" | "reset", at: Instant): void {
    const request = this.#streams.get(stream);
    if (request === undefined) return;
    this.#servedStreams += 1;
    if (outcome === "ended" && this.#identity?.request === request) this.#identified(request.status, at);
    this.#release(request, stream, outcome, at);
  }

  #sweepPings(now: Nanos): void {
    const oldest = this.#pings.oldestUnanswered;
    if (oldest !== null && now >= this.#silentAt) {
      this.#fail({ kind: "h2.ping.expired", conn: this.conn, waitedNs: now - oldest }, "ping.timeout");
      return;
    }
    if (now < this.#pings.nextAt) return;
    this.#pings.advance(now, this.#context.timing.pingIntervalNs);
    this.#engine?.ping(this.#pings.send(this.#context.now().t));
    this.flush();
  }

  #settingsExpired(): void {
    this.#fail(
      {
        kind: "tcp.connect.expired",
        conn: this.conn,
        during: "h2",
        timeoutNs: this.#context.timing.connectTimeoutNs,
      },
      "connect.timeout",
    );
  }

  /** The connection is of no use to anyone: says so, resets it, lets its requests go. */
  #fail(fact: Parameters<RunContext["recorder"]["record"]>[0], reason: LocalCloseReason): void {
    this.flush();
    const at = this.#context.now();
    this.#context.recorder.record(fact, at);
    this.#state = { kind: "closing" };
    this.#connection.destroy(reason);
    this.#lose(at);
    this.#releaseAll("released", at);
  }

  #act(action: (engine: Engine, facts: H2Fact[]) => void, at: Instant): void {
    const engine = this.#engine;
    if (engine === null) return;
    const facts: H2Fact[] = [];
    action(engine, facts);
    for (const fact of facts) this.#observe(fact, at);
    this.flush();
  }

  #lose(at: Instant): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#owner.onLost(this, at);
  }

  #releaseAll(outcome: Outcome, at: Instant): void {
    for (const [stream, request] of this.#streams) this.#release(request, stream, outcome, at);
  }

  #release(request: OpenRequest, stream: StreamId, outcome: Outcome, at: Instant): void {
    if (!this.#streams.delete(stream)) return;
    request.state = outcome === "unsent" ? { kind: "queued", waitingFor: this.conn } : DONE;
    if (this.#identity?.request === request) {
      const { own } = this.#identity;
      this.#identity = null;
      if (own) return;
    }
    this.#owner.onRequestDone(this, request, outcome, at);
  }
}
