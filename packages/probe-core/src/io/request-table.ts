import type { ConnectionId, Lane, Nanos, PathName, RequestId } from "../events/index.js";
import type { Recorder } from "./contract.js";
import { Fifo } from "./fifo.js";
import { DONE, type OpenRequest } from "./open-request.js";
import type { RequestTemplate } from "./request-template.js";

export interface RequestTableOptions {
  readonly path: PathName;
  readonly lane: Lane;
  /** `Infinity` for lanes whose requests have no deadline. */
  readonly timeoutNs: Nanos;
  readonly recorder: Recorder;
  readonly nextId: () => RequestId;
}

/**
 * The requests of one lane on one path, and their deadlines.
 *
 * All requests of a lane have one timeout and are created in order, so the deadlines form a queue:
 * a sweep looks at its head only, and there is no timer per request.
 */
export class RequestTable {
  readonly #options: RequestTableOptions;
  readonly #byDeadline = new Fifo<OpenRequest>();

  constructor(options: RequestTableOptions) {
    this.#options = options;
  }

  /** `now`: its time begins here. Where our own loop was late to start it, that was not the server's time. */
  create(template: RequestTemplate, intended: Nanos, now: Nanos): OpenRequest {
    const request: OpenRequest = {
      id: this.#options.nextId(),
      template,
      intended,
      deadline: now + this.#options.timeoutNs,
      state: { kind: "queued", waitingFor: null },
      announced: false,
      status: 0,
    };
    if (this.#options.timeoutNs !== Number.POSITIVE_INFINITY) this.#byDeadline.push(request);
    return request;
  }

  /** Records, once, that the request must wait for a connection. */
  queue(request: OpenRequest, waitingFor: ConnectionId | null): void {
    request.state = { kind: "queued", waitingFor };
    if (request.announced) return;
    request.announced = true;
    this.#options.recorder.record({
      kind: "request.queued",
      request: request.id,
      path: this.#options.path,
      lane: this.#options.lane,
      method: request.template.method,
      url: request.template.url,
      intended: request.intended,
      ...(request.template.expected === undefined ? {} : { expected: request.template.expected }),
    });
  }

  /** Gives a queued request up. */
  unsent(request: OpenRequest, reason: "connection" | "deadline" | "run.ended" | "aborted"): void {
    if (request.state.kind !== "queued") return;
    this.queue(request, request.state.waitingFor);
    const conn = request.state.waitingFor;
    request.state = DONE;
    this.#options.recorder.record({ kind: "request.unsent", request: request.id, conn, reason });
  }

  /** Ends every request whose deadline has passed; queued ones are handed to `onUnsent` after their record. */
  expire(now: Nanos, onUnsent: (request: OpenRequest) => void): void {
    for (let request = this.#byDeadline.peek(); request !== undefined; request = this.#byDeadline.peek()) {
      if (request.state.kind !== "done" && request.deadline > now) break;
      this.#byDeadline.shift();
      if (request.state.kind === "open") {
        request.state.session.expire(request, this.#options.timeoutNs);
      } else if (request.state.kind === "queued") {
        this.unsent(request, "deadline");
        onUnsent(request);
      }
    }
  }
}
