import type { Nanos } from "../../events/index.js";
import { NANOS_PER_SECOND } from "../../events/index.js";

/** A time of the API: whole seconds (`Time`), or microseconds (`MicroTime`). */
export interface ApiTime {
  readonly iso: string;
  readonly ms: number;
  readonly resolutionNs: Nanos;
}

/** `null` for what is not a time in UTC. */
export function apiTime(value: unknown): ApiTime | null {
  const match = typeof value === "string" ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(value) : null;
  if (match === null) return null;
  const [, whole, fraction] = match;
  const ms = Date.parse(`${whole}Z`);
  if (Number.isNaN(ms)) return null;
  const digits = (fraction ?? "").padEnd(9, "0");
  return {
    iso: `${whole}.${digits}Z`,
    ms: ms + Number(digits.slice(0, 3)),
    resolutionNs: fraction === undefined ? NANOS_PER_SECOND : 1_000,
  };
}
