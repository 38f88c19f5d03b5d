/** A line's time as it is written: microseconds, and what the line leaves out. */
export interface WrittenTime {
  /** `null`: klog and syslog have none. */
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
  readonly microsOfDay: number;
  /** Minutes east of UTC; `null` where the line does not say. */
  readonly zoneMinutes: number | null;
}

export const MICROS_PER_DAY = 86_400_000_000;
const DAY_MS = 86_400_000;

/** `null` for a date that no calendar has. A year that is not given may be a leap year. */
export function writtenTime(
  year: number | null,
  month: number,
  day: number,
  microsOfDay: number,
  zoneMinutes: number | null,
): WrittenTime | null {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(month, year) || microsOfDay >= MICROS_PER_DAY + 1_000_000)
    return null;
  return { year, month, day, microsOfDay, zoneMinutes };
}

function daysIn(month: number, year: number | null): number {
  return new Date(Date.UTC(year ?? 2000, month, 0)).getUTCDate();
}

/** Microseconds since 1970 of a moment told in seconds, without losing digits. */
export function timeOfEpochMicros(micros: number): WrittenTime | null {
  if (!Number.isSafeInteger(micros)) return null;
  const date = new Date(Math.floor(micros / MICROS_PER_DAY) * DAY_MS);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 1970 || year > 9999) return null;
  const microsOfDay = micros - Math.floor(micros / MICROS_PER_DAY) * MICROS_PER_DAY;
  return { year, month: date.getUTCMonth() + 1, day: date.getUTCDate(), microsOfDay, zoneMinutes: 0 };
}

/** `2020-06-09T13:28:50.763229Z`. */
export function isoMicros(micros: number): string {
  const ms = Math.floor(micros / 1_000);
  const rest = micros - ms * 1_000;
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

/**
 * Gives years to lines that have none.
 *
 * The first such line gets the year it is told, or else the last year in which it lies no more than a day after the reference.
 * Each later line gets the year in which it is nearest to the line before it: a log that runs into January goes on in the next
 * year, and a line that is a little out of order does not jump.
 */
export class Calendar {
  readonly #told: number | null;
  #referenceMs: number;
  #lastMicros: number | null = null;
  #year: number | null = null;
  #from: "option" | "log" | "reference" | null = null;
  #zoneTold = false;

  constructor(year: number | undefined, referenceMs: number) {
    this.#told = year ?? null;
    this.#referenceMs = referenceMs;
  }

  get dating(): { year: number | null; from: "option" | "log" | "reference" | null; zoneTold: boolean } {
    return { year: this.#year, from: this.#from, zoneTold: this.#zoneTold };
  }

  /** Another file begins: what came before says nothing of its year. */
  restart(referenceMs: number): void {
    this.#referenceMs = referenceMs;
    this.#lastMicros = null;
  }

  /** Microseconds since 1970, UTC; `null` for a 29th of February that no year near has. */
  place(time: WrittenTime): number | null {
    if (time.zoneMinutes !== null) this.#zoneTold = true;
    if (time.year !== null) {
      this.#lastMicros = at(time, time.year);
      return this.#lastMicros;
    }
    const micros = this.#lastMicros === null ? this.#first(time) : nearest(time, this.#lastMicros);
    if (micros !== null) {
      this.#lastMicros = micros;
      this.#year ??= new Date(Math.floor(micros / 1_000)).getUTCFullYear();
    }
    return micros;
  }

  #first(time: WrittenTime): number | null {
    if (this.#told !== null) {
      this.#from ??= "option";
      return exists(time, this.#told) ? at(time, this.#told) : null;
    }
    this.#from ??= "reference";
    const latest = (this.#referenceMs + DAY_MS) * 1_000;
    const year = new Date(this.#referenceMs).getUTCFullYear() + 1;
    for (let candidate = year; candidate > year - 10; candidate -= 1) {
      if (exists(time, candidate) && at(time, candidate) <= latest) return at(time, candidate);
    }
    return null;
  }
}

function nearest(time: WrittenTime, lastMicros: number): number | null {
  const year = new Date(Math.floor(lastMicros / 1_000)).getUTCFullYear();
  let best: number | null = null;
  for (const candidate of [year, year - 1, year + 1]) {
    if (!exists(time, candidate)) continue;
    const micros = at(time, candidate);
    if (best === null || Math.abs(micros - lastMicros) < Math.abs(best - lastMicros)) best = micros;
  }
  return best;
}

function exists({ month, day }: WrittenTime, year: number): boolean {
  return day <= daysIn(month, year);
}

function at({ month, day, microsOfDay, zoneMinutes }: WrittenTime, year: number): number {
  return Date.UTC(year, month - 1, day) * 1_000 + microsOfDay - (zoneMinutes ?? 0) * 60_000_000;
}
