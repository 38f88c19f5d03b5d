import type { ConnectionId, Nanos, ProbeEvent, RequestId, Verdict } from "@drainprobe/core";

/** Events kept in all, and for the casualties of one connection. */
const MAX_EVENTS = 20_000;
const MAX_OF_CONNECTION = 200;

/**
 * Keeps the events that verdicts of failure rest on. What a verdict will cite is not known before it is given, so the events of open
 * connections and requests are held until they are judged, answers and PINGs apart.
 */
export class EvidenceBook {
  readonly events = new Map<number, ProbeEvent>();
  /** Cited, and without room. */
  dropped = 0;
  readonly #connections = new Map<ConnectionId, ProbeEvent[]>();
  readonly #requests = new Map<RequestId, ProbeEvent[]>();
  readonly #ofConnection = new Map<ConnectionId, number>();
  #last: ProbeEvent | null = null;
  #now: Nanos = -1;
  /** Judged in this instant: verdicts of the same instant may still cite them. */
  #leaving: { readonly conn: ConnectionId | null; readonly request: RequestId | null }[] = [];

  record(event: ProbeEvent): void {
    if (event.t !== this.#now) {
      this.#now = event.t;
      if (this.#leaving.length > 0) this.#forget();
    }
    this.#last = event;
    switch (event.kind) {
      case "request.queued":
      case "request.sent": {
        const known = this.#requests.get(event.request);
        if (known === undefined) this.#requests.set(event.request, [event]);
        else known.push(event);
        return;
      }
      case "h2.headers.received":
        if (event.request !== null) this.#requests.get(event.request)?.push(event);
        return;
      case "h2.stream.ended":
        if (event.request !== null) this.#leaving.push({ conn: null, request: event.request });
        return;
      case "h2.data.received":
      case "h2.ping.acknowledged":
      case "clock.anchor":
      case "process.stall":
      case "schedule.missed":
      case "session.paced":
      case "rollout.marker":
        return;
      case "tcp.connect.started":
      case "dns.resolve.failed":
        this.#connections.set(event.conn, [event]);
        return;
      default:
        if ("conn" in event && event.conn !== null) this.#note(event.conn, event);
    }
  }

  /** When an open request was sent; `null` where it was not. */
  sentAt(request: RequestId): Nanos | null {
    return this.#requests.get(request)?.find(({ kind }) => kind === "request.sent")?.t ?? null;
  }

  verdict(verdict: Verdict): void {
    const isRequest = "request" in verdict;
    this.#leaving.push({ conn: isRequest ? null : verdict.conn, request: isRequest ? verdict.request : null });
    const conn = verdict.conn;
    // A GOAWAY that left requests unserved makes an incident of a connection that ended well.
    const well = verdict.type === null && !(conn !== null && this.#ofConnection.has(conn));
    if (well || verdict.type === "abandoned") return;
    const room = conn === null ? 0 : (this.#ofConnection.get(conn) ?? 0);
    const cited = new Set(verdict.evidence);
    const found = [
      ...(isRequest ? (this.#requests.get(verdict.request) ?? []) : []),
      ...(conn === null ? [] : (this.#connections.get(conn) ?? [])),
      ...(this.#last === null ? [] : [this.#last]),
    ];
    let added = 0;
    for (const event of found) {
      if (!cited.delete(event.seq) || this.events.has(event.seq)) continue;
      if (this.events.size >= MAX_EVENTS || room + added >= MAX_OF_CONNECTION) this.dropped += 1;
      else {
        this.events.set(event.seq, event);
        added += 1;
      }
    }
    if (conn !== null && added > 0) this.#ofConnection.set(conn, room + added);
  }

  /** What has no room here can be cited by a verdict of its own instant alone. */
  #note(conn: ConnectionId, event: ProbeEvent): void {
    const events = this.#connections.get(conn);
    if (events !== undefined && events.length < MAX_OF_CONNECTION) events.push(event);
  }

  #forget(): void {
    for (const { conn, request } of this.#leaving) {
      if (conn !== null) this.#connections.delete(conn);
      if (request !== null) this.#requests.delete(request);
    }
    this.#leaving = [];
  }
}
