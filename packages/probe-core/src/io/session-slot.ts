import type { ConnectionId, Instant, Lane, LocalCloseReason, Nanos } from "../events/index.js";
import { NANOS_PER_MS } from "../events/index.js";
import { backoffNs } from "../schedule/index.js";
import type { Target } from "./contract.js";
import type { OpenRequest, Outcome } from "./open-request.js";
import type { HeadBook } from "./request-template.js";
import type { RunContext } from "./run-context.js";
import { Session, type SessionOwner } from "./session.js";
import type { SweptWork } from "./ticker.js";

/** A session that lived shorter than this and served nothing counts as a failed attempt from the second one in a row on. */
const SHORT_LIFE_NS: Nanos = 50 * NANOS_PER_MS;

export type SlotState =
  | { readonly kind: "idle" } //                               not started, or stopped
  | { readonly kind: "waiting"; readonly until: Nanos } //     for its first turn, or backing off
  | { readonly kind: "opening"; readonly session: Session }
  | { readonly kind: "ready"; readonly session: Session; readonly since: Nanos };

/** The lane a slot belongs to. */
export interface SlotOwner {
  /** An attempt began. */
  onAttempt(slot: SessionSlot, conn: ConnectionId): void;
  /** The attempt ended before its session was ready. */
  onAttemptFailed(slot: SessionSlot, conn: ConnectionId): void;
  onReady(slot: SessionSlot): void;
  /** The slot has no usable session any more; a new attempt has begun or will. */
  onLost(slot: SessionSlot): void;
  onRequestDone(request: OpenRequest, outcome: Outcome): void;
}

export interface SlotOptions {
  readonly index: number;
  readonly target: Target;
  readonly lane: Lane;
  readonly maxStreams: number;
  readonly heads: HeadBook;
}

/**
 * One place for a long-lived session: when its session can take no more requests, the slot opens the next one at once and
 * lets the old one come to its end under the witness's eyes. It backs off only after failed attempts.
 */
export class SessionSlot implements SessionOwner, SweptWork {
  readonly #context: RunContext;
  readonly #options: SlotOptions;
  readonly #owner: SlotOwner;
  readonly #retired = new Set<Session>();
  #state: SlotState = { kind: "idle" };
  #failures = 0;
  #shortLives = 0;
  #previous: ConnectionId | null = null;
  #lostAt: Nanos | null = null;

  constructor(context: RunContext, options: SlotOptions, owner: SlotOwner) {
    this.#context = context;
    this.#options = options;
    this.#owner = owner;
  }

  get state(): SlotState {
    return this.#state;
  }

  /** The session that takes requests, or `null`. It may be full. */
  get usable(): Session | null {
    return this.#state.kind === "ready" ? this.#state.session : null;
  }

  /** The attempt that requests can wait for, or `null` while backing off. */
  get attempt(): ConnectionId | null {
    return this.#state.kind === "opening" ? this.#state.session.conn : null;
  }

  start(at: Nanos, now: Nanos): void {
    this.#wait(at);
    this.#openWhenDue(now);
  }

  /** Opens the next session where one is due. */
  sweep(now: Nanos): void {
    this.#openWhenDue(now);
  }

  /** Gives up every request of its sessions, closes them, and opens none any more. */
  stop(reason: LocalCloseReason & ("run.ended" | "aborted")): void {
    const sessions = [...this.#retired];
    if (this.#state.kind === "opening" || this.#state.kind === "ready") sessions.push(this.#state.session);
    this.#state = { kind: "idle" };
    for (const session of sessions) session.abortAll(reason);
    for (const session of sessions) session.close(reason);
  }

  onReady(session: Session, at: Instant): void {
    if (this.#state.kind !== "opening" || this.#state.session !== session) return;
    this.#state = { kind: "ready", session, since: at.t };
    this.#failures = 0;
    this.#context.recorder.record(
      {
        kind: "session.ready",
        conn: session.conn,
        path: this.#options.target.path,
        lane: this.#options.lane,
        slot: this.#options.index,
        replaces: this.#previous,
        gapNs: this.#lostAt === null ? null : Math.max(0, at.t - this.#lostAt),
      },
      at,
    );
    this.#previous = session.conn;
    this.#lostAt = null;
    this.#owner.onReady(this);
  }

  onLost(session: Session, at: Instant): void {
    this.#retired.add(session);
    const state = this.#state;
    if (state.kind === "opening" && state.session === session) {
      this.#failures += 1;
      this.#wait(this.#paced(at.t + backoffNs(this.#failures), at.t));
      this.#owner.onAttemptFailed(this, session.conn);
    } else if (state.kind === "ready" && state.session === session) {
      const useless = at.t - state.since < SHORT_LIFE_NS && session.servedStreams === 0;
      this.#shortLives = useless ? this.#shortLives + 1 : 0;
      this.#lostAt = at.t;
      this.#wait(this.#paced(at.t + backoffNs(this.#shortLives - 1), at.t));
      this.#openWhenDue(at.t);
      this.#owner.onLost(this);
    }
  }

  onRequestDone(_session: Session, request: OpenRequest, outcome: Outcome): void {
    this.#owner.onRequestDone(request, outcome);
  }

  onClosed(session: Session): void {
    this.#retired.delete(session);
  }

  /** `at`, or later where many are to be opened anew at once. Says so. */
  #paced(at: Nanos, now: Nanos): Nanos {
    const delayNs = now + (this.#context.reopening?.take(now) ?? 0) - at;
    if (delayNs <= 0) return at;
    const { target, lane, index } = this.#options;
    this.#context.recorder.record({ kind: "session.paced", path: target.path, lane, slot: index, delayNs });
    return at + delayNs;
  }

  #wait(until: Nanos): void {
    this.#state = { kind: "waiting", until };
    this.#context.alarms.at(until, this);
  }

  #openWhenDue(now: Nanos): void {
    if (this.#state.kind !== "waiting" || now < this.#state.until) return;
    if (!this.#context.connections.hasRoom) {
      this.#context.recorder.record({
        kind: "schedule.missed",
        path: this.#options.target.path,
        lane: this.#options.lane,
        count: 1,
        reason: "connection.limit",
      });
      this.#failures += 1;
      this.#wait(now + backoffNs(this.#failures));
      return;
    }
    const session = new Session(
      this.#context,
      {
        target: this.#options.target,
        lane: this.#options.lane,
        intended: null,
        maxStreams: this.#options.maxStreams,
        heads: this.#options.heads.current(),
      },
      this,
    );
    this.#state = { kind: "opening", session };
    this.#owner.onAttempt(this, session.conn);
  }
}
