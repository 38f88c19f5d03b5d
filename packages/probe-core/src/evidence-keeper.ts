import type { Incident } from "./classify/verdict-types.js";
import type { LogRecord, ProbeEvent, Seq } from "./events/index.js";

/** Events kept that tell of a connection's life and end; and of requests. */
const KEPT = 4_096;

/** Events kept for one incident, and incidents that have any: what a failure message can show. */
const PER_INCIDENT = 12;
const INCIDENTS = 50;

/**
 * The events that the incidents of this process rest on, by incident, for whoever explains them: the summary itself cites numbers
 * only, so that it is the same after a replay. Weak: it keeps nothing alive.
 */
const BOOK = new WeakMap<Incident, readonly ProbeEvent[]>();

/** The events an incident of a live probe rests on, in order, as far as they were kept; empty for one from elsewhere. */
export function evidenceOf(incident: Incident): readonly ProbeEvent[] {
  return BOOK.get(incident) ?? [];
}

/** Keeps the last events of a run that a verdict may cite. What comes with every request or second is left out, but its start. */
export class EvidenceKeeper {
  readonly #lives: (ProbeEvent | undefined)[] = [];
  readonly #requests: (ProbeEvent | undefined)[] = [];
  #nextLife = 0;
  #nextRequest = 0;

  push(record: LogRecord): void {
    switch (record.kind) {
      case "run.header":
      case "run.footer":
      case "clock.anchor":
      case "h2.ping.acknowledged":
      case "h2.data.received":
      case "h2.stream.ended":
      case "request.queued":
        return;
      case "request.sent":
      case "h2.headers.received":
        this.#requests[this.#nextRequest] = record;
        this.#nextRequest = (this.#nextRequest + 1) % KEPT;
        return;
      default:
        this.#lives[this.#nextLife] = record;
        this.#nextLife = (this.#nextLife + 1) % KEPT;
    }
  }

  /** The run is over: lets {@link evidenceOf} answer for its incidents. */
  file(incidents: readonly Incident[]): void {
    const bySeq = new Map<Seq, ProbeEvent>();
    for (const event of [...this.#lives, ...this.#requests]) if (event !== undefined) bySeq.set(event.seq, event);
    for (const incident of incidents.slice(0, INCIDENTS)) {
      const events = incident.evidence.map((seq) => bySeq.get(seq)).filter((event) => event !== undefined);
      // Its own life first; of its casualties as many as there is room for.
      const own = events.filter((event) => !isRequest(event));
      const requests = events.filter(isRequest).slice(0, Math.max(3, PER_INCIDENT - own.length));
      BOOK.set(
        incident,
        [...own.slice(-PER_INCIDENT), ...requests].sort((a, b) => a.seq - b.seq),
      );
    }
  }
}

function isRequest(event: ProbeEvent): boolean {
  return "request" in event;
}
