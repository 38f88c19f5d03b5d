import type { Summary } from "../verdict/summary-types.js";
import { checkConnections, checkDrain, checkIncident, type DrainOptions, type IncidentPattern } from "./checks.js";
import type { Finding } from "./finding.js";

/** What `expect.extend` of vitest and jest takes from a matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The matchers as an `expect` has them. `R` is what a matcher returns there. */
export interface DrainMatchers<R = unknown> {
  /**
   * The connections that worked were let go in good order and no request was lost: GOAWAY first, all that it counted finished. Attempts
   * to connect that failed matter only with `maxNewConnectionGapMs`.
   */
  toDrainCleanly(options?: DrainOptions): R;
  /** No connection failed: none was cut, no attempt failed, no GOAWAY left requests unserved. */
  toHaveNoConnectionFailures(): R;
  /** There is at least one incident like this one. */
  toHaveIncident(pattern: IncidentPattern): R;
}

function result({ ok, text }: Finding): MatcherResult {
  // With `.not` the message is shown where the check passed.
  return { pass: ok, message: () => (ok ? `did not expect this: ${text}` : text) };
}

/** For `expect.extend(drainMatchers)`, where neither `@drainprobe/core/vitest` nor `/jest` fits. */
export const drainMatchers = {
  toDrainCleanly: (received: Summary, options?: DrainOptions): MatcherResult => result(checkDrain(received, options)),
  toHaveNoConnectionFailures: (received: Summary): MatcherResult => result(checkConnections(received)),
  toHaveIncident: (received: Summary, pattern: IncidentPattern): MatcherResult =>
    result(checkIncident(received, pattern)),
};
