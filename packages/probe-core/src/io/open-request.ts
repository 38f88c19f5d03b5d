import type { ConnectionId, Nanos, RequestId, StreamId } from "../events/index.js";
import type { RequestTemplate } from "./request-template.js";
import type { Session } from "./session.js";

/** Where a request of ours stands. */
export type RequestState =
  | { readonly kind: "queued"; readonly waitingFor: ConnectionId | null }
  | { readonly kind: "open"; readonly session: Session; readonly stream: StreamId }
  | { readonly kind: "done" };

/** How a stream of ours ended, as far as a lane has to know. It is no verdict. */
export type Outcome =
  | "ended" //    END_STREAM
  | "reset" //    RST_STREAM, or the peer broke a rule on this stream
  | "released" // above the last stream id of a GOAWAY, or its connection is gone
  | "expired" //  our deadline
  | "aborted" //  we gave it up: run ended, drain timeout
  | "unsent"; //  its session ended before anything of it was written

/** One request from its intended start to its end. */
export interface OpenRequest {
  readonly id: RequestId;
  readonly template: RequestTemplate;
  readonly intended: Nanos;
  /** `Infinity` for watch and slow. */
  readonly deadline: Nanos;
  state: RequestState;
  /** `request.queued` was recorded for it. */
  announced: boolean;
  /** Status of the final response headers, 0 before them. */
  status: number;
}

export const DONE: RequestState = { kind: "done" };
