/**
 * `@drainprobe/core/vitest`: importing it adds the matchers to vitest's `expect`.
 *
 * @module core/vitest
 */
import { expect } from "vitest";
import { type DrainMatchers, drainMatchers } from "../matchers/drain-matchers.js";

export type { DrainOptions, IncidentPattern } from "../matchers/checks.js";
export type { DrainMatchers } from "../matchers/drain-matchers.js";

expect.extend(drainMatchers);

declare module "vitest" {
  interface Assertion<T> extends DrainMatchers<void> {}
  interface AsymmetricMatchersContaining extends DrainMatchers {}
}
