import type { Nanos } from "../../events/index.js";

/** A wall time whose parts are exact in doubles: whole ms since 1970, and the ns within that ms. */
interface WallTime {
  readonly ms: number;
  readonly ns: number;
}

/** `null` for what is not ISO 8601 in UTC. */
function parseWall(iso: string): WallTime | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/.exec(iso);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 7).map(Number);
  const fraction = (match[7] ?? "").padEnd(9, "0");
  const ms = Date.UTC(year, month - 1, day, hours, minutes, seconds) + Number(fraction.slice(0, 3));
  return { ms, ns: Number(fraction.slice(3)) };
}

/** Where wall times lie on the run's own clock, by the last reading of both. */
export class WallMap {
  #wall: WallTime | null = null;
  #t: Nanos = 0;
  #errorNs: Nanos = 0;

  /** The wall clock showed `wall` at `t`. */
  note(t: Nanos, wall: string, errorNs: Nanos): void {
    const parsed = parseWall(wall);
    if (parsed === null) return;
    this.#wall = parsed;
    this.#t = t;
    this.#errorNs = Number.isFinite(errorNs) ? Math.max(0, errorNs) : 0;
  }

  /** `null` where the log has not told the wall clock, or the text is no time. Exact within 104 days of the run. */
  toRun(iso: string): { readonly t: Nanos; readonly errorNs: Nanos } | null {
    const said = parseWall(iso);
    if (said === null || this.#wall === null) return null;
    const t = this.#t + (said.ms - this.#wall.ms) * 1_000_000 + (said.ns - this.#wall.ns);
    return Number.isSafeInteger(t) ? { t, errorNs: this.#errorNs } : null;
  }
}
