import type { LanePlan, Nanos } from "../../events/index.js";
import type { Pace } from "../../schedule/index.js";
import type { WitnessedConnection } from "../contract.js";
import type { PacedWork } from "../ticker.js";
import { type FreshPace, pacePlan, startPace } from "./fresh-pace.js";
import type { LaneRunner, LaneSetup, LaneStopReason } from "./lane.js";
import { Latch } from "./latch.js";

/** How far each lane goes. */
const UNTIL = { "fresh.tcp": "tcp", "fresh.hello": "hello", "fresh.tls": "tls" } as const;

export interface FreshConnectOptions {
  readonly lane: keyof typeof UNTIL;
  readonly pace: FreshPace;
}

/** Opens a connection at its pace, as far as TCP, half a TLS handshake or a whole one goes, and closes it as soon as it worked. */
export class FreshConnectLane implements LaneRunner, PacedWork {
  readonly lane: keyof typeof UNTIL;
  readonly plan: LanePlan;
  readonly #setup: LaneSetup;
  readonly #rhythm: FreshPace;
  readonly #latch = new Latch();
  readonly #due: Nanos[] = [];
  #pace: Pace | null = null;
  #stopped = false;

  constructor(setup: LaneSetup, options: FreshConnectOptions) {
    this.lane = options.lane;
    this.#setup = setup;
    this.#rhythm = options.pace;
    this.plan = {
      path: setup.target.path,
      lane: options.lane,
      url: setup.target.url.href,
      ...pacePlan(options.pace),
      pingIntervalNs: 0,
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
    this.#pace = startPace(this.#rhythm, now, this.#setup.ordinal);
  }

  tick(now: Nanos): void {
    const due = this.#due;
    due.length = 0;
    this.#missed(this.#pace?.take(now, due) ?? 0, "overrun");
    let refused = 0;
    for (const intended of due) {
      if (this.#open(intended)) continue;
      refused += 1;
      this.#pace?.ended(now, false);
    }
    this.#missed(refused, "connection.limit");
  }

  sweep(): void {}

  stop(_reason: LaneStopReason): void {
    // Its connections close with all others of the run.
    this.#stopped = true;
  }

  #open(intended: Nanos): boolean {
    const { context, target } = this.#setup;
    if (!context.connections.hasRoom) return false;
    let worked = false;
    const connection: WitnessedConnection = context.connections.open(
      target,
      {
        lane: this.lane,
        intended,
        until: UNTIL[this.lane],
        connectTimeoutNs: context.timing.connectTimeoutNs,
      },
      {
        onReady: () => {
          worked = true;
          this.#latch.open();
          connection.close("lane.complete");
        },
        onBytes: () => {},
        onEnded: () => {},
        onClosed: (at) => this.#ended(worked, at.t),
      },
    );
    return true;
  }

  #ended(worked: boolean, now: Nanos): void {
    this.#pace?.ended(now, worked);
    if (this.nextAt <= now) this.tick(now);
  }

  #missed(count: number, reason: "overrun" | "connection.limit"): void {
    if (count === 0) return;
    this.#setup.context.recorder.record({ kind: "schedule.missed", path: this.path, lane: this.lane, count, reason });
  }
}
