import type { EventKind, Lane } from "../events/index.js";

/** Does this event show that a new connection of the lane does what the lane wants of it? */
export function showsThatItWorks(lane: Lane, kind: EventKind): boolean {
  switch (lane) {
    case "fresh.tcp":
      return kind === "tcp.connect.complete";
    case "fresh.hello":
      return kind === "tls.hello.answered";
    case "fresh.tls":
      return kind === "tls.handshake.complete";
    default:
      return kind === "session.ready" || kind === "h2.headers.received";
  }
}
