import type { LanePlan, Nanos } from "../../events/index.js";
import { SessionSlot, type SlotOwner } from "../session-slot.js";
import { firstAttemptAt, type LaneRunner, type LaneSetup, type LaneStopReason } from "./lane.js";
import { Latch } from "./latch.js";

/** Long-lived sessions that carry PING only: what happens to a client that has nothing to say. */
export class IdleLane implements LaneRunner, SlotOwner {
  readonly lane = "idle";
  readonly paced = null;
  readonly scheduled = 0;
  readonly plan: LanePlan;
  readonly #setup: LaneSetup;
  readonly #slots: readonly SessionSlot[];
  readonly #unready: Set<SessionSlot>;
  readonly #latch = new Latch();

  constructor(setup: LaneSetup, options: { readonly sessions: number }) {
    this.#setup = setup;
    this.#slots = Array.from(
      { length: options.sessions },
      (_, index) =>
        new SessionSlot(
          setup.context,
          { index, target: setup.target, lane: "idle", maxStreams: 0, heads: setup.heads },
          this,
        ),
    );
    this.#unready = new Set(this.#slots);
    this.plan = {
      path: setup.target.path,
      lane: "idle",
      url: setup.target.url.href,
      ratePerSecond: 0,
      sessions: options.sessions,
      pingIntervalNs: setup.context.timing.pingIntervalNs,
    };
  }

  get path(): string {
    return this.#setup.target.path;
  }

  get settled(): Promise<void> {
    return this.#latch.opened;
  }

  start(now: Nanos): void {
    for (const [index, slot] of this.#slots.entries()) slot.start(firstAttemptAt(now, index), now);
  }

  sweep(): void {}

  stop(reason: LaneStopReason): void {
    for (const slot of this.#slots) slot.stop(reason);
  }

  onReady(slot: SessionSlot): void {
    this.#unready.delete(slot);
    if (this.#unready.size === 0) this.#latch.open();
  }

  onAttempt(): void {}
  onAttemptFailed(): void {}
  onLost(): void {}
  onRequestDone(): void {}
}
