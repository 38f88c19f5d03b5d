import type { Fact, Lane } from "../src/events/index.js";
import { closing, fin, rst, Trace } from "./trace-builder.js";

/** Seeded random numbers: the same seed, the same log. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  maybe(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

interface SimStream {
  readonly request: number;
  readonly stream: number;
  answered: boolean;
}

interface SimConnection {
  readonly conn: number;
  readonly lane: Lane;
  readonly path: string;
  phase: "connecting" | "securing" | "open" | "ended" | "gone";
  streams: SimStream[];
  nextStream: number;
  goaways: number;
}

/** What a simulated run wrote, and how many requests it started. */
export interface SimulatedRun {
  readonly trace: Trace;
  readonly requests: number;
  readonly connections: number;
  /** Written out to the end: everything closed. */
  readonly orderly: boolean;
}

const LANES: readonly Lane[] = ["held", "idle", "fresh.tcp", "fresh.tls", "fresh.h2", "watch", "slow"];
const METHODS = ["GET", "POST", "HEAD", "DELETE"] as const;

/**
 * Writes the log of a run that may have happened: many connections at once, each with its own history, in any interleaving; peers
 * that end them in every way and in every state, and the meaningless facts that trail such ends.
 */
export function simulateRun(seed: number, steps: number): SimulatedRun {
  const run = new Simulation(new Chance(seed));
  for (let step = 0; step < steps; step += 1) run.step();
  const orderly = run.chance.maybe(0.7);
  if (orderly) run.stop();
  return { trace: run.trace, requests: run.requests, connections: run.connections, orderly };
}

class Simulation {
  readonly chance: Chance;
  readonly trace = new Trace();
  requests = 0;
  connections = 0;
  #open: SimConnection[] = [];
  #queued: { request: number; lane: Lane; path: string }[] = [];

  constructor(chance: Chance) {
    this.chance = chance;
  }

  step(): void {
    this.trace.step(this.chance.maybe(0.2) ? 0 : this.chance.below(50_000_000));
    const { chance } = this;
    if (this.#open.length === 0 || chance.maybe(0.1)) this.#connect();
    else if (chance.maybe(0.05)) this.#queue();
    else if (chance.maybe(0.03)) this.#note();
    else this.#advance(chance.pick(this.#open));
  }

  /** Ends the run in the order of the engine: requests, then connections, then their sockets. */
  stop(): void {
    this.trace.step(1_000);
    for (const conn of this.#open) {
      if (conn.phase === "ended") continue;
      for (const { request, stream } of conn.streams) {
        this.trace.add({ kind: "request.aborted", request, conn: conn.conn, stream, reason: "run.ended" });
      }
    }
    for (const { request } of this.#queued) {
      this.trace.add({ kind: "request.unsent", request, conn: null, reason: "run.ended" });
    }
    for (const { conn, phase } of this.#open) if (phase !== "ended") this.trace.add(closing("run.ended", conn));
    for (const { conn } of this.#open) this.trace.closed(conn);
    this.#open = [];
    this.#queued = [];
  }

  #connect(): void {
    const { chance } = this;
    this.connections += 1;
    const conn = this.connections;
    const lane = chance.pick(LANES);
    const path = chance.pick(["vip", "direct"]);
    const code = { code: chance.pick(["ENOTFOUND", "EAI_AGAIN"]), syscall: null, errno: null };
    if (chance.maybe(0.05)) {
      this.trace.add({ kind: "dns.resolve.failed", conn, path, lane, host: "api", ...code });
      return;
    }
    if (lane === "fresh.h2") this.#queue(lane, path);
    this.trace.start(conn, lane, path);
    this.#open.push({ conn, lane, path, phase: "connecting", streams: [], nextStream: 1, goaways: 0 });
  }

  #queue(lane: Lane = this.chance.pick(["held", "slow"]), path = this.chance.pick(["vip", "direct"])): void {
    this.requests += 1;
    const request = this.requests;
    this.trace.queue(request, { lane, path, method: this.chance.pick(METHODS) });
    this.#queued.push({ request, lane, path });
    if (this.chance.maybe(0.1)) {
      this.#queued.pop();
      this.trace.add({ kind: "request.unsent", request, conn: null, reason: "deadline" });
    }
  }

  #note(): void {
    const facts: readonly Fact[] = [
      { kind: "clock.anchor", wall: "2026-01-01T00:00:00.000000000Z", errorNs: 1 },
      { kind: "process.stall", durationNs: this.chance.below(1_000_000) },
      { kind: "schedule.missed", path: "vip", lane: "held", count: 1, reason: "in-flight.limit" },
      { kind: "run.mark", name: "SIGTERM" },
    ];
    this.trace.add(this.chance.pick(facts));
  }

  #advance(sim: SimConnection): void {
    const { chance } = this;
    switch (sim.phase) {
      case "connecting":
        this.#connecting(sim);
        break;
      case "securing":
        this.#securing(sim);
        break;
      case "open":
        if (chance.maybe(0.12)) this.#end(sim);
        else this.#live(sim);
        break;
      case "ended":
        if (chance.maybe(0.5)) this.#close(sim);
        else this.#trail(sim);
        break;
      case "gone":
    }
  }

  #connecting(sim: SimConnection): void {
    const { conn } = sim;
    if (this.chance.maybe(0.15)) {
      const code = this.chance.pick(["ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "EMFILE", "EWHAT"]);
      this.trace.add({ kind: "tcp.connect.failed", conn, code, syscall: "connect", errno: null });
      this.#giveUpWaiting(sim);
      this.#forget(sim);
      return;
    }
    this.trace.add({ kind: "tcp.connect.complete", conn, local: "10.0.0.6:1", remote: "10.0.0.2:6443" });
    if (sim.lane === "fresh.tcp" || this.chance.maybe(0.2)) sim.phase = "open";
    else {
      this.trace.handshake(conn);
      sim.phase = "securing";
    }
  }

  #securing(sim: SimConnection): void {
    const { conn } = sim;
    if (this.chance.maybe(0.2)) {
      this.#end(sim);
      this.#giveUpWaiting(sim);
      return;
    }
    this.trace.add({
      kind: "tls.handshake.complete",
      conn,
      protocol: "TLSv1.3",
      cipher: "x",
      alpn: "h2",
      fingerprint: "00",
      verified: true,
      durationNs: 1,
    });
    const { lane, path } = sim;
    if (lane !== "fresh.h2") {
      this.trace.add({ kind: "session.ready", conn, path, lane, slot: 0, replaces: null, gapNs: null });
    }
    sim.phase = "open";
  }

  #live(sim: SimConnection): void {
    const { chance, trace } = this;
    const { conn } = sim;
    const open = sim.streams[chance.below(sim.streams.length)];
    if (chance.maybe(0.35) || open === undefined) this.#send(sim);
    else if (chance.maybe(0.1)) trace.add({ kind: "h2.ping.acknowledged", conn, rttNs: chance.below(1_000_000) });
    else if (chance.maybe(0.11)) this.#goaway(sim);
    else if (!open.answered) {
      open.answered = true;
      trace.add({
        kind: "h2.headers.received",
        conn,
        stream: open.stream,
        request: chance.maybe(0.9) ? open.request : null,
        status: chance.pick([200, 200, 200, 204, 404, 429, 503]),
        endStream: false,
        contentLength: chance.pick([null, 10, 20]),
        retryAfter: chance.pick([null, "1"]),
      });
    } else this.#finish(sim, open);
  }

  #send(sim: SimConnection): void {
    const { chance } = this;
    const waiting = chance.maybe(0.5) ? this.#queued.shift() : undefined;
    if (waiting === undefined) this.requests += 1;
    const request = waiting?.request ?? this.requests;
    const stream = sim.nextStream;
    sim.nextStream += 2;
    sim.streams.push({ request, stream, answered: false });
    const { conn, lane, path } = sim;
    this.trace.send(request, { conn, stream, lane, path, method: chance.pick(METHODS) });
  }

  #goaway(sim: SimConnection): void {
    const lastStreamId = this.chance.pick([0, 1, sim.nextStream - 2, 2 ** 31 - 1]);
    sim.goaways += 1;
    this.trace.goaway(Math.max(0, lastStreamId), this.chance.pick([0, 0, 0, 2, 11]), sim.conn, sim.goaways);
    sim.streams = sim.streams.filter(({ stream }) => stream <= lastStreamId);
  }

  #finish(sim: SimConnection, { request, stream }: SimStream): void {
    const { chance } = this;
    const { conn } = sim;
    const facts: readonly Fact[] = [
      { kind: "h2.stream.ended", conn, stream, request, bytes: chance.pick([10, 20]) },
      { kind: "h2.stream.ended", conn, stream, request: null, bytes: 10 },
      { kind: "h2.rst_stream.received", conn, stream, request, errorCode: chance.pick([0, 2, 7, 8]) },
      { kind: "request.expired", request, conn, stream, timeoutNs: 1 },
      { kind: "h2.protocol.error", conn, stream, request, errorCode: 1, rule: "RFC 9113 §8.1", message: "" },
    ];
    this.trace.add(chance.maybe(0.6) ? (facts[0] ?? fin(conn)) : chance.pick(facts));
    // What comes for a finished stream changes nothing.
    if (chance.maybe(0.2)) this.trace.add(chance.pick(facts));
    sim.streams = sim.streams.filter((other) => other.stream !== stream);
  }

  #end(sim: SimConnection): void {
    this.trace.add(this.chance.pick(this.#ends(sim.conn)));
    sim.phase = "ended";
  }

  /** Facts that mean nothing any more. */
  #trail(sim: SimConnection): void {
    const open = sim.streams[0];
    if (open !== undefined && this.chance.maybe(0.3)) {
      this.trace.add({
        kind: "request.expired",
        request: open.request,
        conn: sim.conn,
        stream: open.stream,
        timeoutNs: 1,
      });
    } else this.trace.add(this.chance.pick(this.#ends(sim.conn)));
  }

  #close(sim: SimConnection): void {
    if (this.chance.maybe(0.5)) this.#giveUpWaiting(sim);
    this.trace.closed(sim.conn);
    if (this.chance.maybe(0.1)) this.trace.add(this.chance.pick(this.#ends(sim.conn)));
    this.#giveUpWaiting(sim);
    this.#forget(sim);
  }

  /** Requests that waited for this attempt go with it, some of them. */
  #giveUpWaiting({ conn }: SimConnection): void {
    while (this.#queued.length > 0 && this.chance.maybe(0.4)) {
      const waiting = this.#queued.shift();
      if (waiting === undefined) return;
      this.trace.add({ kind: "request.unsent", request: waiting.request, conn, reason: "connection" });
    }
  }

  #forget(sim: SimConnection): void {
    sim.phase = "gone";
    this.#open = this.#open.filter((other) => other !== sim);
  }

  #ends(conn: number): readonly Fact[] {
    const system = { syscall: "read", errno: null };
    return [
      fin(conn),
      rst(conn),
      rst(conn, { afterFin: true }),
      rst(conn, { code: "EPIPE", seenBy: "peername" }),
      { kind: "tls.close_notify.received", conn },
      { kind: "tls.record.truncated", conn, contentType: 23, expectedBytes: 100, receivedBytes: 7 },
      { kind: "tcp.write.failed", conn, code: "EPIPE", ...system },
      { kind: "tcp.write.failed", conn, code: "ECONNRESET", ...system },
      { kind: "tcp.read.failed", conn, code: "ETIMEDOUT", ...system },
      { kind: "h2.ping.expired", conn, waitedNs: 1 },
      { kind: "tls.failed", conn, code: "ERR_SSL_X", reason: "", alert: null },
      { kind: "tls.handshake.failed", conn, code: "CERT_HAS_EXPIRED", reason: "", alert: null },
      { kind: "tcp.connect.expired", conn, during: "tls", timeoutNs: 1 },
      {
        kind: "h2.protocol.error",
        conn,
        stream: null,
        request: null,
        errorCode: 1,
        rule: "RFC 9113 §6.1",
        message: "",
      },
      closing("lane.complete", conn),
      closing("peer.ended", conn),
      closing("drain.timeout", conn),
    ];
  }
}
