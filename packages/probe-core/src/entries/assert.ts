/**
 * `@drainprobe/core/assert`: assertions for node:test and any other runner, and what they are made of.
 *
 * @module core/assert
 */
export { assertDrainsCleanly, assertIncident, assertNoConnectionFailures } from "../matchers/assertions.js";
export {
  checkConnections,
  checkDrain,
  checkIncident,
  type DrainOptions,
  type IncidentPattern,
} from "../matchers/checks.js";
export { type DrainMatchers, drainMatchers, type MatcherResult } from "../matchers/drain-matchers.js";
export type { Finding } from "../matchers/finding.js";
