import type { Instant } from "../events/index.js";
import { LIMITS } from "../limits.js";
import type { IncidentRecord } from "./incident-record.js";
import type { Incident } from "./verdict-types.js";

/** The incidents of a run, a bounded list of them, and the announcing of each one once it is complete. */
export class IncidentLedger {
  count = 0;
  /** Counted, and over the bound of the list. */
  dropped = 0;
  readonly #kept: IncidentRecord[] = [];
  readonly #announce: (incident: Incident) => void;
  #fresh: IncidentRecord[] = [];
  #freshAt = 0;

  constructor(announce: (incident: Incident) => void) {
    this.#announce = announce;
  }

  /** Incidents so far, the first `LIMITS.incidents` of them, with what became of them since. */
  list(): Incident[] {
    return this.#kept.map((incident) => incident.toIncident());
  }

  /** Requests that waited for the same attempt are given up in the same instant: the announcement waits for them. */
  open(incident: IncidentRecord, now: Instant): IncidentRecord {
    this.count += 1;
    this.#fresh.push(incident);
    this.#freshAt = now.t;
    if (this.#kept.length < LIMITS.incidents) this.#kept.push(incident);
    else this.dropped += 1;
    return incident;
  }

  /** An instant begins: incidents of earlier ones are complete. */
  advance(t: number): void {
    if (this.#fresh.length > 0 && t !== this.#freshAt) this.flush();
  }

  /** No more requests can be added. */
  flush(): void {
    const complete = this.#fresh;
    this.#fresh = [];
    for (const incident of complete) this.#announce(incident.toIncident());
  }
}
