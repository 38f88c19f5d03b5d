import type { ExpectedConnection, ExpectedRequest, ProbePlan } from "../scenario.js";

/** One session that soon has three requests in flight, and room for no fourth. */
export const HELD: ProbePlan = {
  lanes: { held: { sessions: 1, streams: 3, ratePerSecond: 40 } },
  requestTimeoutMs: 5_000,
};

/** One session with nothing but PING. */
export const IDLE: ProbePlan = { lanes: { idle: { sessions: 1 } }, pingIntervalMs: 60 };

/** Handshakes only, far enough apart that the first one's fate is known before the second. */
export const FRESH_TLS: ProbePlan = { lanes: { freshTls: { ratePerSecond: 10 } } };

/** The three requests of {@link HELD} lost with their connection. */
export function lostThree(type: string, processed: ExpectedRequest["processed"]): ExpectedRequest {
  return { scope: "connection", type, processed, count: { min: 3, max: 3 } };
}

/** One connection of a lane that ended so, without any GOAWAY. */
export function ended(
  lane: string,
  close: string | null,
  type: string | null,
  closeNotify: boolean | null = null,
): ExpectedConnection {
  return { lane, close, type, closeNotify, goaways: [] };
}
