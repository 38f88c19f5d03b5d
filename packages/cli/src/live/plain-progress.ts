import type { FoldSnapshot, Incident } from "@drainprobe/core";
import type { PlannedOptions } from "../config/planned-options.js";
import type { CliIo } from "../io.js";
import { formatDuration, formatT, plural } from "../text/format.js";
import { unverifiedOn } from "../text/unverified.js";
import { incidentWords } from "./incident-words.js";
import { lanesInWords, untilWords, unverifiedNames } from "./plan-words.js";
import type { Progress } from "./progress.js";

const HEARTBEAT_MS = 10_000;
/** A storm of incidents is counted rather than listed; the report has them all. */
const INCIDENT_LINES_PER_BEAT = 20;

/** Progress for pipes and log collectors: a line at the start, one for each incident, a heartbeat. */
export class PlainProgress implements Progress {
  readonly #io: CliIo;
  readonly #options: PlannedOptions;
  #look: (() => FoldSnapshot) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #linesLeft = INCIDENT_LINES_PER_BEAT;
  #unlisted = 0;

  constructor(io: CliIo, options: PlannedOptions) {
    this.#io = io;
    this.#options = options;
  }

  start(look: () => FoldSnapshot): void {
    const { paths, lanes, engine } = this.#options;
    const targets = paths.map(({ name, url }) => `${name} ${url}`).join(", ");
    this.note(`probing ${targets}: ${lanesInWords(lanes)}; ${engine ?? "wire"} engine, ${untilWords(this.#options)}`);
    const unverified = unverifiedOn(unverifiedNames(paths));
    if (unverified !== null) this.note(`WARNING: ${unverified}`);
    this.#look = look;
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  incident(incident: Incident): void {
    if (this.#linesLeft === 0) {
      this.#unlisted++;
      return;
    }
    this.#linesLeft--;
    this.note(`${formatT(incident.t)}: ${incidentWords(incident)}`);
  }

  note(text: string): void {
    this.#io.stderr.write(`drainprobe: ${text}\n`);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#tellUnlisted();
  }

  #beat(): void {
    if (this.#look === null) return;
    const { t, requests, connections, incidents } = this.#look();
    this.#tellUnlisted();
    this.#linesLeft = INCIDENT_LINES_PER_BEAT;
    this.note(
      `${formatDuration(t)}: ${plural(requests.ok, "request")} ok, ${requests.failed} failed; ` +
        `${connections.open} of ${plural(connections.opened, "connection")} open, ${connections.failed} failed; ${plural(incidents, "incident")}`,
    );
  }

  #tellUnlisted(): void {
    if (this.#unlisted > 0) this.note(`and ${plural(this.#unlisted, "more incident")} since`);
    this.#unlisted = 0;
  }
}
