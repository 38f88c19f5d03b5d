import type { BackendName, Nanos } from "../../events/index.js";
import { NANOS_PER_MS, NANOS_PER_SECOND } from "../../events/index.js";
import { type MarkerDeps, MarkerTeller, type StopSource } from "./marker-source.js";
import {
  holdsSocket,
  isApiserver,
  listeningInodes,
  type ProcessSeen,
  pids,
  seeProcess,
  TICKS_PER_SECOND,
  uptimeTicks,
} from "./proc.js";
import { repeat } from "./repeat.js";

/** Options of {@link watchProcess}. */
export interface ProcessOptions {
  readonly backend: BackendName;
  /** The API server's process, where it is known; its successors are looked for. */
  readonly pid?: number;
  /** Where it listens: at this address, or at any. */
  readonly host: string;
  readonly port: number;
  /** Default 100 ms. */
  readonly everyNs?: Nanos;
  /** Where the kernel shows processes. Default `/proc`. */
  readonly proc?: string;
}

/** Processes of another name are looked at once in so many rounds. */
const STRANGERS_EVERY = 10;

const TICK_NS: Nanos = NANOS_PER_SECOND / TICKS_PER_SECOND;

/**
 * Watches the API server's process on this host: tells when it is gone, and when the next one was started, which the kernel knows
 * to 10 ms however late we look.
 *
 * It is the process that holds the socket listening there. Where its descriptors may not be looked at, it is the only process
 * named as an API server. Where none is visible (another pid namespace, no `/proc`) nothing is told.
 */
export function watchProcess(options: ProcessOptions, deps: MarkerDeps): StopSource {
  const watcher = new ProcessWatcher(options, deps);
  const stop = repeat(deps.clock, options.everyNs ?? 100 * NANOS_PER_MS, () => watcher.look());
  return async () => {
    watcher.teller.stop();
    await stop();
  };
}

class ProcessWatcher {
  readonly teller: MarkerTeller;
  readonly #options: ProcessOptions;
  readonly #deps: MarkerDeps;
  readonly #proc: string;
  #current: ProcessSeen | null = null;
  #seenAt: Nanos | null = null;
  #looked = false;
  #rounds = 0;

  constructor(options: ProcessOptions, deps: MarkerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#proc = options.proc ?? "/proc";
    this.teller = new MarkerTeller("process", deps);
  }

  async look(): Promise<void> {
    const now = this.#deps.clock.now();
    if (this.#current !== null) {
      const seen = await seeProcess(this.#proc, this.#current.pid);
      if (seen?.startTicks === this.#current.startTicks) {
        this.#seenAt = now;
        return;
      }
      this.#gone(this.#current);
    }
    const found = await this.#find();
    if (found !== null) await this.#started(found, now);
    else if (!this.#looked) this.teller.notice("no process of the API server is visible from here");
    this.#looked = true;
  }

  #gone({ pid }: ProcessSeen): void {
    const at = this.#deps.clock.instant();
    const resolutionNs = this.#seenAt === null ? 0 : at.t - this.#seenAt;
    const { backend } = this.#options;
    this.teller.tell({ backend, marker: "process.gone", saidAt: null, resolutionNs, detail: `pid ${pid}` }, at);
    this.#current = null;
    this.#seenAt = null;
  }

  /** The first one was there before us; it is told as well, because its age says whether it has just been started. */
  async #started(found: ProcessSeen, now: Nanos): Promise<void> {
    const at = this.#deps.clock.instant();
    const uptime = await uptimeTicks(this.#proc);
    this.#current = found;
    this.#seenAt = now;
    const ageNs = uptime === null ? null : Math.max(0, uptime - found.startTicks) * TICK_NS;
    // Both numbers are cut off to a tick, so its true age is a tick more or less.
    const saidAt = ageNs === null ? null : this.#deps.clock.anchor(at.t - ageNs - TICK_NS).wall;
    const detail = `pid ${found.pid}`;
    const { backend } = this.#options;
    this.teller.tell({ backend, marker: "process.started", saidAt, resolutionNs: 2 * TICK_NS, detail }, at);
  }

  async #find(): Promise<ProcessSeen | null> {
    const { pid } = this.#options;
    if (!this.#looked && pid !== undefined) {
      const given = await seeProcess(this.#proc, pid);
      if (given !== null) return given;
    }
    this.#rounds += 1;
    const { port, host } = this.#options;
    const inodes = await listeningInodes(this.#proc, port, host);
    if (inodes?.size === 0) return null;
    const named: ProcessSeen[] = [];
    const others: ProcessSeen[] = [];
    for (const pid of await pids(this.#proc)) {
      const seen = await seeProcess(this.#proc, pid);
      if (seen !== null) ((await isApiserver(this.#proc, pid)) ? named : others).push(seen);
    }
    const only = named.length === 1 ? (named[0] ?? null) : null;
    if (inodes === null) return only;
    let hidden = false;
    for (const seen of this.#rounds % STRANGERS_EVERY === 1 ? [...named, ...others] : named) {
      const holds = await holdsSocket(this.#proc, seen.pid, inodes);
      if (holds === true) return seen;
      if (holds === null && seen === only) hidden = true;
    }
    return hidden ? only : null;
  }
}
