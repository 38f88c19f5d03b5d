import type { ConnectionId, Lane, PathName, RequestId, Seq, Stamp, StreamId } from "../events/index.js";

/** A request whose outcome is not known yet. Forgotten when it is. */
export interface OpenRequest {
  readonly id: RequestId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly method: string;
  readonly url: string;
  /** Statuses that are an answer and no failure, beside those below 400. */
  readonly expected: readonly number[];
  /** `null` while it is queued; for a request given up unsent, the attempt it waited for. */
  conn: ConnectionId | null;
  /** `null` while nothing of it was sent. */
  stream: StreamId | null;
  status: number | null;
  contentLength: number | null;
  retryAfter: string | null;
  /** What a verdict on it will cite, ascending. */
  readonly evidence: Seq[];
  /** Largest `u` among these. */
  worstU: number;
  /** The last of these. */
  last: Stamp;
}

/** Adds an event to what a verdict on the request will cite. */
export function cite(request: OpenRequest, event: Stamp): void {
  request.evidence.push(event.seq);
  if (event.u > request.worstU) request.worstU = event.u;
  request.last = event;
}
