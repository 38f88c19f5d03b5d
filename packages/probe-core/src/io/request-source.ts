import type { Outcome } from "./open-request.js";
import type { RequestTemplate } from "./request-template.js";

/** How a request from a source came to its end. */
export interface SourcedEnd {
  /** `unsent`: nothing of it ever reached the wire. */
  readonly outcome: Outcome;
  /** Of the final response headers; 0 where there were none. */
  readonly status: number;
}

/**
 * Where a held lane takes its requests from. The lane decides when, the source what: one that waits for answers to requests it
 * gave before is not `ready`, and the lane's schedule waits for it as it waits for a free stream.
 */
export interface RequestSource {
  /** Whether {@link next} may be called now. */
  readonly ready: boolean;
  /** The next request. Each one given is followed by one {@link ended}, except at the end of the run. */
  next(): RequestTemplate;
  ended(template: RequestTemplate, end: SourcedEnd): void;
}

/** Takes the requests of a list in turn, whatever becomes of them. */
export function inTurn(templates: readonly [RequestTemplate, ...RequestTemplate[]]): RequestSource {
  let next = 0;
  return {
    ready: true,
    next() {
      const template = templates[next % templates.length] ?? templates[0];
      next += 1;
      return template;
    },
    ended() {},
  };
}
