import type { LanePlan, Nanos } from "../../events/index.js";
import { LIMITS } from "../../limits.js";
import type { Pace } from "../../schedule/index.js";
import type { OpenRequest, Outcome } from "../open-request.js";
import { RequestTable } from "../request-table.js";
import { Session, type SessionOwner } from "../session.js";
import type { PacedWork } from "../ticker.js";
import { type FreshPace, pacePlan, startPace } from "./fresh-pace.js";
import type { LaneRunner, LaneSetup, LaneStopReason, RequestTemplates } from "./lane.js";
import { Latch } from "./latch.js";

export interface FreshH2Options {
  readonly pace: FreshPace;
  readonly requests: RequestTemplates;
}

/** Opens a connection for each request, at its pace, and closes it when the request is done. */
export class FreshH2Lane implements LaneRunner, SessionOwner, PacedWork {
  readonly lane = "fresh.h2";
  readonly plan: LanePlan;
  readonly #setup: LaneSetup;
  readonly #options: FreshH2Options;
  readonly #latch = new Latch();
  readonly #table: RequestTable;
  readonly #due: Nanos[] = [];
  readonly #requests = new Map<Session, OpenRequest>();
  readonly #closing = new Set<Session>();
  readonly #served = new Set<Session>();
  #pace: Pace | null = null;
  #stopped = false;
  #nextTemplate = 0;

  constructor(setup: LaneSetup, options: FreshH2Options) {
    const { context, target } = setup;
    this.#setup = setup;
    this.#options = options;
    this.#table = new RequestTable({
      path: target.path,
      lane: "fresh.h2",
      timeoutNs: context.timing.requestTimeoutNs,
      recorder: context.recorder,
      nextId: context.nextRequestId,
    });
    this.plan = {
      path: target.path,
      lane: "fresh.h2",
      url: target.url.href,
      ...pacePlan(options.pace),
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
    return this.#pace?.scheduled ?? 0;
  }

  get nextAt(): Nanos {
    return this.#pace === null || this.#stopped ? Number.POSITIVE_INFINITY : this.#pace.nextAt;
  }

  start(now: Nanos): void {
    this.#pace = startPace(this.#options.pace, now, this.#setup.ordinal);
  }

  tick(now: Nanos): void {
    if (this.#pace === null) return;
    const due = this.#due;
    due.length = 0;
    this.#missed(this.#pace.take(now, due), "overrun");
    for (const intended of due) this.#begin(intended, now);
  }

  sweep(now: Nanos): void {
    this.#table.expire(now, () => {});
  }

  stop(reason: LaneStopReason): void {
    this.#stopped = true;
    for (const request of this.#requests.values()) this.#table.unsent(request, reason);
    const sessions = [...this.#requests.keys(), ...this.#closing];
    for (const session of sessions) session.abortAll(reason);
    for (const session of sessions) session.close(reason);
  }

  onReady(session: Session): void {
    const request = this.#requests.get(session);
    if (request?.state.kind === "queued") session.request(request);
    // Its deadline passed before the connection was there, whose own fate was still worth seeing.
    else session.close("lane.complete");
  }

  onLost(session: Session): void {
    const request = this.#requests.get(session);
    // Whether it ended before it was ready or said GOAWAY in its first breath: the request shares its fate.
    if (request?.state.kind === "queued") this.#table.unsent(request, "connection");
    this.#finish(session);
  }

  onRequestDone(session: Session, request: OpenRequest, outcome: Outcome): void {
    switch (outcome) {
      case "ended":
        this.#latch.open();
        this.#served.add(session);
        session.close("lane.complete");
        return;
      case "reset":
      case "expired":
        session.close("lane.complete");
        return;
      case "unsent":
        this.#table.unsent(request, "connection");
        return;
      case "released": // by GOAWAY or with its connection: how that ends is what we are here to see
      case "aborted":
        return;
      default:
        outcome satisfies never;
    }
  }

  onClosed(session: Session): void {
    this.#requests.delete(session);
    this.#closing.delete(session);
    const now = this.#setup.context.now().t;
    this.#pace?.ended(now, this.#served.delete(session));
    if (this.nextAt <= now) this.tick(now);
  }

  #begin(intended: Nanos, now: Nanos): void {
    const { context, target, heads } = this.#setup;
    if (this.#requests.size >= LIMITS.inFlightRequests) {
      this.#missed(1, "in-flight.limit");
      this.#pace?.ended(now, false);
      return;
    }
    if (!context.connections.hasRoom) {
      this.#missed(1, "connection.limit");
      this.#pace?.ended(now, false);
      return;
    }
    const templates = this.#options.requests;
    const template = templates[this.#nextTemplate % templates.length] ?? templates[0];
    const request = this.#table.create(template, intended, now);
    this.#nextTemplate += 1;
    const session = new Session(
      context,
      { target, lane: "fresh.h2", intended, maxStreams: 1, heads: heads.current() },
      this,
    );
    this.#table.queue(request, session.conn);
    this.#requests.set(session, request);
  }

  #finish(session: Session): void {
    this.#requests.delete(session);
    this.#closing.add(session);
  }

  #missed(count: number, reason: "overrun" | "connection.limit" | "in-flight.limit"): void {
    if (count === 0) return;
    this.#setup.context.recorder.record({ kind: "schedule.missed", path: this.path, lane: "fresh.h2", count, reason });
  }
}
