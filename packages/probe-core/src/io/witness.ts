import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { Timer } from "../clock/clock.js";
import type { ConnectionId, Endpoint, Fact, Instant, LocalCloseReason, Nanos } from "../events/index.js";
import { NANOS_PER_MS } from "../events/index.js";
import { LIMITS } from "../limits.js";
import { clientHello } from "./client-hello.js";
import type { ConnectionListener, OpenOptions, Target, TargetTls, WitnessedConnection } from "./contract.js";
import { endpoint } from "./endpoint.js";
import { systemErrorFields } from "./error-text.js";
import { HelloAnswerReader } from "./hello-answer.js";
import type { OpenDeps } from "./open-connection.js";
import { type PlaintextCarrier, PlaintextDuplex } from "./plaintext-duplex.js";
import { type Ending, RawSocket, type RawSocketOwner } from "./raw-socket.js";
import { literalAddress, type ResolvedAddress, systemResolver } from "./resolver.js";
import { type TlsListener, TlsSession } from "./tls-session.js";

/** How far the attempt came. */
type Progress = "resolving" | "connecting" | "handshaking" | "open" | "gone";
/** How the peer ended its side. After a close_notify its FIN may still come. */
type PeerSide = "open" | "close_notify" | "ended";
/** How we ended ours. */
type OurSide = "open" | "fin" | "rst";

/** A ClientHello under way. */
interface Hello {
  readonly reader: HelloAnswerReader;
  readonly saidAt: Nanos;
}

/** OpenSSL's code for the same. */
const NOT_TLS = "ERR_SSL_WRONG_VERSION_NUMBER";

/**
 * One connection, from its attempt to its last event. A TCP connection ends on each side by itself, so the state is
 * three small ones: how far it came, the peer's side, our side.
 */
export class Witness implements WitnessedConnection, RawSocketOwner, TlsListener, PlaintextCarrier {
  readonly id: ConnectionId;
  readonly #target: Target;
  readonly #options: OpenOptions;
  readonly #listener: ConnectionListener;
  readonly #deps: OpenDeps;
  #local: Endpoint | null = null;
  #remote: Endpoint | null = null;
  #progress: Progress = "resolving";
  #peer: PeerSide = "open";
  #us: OurSide = "open";
  #raw: RawSocket | null = null;
  #tls: TlsSession | null = null;
  /** Where no more than an answer to the ClientHello is wanted. */
  #hello: Hello | null = null;
  #duplex: PlaintextDuplex | null = null;
  /** The connect timeout until ready, then the close timeout. */
  #timer: Timer | null = null;
  #heardEnd = false;
  /** The peer's end was read and its last ciphertext is being decrypted. */
  #flushing = false;
  #closedWhileFlushing = false;
  #connectFailed = false;
  /** When the newest bytes of the peer were read. */
  #lastRead: Instant | null = null;
  /** When Node first knew of the end or the error that is about to be told. */
  #endingAt: Instant | null = null;

  constructor(target: Target, options: OpenOptions, listener: ConnectionListener, deps: OpenDeps) {
    this.id = deps.nextConnectionId();
    this.#target = target;
    this.#options = options;
    this.#listener = listener;
    this.#deps = deps;
    this.#timer = deps.clock.setTimer(options.connectTimeoutNs, () => this.#onConnectTimeout());
    const host = target.connectTo?.host ?? target.url.hostname;
    const literal = literalAddress(host);
    if (literal !== null) this.#connect(literal);
    else this.#resolve(host);
  }

  get local(): Endpoint | null {
    return this.#local;
  }

  get remote(): Endpoint | null {
    return this.#remote;
  }

  get alpn(): string | null {
    return this.#tls?.alpn ?? null;
  }

  get queuedBytes(): number {
    return (this.#tls?.socket ?? this.#raw)?.writableLength ?? 0;
  }

  write(bytes: Uint8Array): void {
    if (this.#writable) (this.#tls?.socket ?? this.#raw)?.write(bytes);
  }

  close(reason: LocalCloseReason): void {
    if (this.#us !== "open" || this.#progress === "gone") return;
    if (this.#progress === "resolving" || this.#progress === "connecting") this.destroy(reason);
    else this.#sendFin(reason, this.#deps.clock.instant());
  }

  destroy(reason: LocalCloseReason): void {
    if (this.#us === "rst" || this.#progress === "gone" || this.#connectFailed) return;
    this.#us = "rst";
    this.#stopTimer();
    const raw = this.#raw;
    if (raw === null) {
      // No socket yet, so no fact: only the listener is told, and never from within this call.
      process.nextTick(() => this.#finish(this.#deps.clock.instant()));
      return;
    }
    this.#record({ kind: "tcp.close.started", conn: this.id, reason, how: "rst" }, this.#deps.clock.instant());
    // While connecting there is nothing to reset, and Node would wait for the connection to do it.
    if (this.#progress === "connecting") raw.destroy();
    else raw.resetAndDestroy();
  }

  duplex(): Duplex {
    this.#duplex ??= new PlaintextDuplex(this);
    return this.#duplex;
  }

  // ---- name and TCP

  #resolve(host: string): void {
    const resolve = this.#deps.resolve ?? systemResolver;
    resolve(host).then(
      (addresses) => {
        if (this.#progress !== "resolving" || this.#us !== "open") return;
        const first = addresses[0];
        if (first === undefined) this.#resolveFailed(host, { code: "ENODATA", syscall: null, errno: null });
        else this.#connect(first);
      },
      (error: NodeJS.ErrnoException) => {
        if (this.#progress === "resolving" && this.#us === "open") this.#resolveFailed(host, systemErrorFields(error));
      },
    );
  }

  #resolveFailed(host: string, fields: ReturnType<typeof systemErrorFields>): void {
    const at = this.#deps.clock.instant();
    const { path } = this.#target;
    this.#record({ kind: "dns.resolve.failed", conn: this.id, path, lane: this.#options.lane, host, ...fields }, at);
    this.#finish(at);
  }

  #connect({ address, family }: ResolvedAddress): void {
    const { url, connectTo, path } = this.#target;
    const port = connectTo?.port ?? (Number(url.port) || (url.protocol === "http:" ? 80 : 443));
    const remote = endpoint(address, port);
    const raw = new RawSocket(this);
    this.#progress = "connecting";
    this.#remote = remote;
    this.#raw = raw;
    // Nothing is written on one that only connects.
    if (this.#options.until !== "tcp") raw.setNoDelay(true);
    const { lane, intended } = this.#options;
    this.#record(
      { kind: "tcp.connect.started", conn: this.id, path, lane, remote, intended },
      this.#deps.clock.instant(),
    );
    raw.connect({ host: address, port, family, autoSelectFamily: false });
  }

  rawConnected(): void {
    const raw = this.#raw;
    if (raw === null || this.#us !== "open") return;
    const at = this.#deps.clock.instant();
    const remote = this.#remote ?? "";
    // Not remoteAddress: it is unknown after an RST, and then it stays so.
    const local = endpoint(raw.localAddress ?? "", raw.localPort ?? 0);
    this.#local = local;
    this.#record({ kind: "tcp.connect.complete", conn: this.id, local, remote }, at);
    const { tls } = this.#target;
    if (tls === null || this.#options.until === "tcp") {
      this.#ready(at);
      return;
    }
    this.#progress = "handshaking";
    if (this.#options.until === "hello") {
      this.#sayHello(raw, tls, at);
      return;
    }
    this.#tls = new TlsSession(this.id, this.#target, tls, raw, this.#deps, this, at);
  }

  #onConnectTimeout(): void {
    this.#timer = null;
    const at = this.#deps.clock.instant();
    switch (this.#progress) {
      case "resolving":
        this.#resolveFailed(this.#target.connectTo?.host ?? this.#target.url.hostname, RESOLVE_EXPIRED);
        break;
      case "connecting":
      case "handshaking": {
        const during = this.#progress === "connecting" ? "tcp" : "tls";
        const timeoutNs = this.#options.connectTimeoutNs;
        this.#record({ kind: "tcp.connect.expired", conn: this.id, during, timeoutNs }, at);
        this.#tellEnded(at);
        this.destroy("connect.timeout");
        break;
      }
      case "open":
      case "gone":
        break;
    }
  }

  // ---- bytes

  rawBytes(bytes: Buffer): void {
    const at = this.#deps.clock.instant();
    this.#lastRead = at;
    if (this.#tls !== null) this.#tls.deliver(bytes, at);
    else if (this.#hello !== null) this.#onHelloBytes(this.#hello, bytes, at);
    else if (this.#target.tls === null) this.#plaintext(Buffer.from(bytes), at);
  }

  #plaintext(bytes: Uint8Array, at: Instant): void {
    if (this.#heardEnd) return;
    this.#listener.onBytes(bytes, at);
    const duplex = this.#duplex;
    if (duplex !== null && !duplex.destroyed) duplex.push(bytes);
  }

  /** What `node:http2` writes. */
  writeThen(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    const out = this.#tls?.socket ?? this.#raw;
    if (this.#writable && out !== null) out.write(bytes, done);
    else done();
  }

  engineClosed(): void {
    if (this.#peer === "open") this.close("engine.closed");
  }

  get #writable(): boolean {
    return this.#progress === "open" && this.#us === "open" && this.#peer === "open";
  }

  // ---- TLS

  /** Half a handshake: whoever answers is a process, and not only the kernel's backlog. */
  #sayHello(raw: RawSocket, tls: TargetTls, at: Instant): void {
    const name = tls.serverName ?? literalAddress(this.#target.url.hostname)?.address ?? this.#target.url.hostname;
    const serverName = isIP(name) === 0 ? name : null;
    this.#hello = { reader: new HelloAnswerReader(), saidAt: at.t };
    this.#record({ kind: "tls.handshake.started", conn: this.id, serverName, alpnOffered: ["h2"] }, at);
    raw.write(clientHello(serverName));
  }

  #onHelloBytes({ reader, saidAt }: Hello, bytes: Uint8Array, at: Instant): void {
    if (this.#progress !== "handshaking" || this.#us !== "open") return;
    const answer = reader.push(bytes);
    if (answer === null) return;
    if (answer.is === "garbage") {
      const reason = "the answer to the ClientHello is no TLS";
      this.#record({ kind: "tls.handshake.failed", conn: this.id, code: NOT_TLS, reason, alert: null }, at);
      this.tlsFailed("tls.failed", at);
      return;
    }
    const durationNs = at.t - saidAt;
    this.#record({ kind: "tls.hello.answered", conn: this.id, answer: answer.is, alert: answer.alert, durationNs }, at);
    this.#ready(at);
  }

  tlsReady(at: Instant): void {
    this.#ready(at);
  }

  tlsBytes(bytes: Uint8Array, at: Instant): void {
    this.#plaintext(bytes, at);
  }

  tlsSaidGoodbye(at: Instant): void {
    if (this.#peer !== "open") return;
    this.#peer = "close_notify";
    this.#tellEnded(at);
    // The FIN belongs to it: we wait for it before we close our side, so as not to provoke something else.
    if (this.#us === "open") this.#startTimer(() => this.#sendFin("peer.ended", this.#deps.clock.instant()));
  }

  tlsFailed(reason: "tls.failed" | "alpn.refused", at: Instant): void {
    this.#tellEnded(at);
    if (this.#us === "open") this.#sendFin(reason, at);
  }

  tlsShutdown(): void {
    if (this.#us === "fin") this.#raw?.end();
  }

  // ---- the peer's end

  rawEnding(): void {
    this.#endingAt ??= this.#deps.clock.instant(this.#lastRead);
  }

  rawEnded(): void {
    const raw = this.#raw;
    if (raw === null) return;
    const at = this.#takeEndingAt();
    const ending = raw.readEnding();
    this.#afterFlush(() => this.#onPeerEnd(ending, "peername", at));
  }

  rawFailed(error: NodeJS.ErrnoException): void {
    const at = this.#takeEndingAt();
    if (this.#progress === "connecting") {
      this.#connectFailed = true;
      this.#record({ kind: "tcp.connect.failed", conn: this.id, ...systemErrorFields(error) }, at);
      this.#tellEnded(at);
      return;
    }
    const pending = this.#raw?.pendingAtShutdown ?? null;
    this.#afterFlush(() => {
      if (error.syscall === "shutdown" && pending !== null) {
        this.#onPeerEnd({ fin: pending === "EPIPE", rst: pending }, "peername", at);
      } else if (error.code === "ECONNRESET") {
        this.#onPeerEnd({ fin: false, rst: "ECONNRESET" }, error.syscall === "write" ? "write" : "read", at);
      } else {
        this.#onSocketFailed(error, at);
      }
    });
  }

  #takeEndingAt(): Instant {
    const at = this.#endingAt ?? this.#deps.clock.instant(this.#lastRead);
    this.#endingAt = null;
    return at;
  }

  /** All that came before the end is handed on before the end is recorded. */
  #afterFlush(then: () => void): void {
    if (this.#tls === null || this.#peer === "ended") {
      then();
      return;
    }
    this.#flushing = true;
    this.#tls.flush(() => {
      this.#flushing = false;
      then();
      if (this.#closedWhileFlushing) this.rawClosed();
    });
  }

  #onPeerEnd(ending: Ending, seenBy: "read" | "write" | "peername", at: Instant): void {
    const raw = this.#raw;
    if (raw === null) return;
    const finBefore = this.#peer === "ended";
    const bytesRead = raw.totalRead;
    const partial = finBefore ? null : (this.#tls?.partialRecord() ?? null);
    this.#peer = "ended";
    if (partial !== null) this.#record({ kind: "tls.record.truncated", conn: this.id, ...partial }, at);
    if (ending.fin && !finBefore) this.#record({ kind: "tcp.fin.received", conn: this.id, bytesRead }, at);
    if (ending.rst !== null) {
      const afterFin = finBefore || ending.fin;
      this.#record({ kind: "tcp.rst.received", conn: this.id, code: ending.rst, seenBy, afterFin, bytesRead }, at);
      this.#tellEnded(at, Object.assign(new Error(`read ${ending.rst}`), { code: ending.rst, syscall: "read" }));
      raw.destroy();
      return;
    }
    this.#tellEnded(at);
    // No close_notify after the peer's FIN: a peer that is gone would answer it with RST, which says nothing.
    if (this.#us === "open") this.#sendFin("peer.ended", at);
  }

  #onSocketFailed(error: NodeJS.ErrnoException, at: Instant): void {
    const kind = error.syscall === "read" ? "tcp.read.failed" : "tcp.write.failed";
    this.#peer = "ended";
    this.#record({ kind, conn: this.id, ...systemErrorFields(error) }, at);
    this.#tellEnded(at, error);
  }

  // ---- our end

  #sendFin(reason: LocalCloseReason, at: Instant): void {
    const raw = this.#raw;
    if (raw === null || this.#us !== "open") return;
    this.#us = "fin";
    this.#record({ kind: "tcp.close.started", conn: this.id, reason, how: "fin" }, at);
    this.#startTimer(() => this.destroy(reason));
    if (this.#tls?.established === true && this.#peer !== "ended") this.#tls.end();
    else raw.end();
  }

  // ---- telling the listener

  #ready(at: Instant): void {
    this.#stopTimer();
    this.#progress = "open";
    this.#listener.onReady(at);
  }

  /** `error`: what `node:http2` should see as the reason, where it is not an orderly end. */
  #tellEnded(at: Instant, error?: Error): void {
    if (this.#heardEnd) return;
    this.#heardEnd = true;
    // The connect timeout, that is; the close timeout runs on.
    if (this.#us === "open") this.#stopTimer();
    this.#listener.onEnded(at);
    const duplex = this.#duplex;
    if (duplex === null || duplex.destroyed) return;
    if (error !== undefined) duplex.destroy(error);
    else duplex.push(null);
  }

  rawClosed(): void {
    if (this.#flushing) {
      this.#closedWhileFlushing = true;
      return;
    }
    const raw = this.#raw;
    if (raw === null || this.#progress === "gone") return;
    const at = this.#deps.clock.instant();
    if (!this.#connectFailed) {
      this.#record({ kind: "tcp.closed", conn: this.id, bytesRead: raw.totalRead, bytesWritten: raw.bytesWritten }, at);
    }
    this.#finish(at);
  }

  #finish(at: Instant): void {
    if (this.#progress === "gone") return;
    this.#progress = "gone";
    this.#tellEnded(at);
    this.#stopTimer();
    this.#tls?.destroy();
    this.#duplex?.destroy();
    this.#listener.onClosed(at);
  }

  // ---- small things

  #record(fact: Fact, at: Instant): void {
    this.#deps.recorder.record(fact, at);
  }

  #startTimer(run: () => void): void {
    this.#stopTimer();
    this.#timer = this.#deps.clock.setTimer(LIMITS.closeTimeoutMs * NANOS_PER_MS, () => {
      this.#timer = null;
      run();
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

/** getaddrinfo did not answer within the connect timeout. It cannot be called off; its answer is ignored. */
const RESOLVE_EXPIRED = { code: "ETIMEOUT", syscall: "getaddrinfo", errno: null } as const;
