import { type FSWatcher, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BackendName, Nanos } from "../../events/index.js";
import { NANOS_PER_MS } from "../../events/index.js";
import { type MarkerDeps, MarkerTeller, type StopSource } from "./marker-source.js";
import { repeat } from "./repeat.js";

/** Options of {@link watchSwitchFiles}. */
export interface SwitchFileOptions {
  readonly backend: BackendName;
  /** Default `/run/cloud-routes`. */
  readonly directory?: string;
  /** The balancer's address; default: every address there. */
  readonly vip?: string;
  /** Between looks that nothing prompted. Default 100 ms. */
  readonly everyNs?: Nanos;
}

/** The kernel dates files by a clock that moves with its tick: 10 ms at HZ=100. */
const MTIME_RESOLUTION_NS: Nanos = 10 * NANOS_PER_MS;

type Position = "up" | "down" | "none";
interface Switch {
  readonly position: Position;
  /** Of the file that says so. */
  readonly changedNs: bigint | null;
}

/**
 * Watches the files by which OpenShift's apiserver-watcher switches a host's own traffic to its own API server: `<vip>.up` while that
 * is ready, `<vip>.down` while it is not. A change of the switch is told; what it says at the start is not.
 */
export function watchSwitchFiles(options: SwitchFileOptions, deps: MarkerDeps): StopSource {
  const watcher = new SwitchWatcher(options, deps);
  const stop = repeat(deps.clock, options.everyNs ?? 100 * NANOS_PER_MS, () => watcher.look());
  return async () => {
    watcher.stop();
    await stop();
  };
}

class SwitchWatcher {
  readonly #options: SwitchFileOptions;
  readonly #deps: MarkerDeps;
  readonly #teller: MarkerTeller;
  readonly #directory: string;
  #known: ReadonlyMap<string, Switch> | null = null;
  #lookedAt: Nanos | null = null;
  #looking: Promise<void> | null = null;
  #watcher: FSWatcher | null = null;

  constructor(options: SwitchFileOptions, deps: MarkerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#teller = new MarkerTeller("switch.file", deps);
    this.#directory = options.directory ?? "/run/cloud-routes";
  }

  stop(): void {
    this.#teller.stop();
    this.#watcher?.close();
    this.#watcher = null;
  }

  /** By the clock and by the kernel's word; never twice at once. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const began = this.#deps.clock.now();
    this.#listen();
    const now = await this.#read();
    if (now === null) return;
    const before = this.#known;
    if (before !== null) {
      for (const vip of new Set([...before.keys(), ...now.keys()])) {
        this.#compare(vip, before.get(vip) ?? NOTHING, now.get(vip) ?? NOTHING);
      }
    }
    this.#known = now;
    this.#lookedAt = began;
  }

  /** The kernel's word only makes us look sooner, so its absence (no inotify watches left) costs no marker. */
  #listen(): void {
    if (this.#watcher !== null || this.#teller.stopped) return;
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, () => void this.look());
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watcher = null;
      });
    } catch {
      this.#watcher = null;
    }
  }

  /** `null` where the directory cannot be read. One that is not there holds no file. */
  async #read(): Promise<ReadonlyMap<string, Switch> | null> {
    const switches = new Map<string, Switch>();
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      this.#teller.notice(`${this.#directory} cannot be read: ${error.code}`);
      return null;
    });
    if (names === null) return null;
    for (const name of names.sort()) {
      const match = /^(.+)\.(up|down)$/.exec(name);
      const [, vip, position] = match ?? [];
      if (vip === undefined || (this.#options.vip !== undefined && vip !== this.#options.vip)) continue;
      const file = await stat(join(this.#directory, name), { bigint: true }).catch(() => null);
      if (file === null) continue;
      const other = switches.get(vip);
      // Both are there for a moment of each change: the younger one is meant.
      if (other?.changedNs !== undefined && other.changedNs !== null && other.changedNs > file.mtimeNs) continue;
      switches.set(vip, { position: position === "up" ? "up" : "down", changedNs: file.mtimeNs });
    }
    return switches;
  }

  #compare(vip: string, before: Switch, now: Switch): void {
    if (before.position === now.position) return;
    // Between `.up` and `.down` there is a moment with neither, which says no more than the file that follows.
    const off = now.position === "down" || before.position === "up";
    if (now.position === "none" && before.position === "down") return;
    if (now.position === "down" && before.position === "none" && this.#offTold.has(vip)) return;
    if (off) this.#offTold.add(vip);
    else this.#offTold.delete(vip);
    const at = this.#deps.clock.instant();
    this.#teller.tell(
      {
        backend: this.#options.backend,
        marker: off ? "redirect.off" : "redirect.on",
        saidAt: now.changedNs === null ? null : isoOf(now.changedNs),
        resolutionNs: now.changedNs === null ? at.t - (this.#lookedAt ?? at.t) : MTIME_RESOLUTION_NS,
        detail: now.position === "none" ? `${vip}.up removed` : `${vip}.${now.position}`,
      },
      at,
    );
  }

  /** Addresses whose redirect is off, and was told to be. */
  readonly #offTold = new Set<string>();
}

const NOTHING: Switch = { position: "none", changedNs: null };

/** Nanoseconds since 1970 as ISO 8601, UTC, nine digits. */
function isoOf(ns: bigint): string {
  const ms = ns / 1_000_000n;
  return `${new Date(Number(ms)).toISOString().slice(0, -1)}${String(ns % 1_000_000n).padStart(6, "0")}Z`;
}
