import type { Clock } from "../../clock/clock.js";
import type { BackendName, BackendNamed, Instant, Marker, MarkerSource, Nanos } from "../../events/index.js";
import { printableText } from "../../events/index.js";
import type { Recorder } from "../../io/contract.js";

/** Longest text a source may add to a marker. */
const DETAIL_CHARS = 160;

/** Something about a source that is worth telling and does not stop a run: one line, no secret. */
export interface MarkerNotice {
  readonly source: MarkerSource;
  readonly text: string;
}

/** What every source is given. */
export interface MarkerDeps {
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** Called at most a few times for each source. Default: nobody hears it. */
  readonly notify?: (notice: MarkerNotice) => void;
}

/** Ends a source. Resolves when it holds neither a file, a socket nor a timer; no fact is recorded after it was called. */
export type StopSource = () => Promise<void>;

/** A marker as its source tells it. */
export interface Told {
  readonly backend: BackendName;
  readonly marker: Marker;
  readonly saidAt: string | null;
  readonly resolutionNs: Nanos;
  readonly detail: string | null;
}

/** One source's mouth: records facts while it runs, and falls silent when it is stopped. */
export class MarkerTeller {
  readonly source: MarkerSource;
  readonly #deps: MarkerDeps;
  readonly #named = new Set<string>();
  readonly #noticed = new Set<string>();
  #stopped = false;

  constructor(source: MarkerSource, deps: MarkerDeps) {
    this.source = source;
    this.#deps = deps;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
  }

  tell(told: Told, at: Instant = this.#deps.clock.instant()): void {
    if (this.#stopped) return;
    const { backend, marker, saidAt, detail } = told;
    const resolutionNs = Math.max(0, Math.round(told.resolutionNs));
    const shown = detail === null ? null : printableText(detail, DETAIL_CHARS);
    this.#deps.recorder.record(
      { kind: "rollout.marker", source: this.source, backend, marker, saidAt, resolutionNs, detail: shown },
      at,
    );
  }

  /** Another name of a backend; each pair is recorded once. */
  name(backend: BackendName, alias: BackendName, by: BackendNamed["by"]): void {
    const key = `${by}\n${backend}\n${alias}`;
    if (this.#stopped || backend === alias || this.#named.has(key)) return;
    this.#named.add(key);
    this.#deps.recorder.record({ kind: "backend.named", backend, alias, by });
  }

  /** Tells whoever runs the probe; the same text once. */
  notice(text: string): void {
    if (this.#stopped || this.#noticed.has(text) || this.#noticed.size >= 32) return;
    this.#noticed.add(text);
    this.#deps.notify?.({ source: this.source, text: printableText(text, 2 * DETAIL_CHARS) });
  }
}
