import { DrainprobeError } from "../errors.js";

/** Collects everything that is wrong with the options, so that a user mends them in one go. */
export class Faults {
  readonly #lines: string[] = [];

  add(where: string, what: string): void {
    this.#lines.push(where === "" ? what : `${where}: ${what}`);
  }

  get any(): boolean {
    return this.#lines.length > 0;
  }

  /** Throws `OPTIONS_INVALID`, one line for each fault; does nothing where there is none. */
  throwIfAny(): void {
    if (this.any) throw new DrainprobeError("OPTIONS_INVALID", this.#lines.join("\n"));
  }

  /** An object with no other keys than these. Callers in JavaScript have no compiler to tell them. */
  keys(where: string, value: object, known: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.add(where, `unknown option "${key}" (known: ${known.join(", ")})`);
    }
  }

  /** A finite number in `[min, max]`; what is `undefined` gets the default. */
  number(where: string, value: unknown, range: NumberRange): number {
    const { fallback, min, max, integer } = range;
    if (value === undefined && fallback !== undefined) return fallback;
    const whole = integer === true ? "a whole number" : "a number";
    if (typeof value !== "number" || !Number.isFinite(value) || (integer === true && !Number.isInteger(value))) {
      this.add(where, `must be ${whole}, is ${shown(value)}`);
    } else if (value < min || value > max) {
      this.add(where, `must be ${whole} from ${min} to ${max}, is ${value}`);
    } else {
      return value;
    }
    return fallback ?? min;
  }
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly fallback?: number;
  readonly integer?: boolean;
}

/** A value in an error text: short, and never the content of something that may be a secret. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (typeof value === "string") return `"${value.length > 80 ? `${value.slice(0, 80)}…` : value}"`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
