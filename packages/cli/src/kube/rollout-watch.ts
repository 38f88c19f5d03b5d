import { setTimeout as pause } from "node:timers/promises";
import type { LogRecord, Probe } from "@drainprobe/core";

const LOOK_MS = 100;

/** Sources that say both that a server went and that it is back. */
const BOTH_WAYS: ReadonlySet<string> = new Set(["readyz", "pod"]);
const GONE: ReadonlySet<string> = new Set(["readyz.red", "readyz.unreachable", "termination.started", "process.gone"]);

/** Follows the markers of a run to know when a rollout is over. */
export class RolloutWatch {
  /** Servers that are gone, by source and name. */
  readonly #gone = new Set<string>();
  readonly #back = new Set<string>();
  #changes = 0;

  constructor(probe: Probe) {
    void this.#follow(probe.records());
  }

  /**
   * Resolves when `backends` servers have gone and come back, none is gone, and nothing of this has changed for `quietMs`. Without
   * any marker only the time counts. Rejects when `signal` is aborted.
   */
  async over(wish: {
    readonly backends: number;
    readonly quietMs: number;
    readonly signal: AbortSignal;
  }): Promise<void> {
    let changes = this.#changes;
    for (let quiet = 0; quiet < wish.quietMs || this.#gone.size > 0 || this.#back.size < wish.backends; ) {
      await pause(LOOK_MS, undefined, { signal: wish.signal });
      const settled = this.#changes === changes && this.#gone.size === 0 && this.#back.size >= wish.backends;
      quiet = settled ? quiet + LOOK_MS : 0;
      changes = this.#changes;
    }
  }

  async #follow(records: AsyncIterable<LogRecord>): Promise<void> {
    for await (const record of records) {
      if (record.kind !== "rollout.marker" || !BOTH_WAYS.has(record.source)) continue;
      const server = `${record.source} ${record.backend}`;
      if (GONE.has(record.marker)) this.#gone.add(server);
      else if (record.marker === "readyz.green" && this.#gone.delete(server)) this.#back.add(record.backend);
      else continue;
      this.#changes += 1;
    }
  }
}
