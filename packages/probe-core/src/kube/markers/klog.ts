/** A line that klog (or glog before it) wrote: `Lmmdd hh:mm:ss.uuuuuu threadid file:line] message`. */
export interface KlogLine {
  readonly severity: "I" | "W" | "E" | "F";
  readonly month: number;
  readonly day: number;
  /** Microseconds since midnight, in the writer's time zone. */
  readonly microsOfDay: number;
  readonly message: string;
}

const HEADER = /^([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6}) +\d+ [^\s\]]+:\d+\] ?(.*)$/s;

/** `null` for what klog did not write, the further lines of a message of several among it. */
export function parseKlogLine(line: string): KlogLine | null {
  const match = HEADER.exec(line);
  if (match === null) return null;
  const [, severity, mm, dd, hours, minutes, seconds, micros, message] = match;
  const month = Number(mm);
  const day = Number(dd);
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return null;
  const microsOfDay = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000_000 + Number(micros);
  return { severity: severity as KlogLine["severity"], month, day, microsOfDay, message: message ?? "" };
}

/** What klog leaves out of its dates. */
export interface KlogCalendar {
  /** A moment near which the line was written, in ms since 1970. */
  readonly nearMs: number;
  /** Time zones the writer may be in, in minutes east of UTC. */
  readonly zonesMinutes: readonly number[];
}

/**
 * The line's time as ISO 8601 with nine digits, UTC, and in ms. Of the year before, this year and the next, and of the zones offered,
 * the combination nearest to the calendar's moment is taken: klog writes neither. `null` for a day that no such year has.
 */
export function klogTime(line: KlogLine, { nearMs, zonesMinutes }: KlogCalendar): { iso: string; ms: number } | null {
  let best: { iso: string; ms: number } | null = null;
  const year = new Date(nearMs).getUTCFullYear();
  for (const candidate of [year, year - 1, year + 1]) {
    const midnight = Date.UTC(candidate, line.month - 1, line.day);
    if (new Date(midnight).getUTCMonth() !== line.month - 1) continue;
    for (const zone of zonesMinutes) {
      const wholeMs = midnight + Math.floor(line.microsOfDay / 1_000) - zone * 60_000;
      if (best !== null && Math.abs(wholeMs - nearMs) >= Math.abs(best.ms - nearMs)) continue;
      const micros = String(line.microsOfDay % 1_000).padStart(3, "0");
      best = { iso: `${new Date(wholeMs).toISOString().slice(0, -1)}${micros}000Z`, ms: wholeMs };
    }
  }
  return best;
}
