import type { ConnectionId } from "../../events/index.js";
import { type LanePlan, NANOS_PER_MS, NANOS_PER_SECOND, type Nanos } from "../../events/index.js";
import { backoffNs } from "../../schedule/index.js";
import type { OpenRequest, Outcome } from "../open-request.js";
import { RequestTable } from "../request-table.js";
import type { RequestTemplate } from "../request-template.js";
import { SessionSlot, type SlotOwner } from "../session-slot.js";
import { firstAttemptAt, type LaneRunner, type LaneSetup, type LaneStopReason, type RequestTemplates } from "./lane.js";
import { Latch } from "./latch.js";

/** Spacing of long requests where none is asked for. */
const MIN_SPACING_NS: Nanos = 50 * NANOS_PER_MS;

/** A long request that lasted this long was one, however it ended: the next follows at once. */
const LONG_NS: Nanos = NANOS_PER_SECOND;

export interface LongRequestOptions {
  readonly lane: "watch" | "slow";
  readonly requests: RequestTemplates;
  /** A long request that ended well is followed by the next this long after its own start, at the earliest. Default 50 ms. */
  readonly spacingNs?: Nanos | null;
}

/** Watch and slow: for each request given, a session of its own and one request open on it at all times, without a deadline. */
export class LongRequestLane implements LaneRunner {
  readonly lane: "watch" | "slow";
  readonly paced = null;
  readonly plan: LanePlan;
  readonly #setup: LaneSetup;
  readonly #loops: readonly LongRequestLoop[];
  readonly #latch = new Latch();
  #unsettled: number;

  constructor(setup: LaneSetup, options: LongRequestOptions) {
    const { context, target } = setup;
    this.lane = options.lane;
    this.#setup = setup;
    const table = new RequestTable({
      path: target.path,
      lane: options.lane,
      timeoutNs: Number.POSITIVE_INFINITY,
      recorder: context.recorder,
      nextId: context.nextRequestId,
    });
    this.#loops = options.requests.map(
      (template, index) =>
        new LongRequestLoop(setup, options.lane, index, table, template, options.spacingNs ?? MIN_SPACING_NS, () => {
          this.#unsettled -= 1;
          if (this.#unsettled === 0) this.#latch.open();
        }),
    );
    this.#unsettled = this.#loops.length;
    this.plan = {
      path: target.path,
      lane: options.lane,
      url: options.requests[0].url,
      ratePerSecond: 0,
      sessions: options.requests.length,
      pingIntervalNs: context.timing.pingIntervalNs,
    };
  }

  get path(): string {
    return this.#setup.target.path;
  }

  get settled(): Promise<void> {
    return this.#latch.opened;
  }

  get scheduled(): number {
    return this.#loops.reduce((sum, loop) => sum + loop.asked, 0);
  }

  start(now: Nanos): void {
    for (const [index, loop] of this.#loops.entries()) loop.start(firstAttemptAt(now, index), now);
  }

  sweep(now: Nanos): void {
    for (const loop of this.#loops) loop.sweep(now);
  }

  stop(reason: LaneStopReason): void {
    for (const loop of this.#loops) loop.stop(reason);
  }
}

type LoopState =
  | { readonly kind: "pausing"; readonly until: Nanos }
  | { readonly kind: "running"; readonly request: OpenRequest; readonly since: Nanos }
  | { readonly kind: "stopped" };

/** One long request after the other. */
class LongRequestLoop implements SlotOwner {
  readonly #setup: LaneSetup;
  readonly #slot: SessionSlot;
  readonly #table: RequestTable;
  readonly #template: RequestTemplate;
  readonly #spacingNs: Nanos;
  readonly #onSettled: () => void;
  #state: LoopState = { kind: "stopped" };
  #failures = 0;
  #asked = 0;
  #settled = false;

  constructor(
    setup: LaneSetup,
    lane: "watch" | "slow",
    index: number,
    table: RequestTable,
    template: RequestTemplate,
    spacingNs: Nanos,
    onSettled: () => void,
  ) {
    this.#setup = setup;
    this.#table = table;
    this.#template = template;
    this.#spacingNs = spacingNs;
    this.#onSettled = onSettled;
    this.#slot = new SessionSlot(
      setup.context,
      { index, target: setup.target, lane, maxStreams: 1, heads: setup.heads },
      this,
    );
  }

  /** Requests that were due so far. */
  get asked(): number {
    return this.#asked;
  }

  start(at: Nanos, now: Nanos): void {
    this.#state = { kind: "pausing", until: at };
    this.#slot.start(at, now);
    this.#beginWhenDue(now);
  }

  sweep(now: Nanos): void {
    this.#beginWhenDue(now);
  }

  stop(reason: LaneStopReason): void {
    const state = this.#state;
    this.#state = { kind: "stopped" };
    if (state.kind === "running") this.#table.unsent(state.request, reason);
    this.#slot.stop(reason);
  }

  onAttempt(_slot: SessionSlot, conn: ConnectionId): void {
    const request = this.#waiting();
    if (request !== null) request.state = { kind: "queued", waitingFor: conn };
  }

  onAttemptFailed(): void {
    const request = this.#waiting();
    if (request === null) return;
    this.#table.unsent(request, "connection");
    // The slot backs off already; the next request waits for its next attempt.
    const now = this.#setup.context.now().t;
    this.#state = { kind: "pausing", until: now };
    this.#beginWhenDue(now);
  }

  onReady(): void {
    this.#send();
  }

  onLost(): void {}

  onRequestDone(request: OpenRequest, outcome: Outcome): void {
    if (this.#state.kind !== "running" || this.#state.request !== request) return;
    if (outcome === "unsent") this.#table.queue(request, this.#slot.attempt);
    else this.#ended(outcome === "ended" && request.status < 400);
  }

  #waiting(): OpenRequest | null {
    return this.#state.kind === "running" && this.#state.request.state.kind === "queued" ? this.#state.request : null;
  }

  #beginWhenDue(now: Nanos): void {
    if (this.#state.kind !== "pausing" || now < this.#state.until) return;
    const request = this.#table.create(this.#template, this.#state.until, now);
    this.#asked += 1;
    this.#state = { kind: "running", request, since: now };
    if (this.#slot.usable === null) this.#table.queue(request, this.#slot.attempt);
    else this.#send();
  }

  #send(): void {
    const request = this.#waiting();
    const session = this.#slot.usable;
    if (request === null || session === null) return;
    if (session.request(request) && !this.#settled) {
      this.#settled = true;
      this.#onSettled();
    }
  }

  /** The next follows at once, unless this one was no long request at all: then nobody is served by a flood of them. */
  #ended(well: boolean): void {
    if (this.#state.kind !== "running") return;
    const now = this.#setup.context.now().t;
    const { since } = this.#state;
    this.#failures = well || now - since >= LONG_NS ? 0 : this.#failures + 1;
    const earliest = well ? since + this.#spacingNs : now + (this.#failures === 1 ? 0 : backoffNs(this.#failures - 1));
    this.#state = { kind: "pausing", until: Math.max(now, earliest) };
    this.#beginWhenDue(now);
  }
}
