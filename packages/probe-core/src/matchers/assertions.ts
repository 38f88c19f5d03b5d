import { AssertionError } from "node:assert";
import type { Summary } from "../verdict/summary-types.js";
import { checkConnections, checkDrain, checkIncident, type DrainOptions, type IncidentPattern } from "./checks.js";
import type { Finding } from "./finding.js";

/** Throws an `AssertionError` of `node:assert` unless the server drained cleanly: see {@link checkDrain}. */
export function assertDrainsCleanly(summary: Summary, options?: DrainOptions): void {
  assertOk(checkDrain(summary, options), assertDrainsCleanly);
}

/** Throws an `AssertionError` of `node:assert` if any connection failed: see {@link checkConnections}. */
export function assertNoConnectionFailures(summary: Summary): void {
  assertOk(checkConnections(summary), assertNoConnectionFailures);
}

/** Throws an `AssertionError` of `node:assert` unless there is such an incident. */
export function assertIncident(summary: Summary, pattern: IncidentPattern): void {
  assertOk(checkIncident(summary, pattern), assertIncident);
}

function assertOk({ ok, text }: Finding, stackStartFn: (...args: never[]) => unknown): void {
  if (!ok) throw new AssertionError({ message: text, stackStartFn });
}
