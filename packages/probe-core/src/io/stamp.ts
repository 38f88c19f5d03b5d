import type { ConnectionId, Fact, Nanos, ProbeEvent, Seq } from "../events/index.js";
import type { H2Fact, H2PingAckSeen } from "../h2/contract.js";

/** A fact of the HTTP/2 layer that is an event as soon as it has a connection. */
export type H2WireFact = Exclude<H2Fact, H2PingAckSeen>;

/**
 * A fact with its place in the log. What comes with every request is spelled out: copying by spread costs as much as all the rest of a
 * record, and events of one kind keep one shape. A test holds this to every field of every kind.
 */
export function stamped(fact: Fact, seq: Seq, t: Nanos, u: Nanos): ProbeEvent {
  switch (fact.kind) {
    case "request.sent": {
      if (fact.expected !== undefined) break;
      const { kind, request, conn, stream, path, lane, method, url, intended } = fact;
      return { seq, t, u, kind, request, conn, stream, path, lane, method, url, intended };
    }
    case "h2.ping.acknowledged":
      return { seq, t, u, kind: fact.kind, conn: fact.conn, rttNs: fact.rttNs };
  }
  return { seq, t, u, ...fact };
}

/** The same for what was seen on a connection that the fact does not name. */
export function stampedOn(conn: ConnectionId, fact: H2WireFact, seq: Seq, t: Nanos, u: Nanos): ProbeEvent {
  switch (fact.kind) {
    case "h2.headers.received": {
      const { kind, stream, request, status, endStream, contentLength, retryAfter } = fact;
      return { seq, t, u, kind, conn, stream, request, status, endStream, contentLength, retryAfter };
    }
    case "h2.data.received":
      return { seq, t, u, kind: fact.kind, conn, stream: fact.stream, request: fact.request };
    case "h2.stream.ended":
      return { seq, t, u, kind: fact.kind, conn, stream: fact.stream, request: fact.request, bytes: fact.bytes };
  }
  return { seq, t, u, ...fact, conn } as ProbeEvent;
}
