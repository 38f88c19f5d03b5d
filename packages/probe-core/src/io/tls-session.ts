import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { Clock } from "../clock/clock.js";
import type { ConnectionId, Instant, Nanos } from "../events/index.js";
import type { Recorder, Target, TargetTls } from "./contract.js";
import { peerIdentity } from "./peer-certificate.js";
import type { RawSocket } from "./raw-socket.js";
import { literalAddress } from "./resolver.js";
import { ALPN_REFUSED, RENEGOTIATED, type TlsFailure, tlsFailure } from "./tls-failure.js";
import { type PartialRecord, TlsRecordTap } from "./tls-record-tap.js";
import { TlsTransport } from "./tls-transport.js";

/** What the TLS layer tells the connection it belongs to. Its own facts are recorded before each call. */
export interface TlsListener {
  tlsReady(at: Instant): void;
  tlsBytes(bytes: Uint8Array, at: Instant): void;
  /** The peer's close_notify. */
  tlsSaidGoodbye(at: Instant): void;
  /** Recorded as `tls.handshake.failed` or `tls.failed`; what is left is to close. */
  tlsFailed(reason: "tls.failed" | "alpn.refused", at: Instant): void;
  /** Our last ciphertext is written: the FIN may follow. */
  tlsShutdown(): void;
}

const OFFERED = ["h2"] as const;
/** TLS content types, RFC 8446 §5.1. */
const ALERT = 21;
const APPLICATION_DATA = 23;
const OFFERED_WIRE = Buffer.from("\x02h2", "latin1");

type Stage = "handshaking" | "established" | "over";

/** TLS on a raw socket we own: the peer's ciphertext goes in by {@link deliver}, facts and plaintext come out. */
export class TlsSession {
  readonly socket: TLSSocket;
  readonly #conn: ConnectionId;
  readonly #tls: TargetTls;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #listener: TlsListener;
  readonly #transport: TlsTransport;
  readonly #tap = new TlsRecordTap();
  readonly #startedAt: Nanos;
  #stage: Stage = "handshaking";
  /** The instant of the chunk being decrypted: plaintext comes out within {@link deliver}. */
  #delivering: Instant | null = null;
  #flushed: (() => void) | null = null;
  #eofDelivered = false;
  #goodbyeHeard = false;

  constructor(
    conn: ConnectionId,
    target: Target,
    tls: TargetTls,
    raw: RawSocket,
    deps: { readonly clock: Clock; readonly recorder: Recorder },
    listener: TlsListener,
    at: Instant,
  ) {
    this.#conn = conn;
    this.#tls = tls;
    this.#name = tls.serverName ?? literalAddress(target.url.hostname)?.address ?? target.url.hostname;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder;
    this.#listener = listener;
    this.#startedAt = at.t;
    this.#transport = new TlsTransport(raw, () => listener.tlsShutdown());
    // RFC 6066 §3: no IP address in server_name.
    const serverName = isIP(this.#name) === 0 ? this.#name : null;
    this.#recorder.record({ kind: "tls.handshake.started", conn, serverName, alpnOffered: OFFERED }, at);
    this.socket = connect({
      ...tls.extra,
      socket: this.#transport,
      secureContext: tls.secureContext(),
      ...(serverName === null ? {} : { servername: serverName }),
      ALPNProtocols: OFFERED_WIRE,
      rejectUnauthorized: tls.verify,
      // The name is checked by peerIdentity(), without decoding the certificate once more for each connection.
      checkServerIdentity: acceptAnyName,
    });
    this.socket.getPeerCertificate = undecoded;
    this.socket.getEphemeralKeyInfo = unasked;
    this.socket.on("secureConnect", () => this.#onSecure());
    this.socket.on("data", (bytes: Buffer) => this.#listener.tlsBytes(bytes, this.#instant()));
    this.socket.on("end", () => this.#onEnd());
    this.socket.on("error", (error: NodeJS.ErrnoException) => this.#onError(error));
    this.socket.on("close", () => this.#finishFlush());
  }

  get established(): boolean {
    return this.#stage === "established";
  }

  get alpn(): string | null {
    return this.socket.alpnProtocol || null;
  }

  /** Ciphertext from the peer. `bytes` may be overwritten afterwards. */
  deliver(bytes: Buffer, at: Instant): void {
    this.#tap.push(bytes);
    this.#delivering = at;
    this.#transport.deliver(bytes);
    this.#delivering = null;
  }

  /** The peer's ciphertext is over. `done` is called when all plaintext in it has been handed on, in this turn of the loop. */
  flush(done: () => void): void {
    this.#flushed = done;
    if (this.socket.destroyed || this.socket.readableEnded || this.#transport.destroyed) {
      this.#finishFlush();
      return;
    }
    this.#eofDelivered = true;
    this.#transport.push(null);
  }

  /** The record in which the ciphertext so far ends, if it ends inside one. */
  partialRecord(): PartialRecord | null {
    return this.#tap.partial();
  }

  /** close_notify, then {@link TlsListener.tlsShutdown}. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.#stage = "over";
    this.socket.destroy();
    this.#transport.destroy();
  }

  #onSecure(): void {
    const at = this.#instant();
    if (this.#stage === "over") return;
    if (this.#stage === "established") {
      // RFC 9113 §9.2.1 forbids it.
      this.#fail({ code: RENEGOTIATED, reason: "the peer renegotiated", alert: null }, "tls.failed", at);
      return;
    }
    const { nameFailure, fingerprint } = peerIdentity(this.socket, this.#tls, this.#name);
    if (this.#tls.verify && nameFailure !== null) {
      this.#fail(nameFailure, "tls.failed", at);
      return;
    }
    const alpn = this.alpn;
    if (alpn !== "h2") {
      const reason = alpn === null ? "the peer chose no protocol" : `the peer chose ${alpn}`;
      this.#fail({ code: ALPN_REFUSED, reason, alert: null }, "alpn.refused", at);
      return;
    }
    this.#stage = "established";
    this.#recorder.record(
      {
        kind: "tls.handshake.complete",
        conn: this.#conn,
        protocol: this.socket.getProtocol() ?? "unknown",
        cipher: this.socket.getCipher().name,
        alpn,
        fingerprint,
        verified: this.#tls.verify,
        durationNs: at.t - this.#startedAt,
      },
      at,
    );
    this.#listener.tlsReady(at);
  }

  #onEnd(): void {
    if (this.#eofDelivered) this.#finishFlush();
    else this.#goodbye();
  }

  #onError(error: NodeJS.ErrnoException): void {
    const failure = tlsFailure(error);
    if (failure !== null) {
      if (this.#stage !== "over") this.#fail(failure, "tls.failed", this.#instant());
    } else if (this.#stage === "handshaking" && this.#mayHaveSaidGoodbye() && error.code === "ECONNRESET") {
      // Node's word for an end of TLS in the handshake. The socket has not ended, so it was a close_notify.
      this.#goodbye();
    }
    this.#finishFlush();
  }

  /** A close_notify is an alert, in a record of its own or (TLS 1.3) inside application data. A reset socket brings neither. */
  #mayHaveSaidGoodbye(): boolean {
    const type = this.#tap.lastType;
    return !this.#eofDelivered && (type === ALERT || type === APPLICATION_DATA);
  }

  #goodbye(): void {
    if (this.#stage === "over" || this.#goodbyeHeard) return;
    this.#goodbyeHeard = true;
    const at = this.#instant();
    this.#recorder.record({ kind: "tls.close_notify.received", conn: this.#conn }, at);
    this.#listener.tlsSaidGoodbye(at);
  }

  #fail(failure: TlsFailure, reason: "tls.failed" | "alpn.refused", at: Instant): void {
    const kind = this.#stage === "handshaking" ? "tls.handshake.failed" : "tls.failed";
    this.#stage = "over";
    this.#recorder.record({ kind, conn: this.#conn, ...failure }, at);
    this.#listener.tlsFailed(reason, at);
  }

  #finishFlush(): void {
    const done = this.#flushed;
    this.#flushed = null;
    done?.();
  }

  #instant(): Instant {
    return this.#delivering ?? this.#clock.instant();
  }
}

const acceptAnyName = (): undefined => undefined;
/** Node asks for the size of a Diffie-Hellman key, to refuse less than 1024 bits. So does OpenSSL, in the handshake and for less. */
const unasked = (): object => ({});
const undecoded = (() => ({})) as unknown as TLSSocket["getPeerCertificate"];
