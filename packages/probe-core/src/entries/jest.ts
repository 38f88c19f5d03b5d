/**
 * `@drainprobe/core/jest`: importing it adds the matchers to jest's `expect`.
 *
 * @module core/jest
 */
import { expect } from "@jest/globals";
import { type DrainMatchers, drainMatchers } from "../matchers/drain-matchers.js";

export type { DrainOptions, IncidentPattern } from "../matchers/checks.js";
export type { DrainMatchers } from "../matchers/drain-matchers.js";

expect.extend(drainMatchers as Parameters<typeof expect.extend>[0]);

declare module "expect" {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends DrainMatchers<R> {}
}

declare global {
  namespace jest {
    // For those who take the globals' types from @types/jest.
    interface Matchers<R, T> extends DrainMatchers<R> {}
  }
}
