import type { FakeClock } from "../../packages/probe-core/src/clock/fake-clock.js";
import type { Fact, LocalCloseReason } from "../../packages/probe-core/src/events/index.js";
import type {
  ConnectionListener,
  OpenOptions,
  Recorder,
  Target,
  WitnessedConnection,
} from "../../packages/probe-core/src/io/contract.js";
import type { Chance } from "../../packages/probe-core/test/connection-simulator.js";
import { Peer } from "./peer.js";

const MS = 1_000_000;

export interface SimulatedNet {
  readonly clock: FakeClock;
  readonly chance: Chance;
  readonly recorder: Recorder;
  readonly nextId: () => number;
  /** Nobody listens, nobody answers: for as long as it says. */
  readonly outage: () => "none" | "refused" | "lost";
}

/**
 * One connection over a network made of chance: it delays, cuts bytes anywhere, and now and then lets nobody through. It records
 * the facts a witness would, in the order a witness would, and never calls its listener from within a call of the listener's.
 */
export class SimulatedConnection implements WitnessedConnection {
  readonly id: number;
  readonly local = "10.0.0.1:40000";
  readonly remote = "10.0.0.2:6443";
  readonly alpn = "h2";
  readonly queuedBytes = 0;
  readonly peer: Peer;
  /** Plaintext bytes that reached the client. */
  delivered = 0;
  #state: "connecting" | "handshaking" | "open" | "gone" = "connecting";
  #us: "open" | "fin" | "rst" = "open";
  #peerEnded = false;
  #heardEnd = false;
  #silent = false;
  /** Nothing may overtake what was sent before it. */
  #lastArrival = 0;
  readonly #net: SimulatedNet;
  readonly #options: OpenOptions;
  readonly #listener: ConnectionListener;
  readonly #latency: number;
  #deadline: { cancel(): void } | null = null;

  constructor(net: SimulatedNet, target: Target, options: OpenOptions, listener: ConnectionListener) {
    this.#net = net;
    this.#options = options;
    this.#listener = listener;
    this.id = net.nextId();
    this.#latency = net.chance.below(4 * MS);
    this.peer = new Peer(net.chance, {
      send: (bytes) => this.#arrive(bytes),
      end: (how) => this.#later(() => this.#peerEnd(how)),
      silence: () => {
        this.#silent = true;
      },
    });
    const { path } = target;
    const { lane, intended } = options;
    if (net.chance.maybe(0.01)) {
      const code = net.chance.pick(["ENOTFOUND", "EAI_AGAIN"]);
      this.#later(() => {
        this.#record({
          kind: "dns.resolve.failed",
          conn: this.id,
          path,
          lane,
          host: "api",
          code,
          syscall: null,
          errno: null,
        });
        this.#finish();
      });
      return;
    }
    this.#record({ kind: "tcp.connect.started", conn: this.id, path, lane, remote: this.remote, intended });
    this.#deadline = net.clock.setTimer(options.connectTimeoutNs, () => this.#expire());
    const outage = net.outage();
    if (outage === "lost") return;
    this.#later(() => (outage === "refused" ? this.#refused() : this.#connected()));
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== "open" || this.#us !== "open" || this.#peerEnded) return;
    const copy = bytes.slice();
    this.#net.clock.setTimer(this.#latency, () => {
      if (!this.#silent) this.peer.receive(copy);
    });
  }

  close(reason: LocalCloseReason): void {
    if (this.#us !== "open" || this.#state === "gone") return;
    if (this.#state === "connecting") {
      this.destroy(reason);
      return;
    }
    this.#sendFin(reason);
  }

  destroy(reason: LocalCloseReason): void {
    if (this.#us === "rst" || this.#state === "gone") return;
    this.#us = "rst";
    this.#record({ kind: "tcp.close.started", conn: this.id, reason, how: "rst" });
    this.#net.clock.setTimer(0, () => this.#closed());
  }

  duplex(): never {
    throw new Error("only the wire engine is simulated");
  }

  #refused(): void {
    if (this.#state !== "connecting" || this.#us !== "open") return;
    this.#record({ kind: "tcp.connect.failed", conn: this.id, code: "ECONNREFUSED", syscall: "connect", errno: -111 });
    this.#tellEnded();
    this.#finish();
  }

  #connected(): void {
    if (this.#state !== "connecting" || this.#us !== "open") return;
    const { chance } = this.#net;
    this.#record({ kind: "tcp.connect.complete", conn: this.id, local: this.local, remote: this.remote });
    if (this.#options.until === "tcp") {
      this.#ready();
      return;
    }
    this.#state = "handshaking";
    this.#record({ kind: "tls.handshake.started", conn: this.id, serverName: null, alpnOffered: ["h2"] });
    const fate = chance.below(100);
    if (fate < 2) return; // never answered
    this.#later(() => {
      if (this.#us !== "open") return;
      if (fate < 4) {
        this.#peerEnd(chance.pick(["fin", "rst"]));
        return;
      }
      if (fate < 5) {
        const code = "CERT_HAS_EXPIRED";
        this.#record({ kind: "tls.handshake.failed", conn: this.id, code, reason: "", alert: null });
        this.#tellEnded();
        this.#sendFin("tls.failed");
        return;
      }
      const what = { protocol: "TLSv1.3", cipher: "c", alpn: "h2", fingerprint: "00", verified: true, durationNs: 1 };
      this.#record({ kind: "tls.handshake.complete", conn: this.id, ...what });
      this.#ready();
    });
  }

  #ready(): void {
    this.#deadline?.cancel();
    this.#state = "open";
    this.#listener.onReady(this.#net.clock.instant());
    if (this.#options.until === "tls" && this.#us === "open") this.peer.begin();
  }

  #expire(): void {
    if (this.#us !== "open" || (this.#state !== "connecting" && this.#state !== "handshaking")) return;
    const during = this.#state === "connecting" ? "tcp" : "tls";
    const timeoutNs = this.#options.connectTimeoutNs;
    this.#record({ kind: "tcp.connect.expired", conn: this.id, during, timeoutNs });
    this.#tellEnded();
    this.destroy("connect.timeout");
  }

  /** In pieces, cut anywhere; those of one send may come in one turn or in several. */
  #arrive(bytes: Uint8Array): void {
    const { chance } = this.#net;
    for (let at = 0; at < bytes.length; ) {
      const length = chance.maybe(0.6) ? bytes.length - at : 1 + chance.below(bytes.length - at);
      const piece = bytes.subarray(at, at + length);
      at += length;
      this.#later(() => {
        if (this.#state !== "open" || this.#us === "rst" || this.#heardEnd || this.#silent) return;
        this.delivered += piece.length;
        this.#listener.onBytes(piece, this.#net.clock.instant());
      });
    }
  }

  #peerEnd(how: "fin" | "rst" | "close_notify"): void {
    if (this.#state === "gone" || this.#us === "rst" || this.#peerEnded) return;
    const bytesRead = this.delivered;
    this.#peerEnded = true;
    if (how === "rst") {
      const { id: conn } = this;
      this.#record({ kind: "tcp.rst.received", conn, code: "ECONNRESET", seenBy: "read", afterFin: false, bytesRead });
      this.#tellEnded();
      this.#closed();
      return;
    }
    if (how === "close_notify") this.#record({ kind: "tls.close_notify.received", conn: this.id });
    this.#record({ kind: "tcp.fin.received", conn: this.id, bytesRead });
    this.#tellEnded();
    if (this.#us === "open") this.#sendFin("peer.ended");
    else this.#closed();
  }

  #sendFin(reason: LocalCloseReason): void {
    this.#us = "fin";
    this.#record({ kind: "tcp.close.started", conn: this.id, reason, how: "fin" });
    this.#net.clock.setTimer(this.#latency + MS, () => {
      if (this.#state === "gone" || this.#us === "rst") return;
      if (!this.#peerEnded) this.#record({ kind: "tcp.fin.received", conn: this.id, bytesRead: this.delivered });
      this.#closed();
    });
  }

  #tellEnded(): void {
    if (this.#heardEnd) return;
    this.#heardEnd = true;
    this.#listener.onEnded(this.#net.clock.instant());
  }

  #closed(): void {
    if (this.#state === "gone") return;
    this.#record({ kind: "tcp.closed", conn: this.id, bytesRead: this.delivered, bytesWritten: 0 });
    this.#finish();
  }

  #finish(): void {
    if (this.#state === "gone") return;
    this.#state = "gone";
    this.#deadline?.cancel();
    this.#tellEnded();
    this.#listener.onClosed(this.#net.clock.instant());
  }

  #later(run: () => void): void {
    const { clock, chance } = this.#net;
    const due = Math.max(clock.now() + this.#latency + chance.below(2 * MS), this.#lastArrival);
    this.#lastArrival = due;
    clock.setTimer(due - clock.now(), run);
  }

  #record(fact: Fact): void {
    this.#net.recorder.record(fact, this.#net.clock.instant());
  }
}
