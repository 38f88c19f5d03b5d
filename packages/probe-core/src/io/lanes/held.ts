import type { ConnectionId, LanePlan, Nanos } from "../../events/index.js";
import { LIMITS } from "../../limits.js";
import { Pacer, staggeredPhase } from "../../schedule/index.js";
import { Fifo } from "../fifo.js";
import type { OpenRequest, Outcome } from "../open-request.js";
import type { RequestSource } from "../request-source.js";
import { RequestTable } from "../request-table.js";
import type { Session } from "../session.js";
import { SessionSlot, type SlotOwner } from "../session-slot.js";
import type { PacedWork } from "../ticker.js";
import { firstAttemptAt, type LaneRunner, type LaneSetup, type LaneStopReason, MAX_LATENESS_NS } from "./lane.js";
import { Latch } from "./latch.js";

export interface HeldOptions {
  readonly sessions: number;
  readonly streams: number;
  readonly ratePerSecond: number;
  readonly requests: RequestSource;
}

/**
 * Long-lived sessions that carry requests at a fixed rate, spread over the sessions in turn.
 *
 * A request that is due goes out at once where a session has room. Otherwise:
 * - no session is usable: it is queued (`request.queued`) and shares the fate of the attempt it waits for;
 * - sessions are usable, but all their streams are taken, or the source of requests waits for answers: it waits too,
 *   unrecorded, as late operations do, and is counted as missed (`in-flight.limit`) when it is {@link MAX_LATENESS_NS} late.
 *   Nothing is wrong with a connection then, so nothing is said about one.
 */
export class HeldLane implements LaneRunner, SlotOwner, PacedWork {
  readonly lane = "held";
  readonly plan: LanePlan;
  readonly #setup: LaneSetup;
  readonly #options: HeldOptions;
  readonly #slots: readonly SessionSlot[];
  readonly #unready: Set<SessionSlot>;
  readonly #latch = new Latch();
  readonly #table: RequestTable;
  readonly #due: Nanos[] = [];
  /** Requests that wait for a connection. */
  #queue = new Fifo<OpenRequest>();
  /** Intended times of those that wait for a stream or for the source. */
  readonly #delayed = new Fifo<Nanos>();
  #pacer: Pacer | null = null;
  #nextSlot = 0;
  /** Requests of this turn for which there was no room, not recorded yet. */
  #refused = 0;
  #nextAttempt = 0;
  #open = 0;
  #stopped = false;

  constructor(setup: LaneSetup, options: HeldOptions) {
    const { context, target } = setup;
    this.#setup = setup;
    this.#options = options;
    this.#slots = Array.from(
      { length: options.sessions },
      (_, index) =>
        new SessionSlot(
          context,
          { index, target, lane: "held", maxStreams: options.streams, heads: setup.heads },
          this,
        ),
    );
    this.#unready = new Set(this.#slots);
    this.#table = new RequestTable({
      path: target.path,
      lane: "held",
      timeoutNs: context.timing.requestTimeoutNs,
      recorder: context.recorder,
      nextId: context.nextRequestId,
    });
    this.plan = {
      path: target.path,
      lane: "held",
      url: target.url.href,
      ratePerSecond: options.ratePerSecond,
      sessions: options.sessions,
      pingIntervalNs: context.timing.pingIntervalNs,
    };
  }

  get path(): string {
    return this.#setup.target.path;
  }

  get paced(): PacedWork {
    return this;
  }

  get settled(): Promise<void> {
    return this.#latch.opened;
  }

  get scheduled(): number {
    return this.#pacer?.scheduled ?? 0;
  }

  get nextAt(): Nanos {
    return this.#pacer === null || this.#stopped ? Number.POSITIVE_INFINITY : this.#pacer.nextAt;
  }

  start(now: Nanos): void {
    for (const [index, slot] of this.#slots.entries()) slot.start(firstAttemptAt(now, index), now);
    this.#pacer = new Pacer({
      ratePerSecond: this.#options.ratePerSecond,
      startNs: now,
      phase: staggeredPhase(this.#setup.ordinal),
      maxLatenessNs: MAX_LATENESS_NS,
    });
  }

  tick(now: Nanos): void {
    const due = this.#due;
    due.length = 0;
    this.#missed(this.#pacer?.take(now, due) ?? 0, "overrun");
    for (const intended of due) this.#admit(intended);
    this.#tellRefused();
  }

  sweep(now: Nanos): void {
    let removed = false;
    this.#table.expire(now, (request) => {
      removed = true;
      this.#neverSent(request);
    });
    if (removed) this.#forgetDone();
    this.#dropStale(now);
    this.#pump();
  }

  stop(reason: LaneStopReason): void {
    this.#stopped = true;
    for (const request of this.#queue.takeAll()) this.#table.unsent(request, reason);
    this.#missed(this.#delayed.takeAll().length, "in-flight.limit");
    for (const slot of this.#slots) slot.stop(reason);
  }

  onAttempt(_slot: SessionSlot, conn: ConnectionId): void {
    this.#eachQueued((request) => {
      if (request.state.kind === "queued" && request.state.waitingFor === null) {
        request.state = { kind: "queued", waitingFor: conn };
      }
    });
  }

  onAttemptFailed(_slot: SessionSlot, conn: ConnectionId): void {
    this.#eachQueued((request) => {
      if (request.state.kind === "queued" && request.state.waitingFor === conn) {
        this.#table.unsent(request, "connection");
        this.#neverSent(request);
      }
    });
  }

  onReady(slot: SessionSlot): void {
    this.#unready.delete(slot);
    if (this.#unready.size === 0) this.#latch.open();
    this.#pump();
  }

  onLost(): void {
    if (this.#stopped || this.#slots.some((slot) => slot.usable !== null)) return;
    // Nobody is left to free a stream for them: from here on they wait for a connection.
    this.#queueDelayed();
  }

  onRequestDone(request: OpenRequest, outcome: Outcome): void {
    this.#open -= 1;
    if (outcome === "unsent") {
      // Ids and bounds were its own already: it only changes the place where it waits.
      if (this.#stopped) this.#table.unsent(request, "run.ended");
      else this.#enqueue(request);
    } else {
      this.#options.requests.ended(request.template, { outcome, status: request.status });
    }
    this.#pump();
  }

  #admit(intended: Nanos): void {
    if (this.#open + this.#queue.size + this.#delayed.size >= LIMITS.inFlightRequests) {
      this.#refused += 1;
      return;
    }
    const { ready } = this.#options.requests;
    if (ready && this.#queue.size === 0 && this.#delayed.size === 0) {
      const session = this.#pick();
      if (session !== null) {
        this.#sendNew(session, intended);
        return;
      }
    }
    if (!ready || this.#slots.some((slot) => slot.usable !== null)) this.#delayed.push(intended);
    else this.#queueNew(intended);
  }

  /** As many of those that wait as the source has requests for. */
  #queueDelayed(): void {
    while (this.#delayed.size > 0 && this.#options.requests.ready) {
      const intended = this.#delayed.shift();
      if (intended !== undefined) this.#queueNew(intended);
    }
    this.#tellRefused();
  }

  /** One record for all of a turn: under more load than can be done, records of their own would be a load of their own. */
  #tellRefused(): void {
    this.#missed(this.#refused, "in-flight.limit");
    this.#refused = 0;
  }

  /** Its worker is free for another one. */
  #neverSent(request: OpenRequest): void {
    this.#options.requests.ended(request.template, { outcome: "unsent", status: 0 });
  }

  #queueNew(intended: Nanos): void {
    if (this.#queue.size >= LIMITS.queuedRequests) this.#refused += 1;
    else this.#enqueue(this.#create(intended));
  }

  #enqueue(request: OpenRequest): void {
    this.#table.queue(request, this.#pickAttempt());
    this.#queue.push(request);
  }

  /** Sends what waits, oldest first, as far as there is room. */
  #pump(): void {
    if (this.#stopped) return;
    while (this.#queue.size > 0) {
      const request = this.#queue.peek();
      if (request === undefined) break;
      if (request.state.kind === "queued") {
        const session = this.#pick();
        if (session === null) return;
        if (request.deadline <= this.#setup.context.now().t) {
          // Sent now it would be called overdue at once, and that would be held against a server that never had the time.
          this.#table.unsent(request, "deadline");
          this.#neverSent(request);
        } else if (!this.#send(session, request)) return;
      }
      this.#queue.shift();
    }
    while (this.#delayed.size > 0 && this.#options.requests.ready) {
      const session = this.#pick();
      if (session === null) {
        if (!this.#slots.some((slot) => slot.usable !== null)) this.#queueDelayed();
        return;
      }
      const intended = this.#delayed.shift();
      if (intended !== undefined) this.#sendNew(session, intended);
    }
  }

  #sendNew(session: Session, intended: Nanos): void {
    const request = this.#create(intended);
    if (!this.#send(session, request)) this.#enqueue(request);
  }

  #send(session: Session, request: OpenRequest): boolean {
    if (!session.request(request)) return false;
    this.#open += 1;
    return true;
  }

  #create(intended: Nanos): OpenRequest {
    return this.#table.create(this.#options.requests.next(), intended, this.#setup.context.now().t);
  }

  /** The next session in turn that has room. */
  #pick(): Session | null {
    const count = this.#slots.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#nextSlot + step) % count;
      const session = this.#slots[index]?.usable ?? null;
      if (session?.hasRoom) {
        this.#nextSlot = index + 1;
        return session;
      }
    }
    return null;
  }

  /** The next attempt in turn that a request can wait for. */
  #pickAttempt(): ConnectionId | null {
    const count = this.#slots.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#nextAttempt + step) % count;
      const conn = this.#slots[index]?.attempt ?? null;
      if (conn !== null) {
        this.#nextAttempt = index + 1;
        return conn;
      }
    }
    return null;
  }

  #dropStale(now: Nanos): void {
    let stale = 0;
    for (let intended = this.#delayed.peek(); intended !== undefined; intended = this.#delayed.peek()) {
      if (now - intended < MAX_LATENESS_NS) break;
      this.#delayed.shift();
      stale += 1;
    }
    this.#missed(stale, "in-flight.limit");
  }

  #eachQueued(visit: (request: OpenRequest) => void): void {
    const queue = new Fifo<OpenRequest>();
    for (const request of this.#queue.takeAll()) {
      visit(request);
      if (request.state.kind === "queued") queue.push(request);
    }
    this.#queue = queue;
  }

  #forgetDone(): void {
    this.#eachQueued(() => {});
  }

  #missed(count: number, reason: "overrun" | "in-flight.limit"): void {
    if (count === 0) return;
    this.#setup.context.recorder.record({
      kind: "schedule.missed",
      path: this.path,
      lane: "held",
      count,
      reason,
    });
  }
}
