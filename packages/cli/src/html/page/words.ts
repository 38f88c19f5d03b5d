/** `412 µs`, `12.3 ms`, `1.23 s`, `2m05s`. */
export function durationWords(ms: number): string {
  const size = Math.abs(ms);
  if (size === 0) return "0";
  if (size < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (size < 999.5) return `${threeDigits(ms)} ms`;
  if (size < 60_000) return `${threeDigits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = `${String(seconds % 60).padStart(2, "0")}s`;
  return minutes < 60 ? `${minutes}m${rest}` : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** Clock times of an axis whose 0 is `base`, cut to what a step of the axis needs. */
export class WallWords {
  readonly #baseMs: number;
  readonly known: boolean;

  constructor(base: string | null) {
    const parsed = base === null ? Number.NaN : Date.parse(`${base.slice(0, 23)}Z`.replace("ZZ", "Z"));
    this.known = !Number.isNaN(parsed);
    this.#baseMs = this.known ? parsed : 0;
  }

  /** The first whole multiple of `step` at or after `at`, on the wall clock. */
  firstTick(at: number, step: number): number {
    const wall = this.#baseMs + at;
    return Math.ceil(wall / step) * step - this.#baseMs;
  }

  tick(at: number, step: number): string {
    if (!this.known) return step < 1000 ? `${(at / 1000).toFixed(3)} s` : `${Math.round(at / 1000)} s`;
    // Rounded: a tick is a whole number of its step, and floats are not.
    const iso = new Date(Math.round((this.#baseMs + at) * 1000) / 1000).toISOString();
    if (step < 1)
      return `${iso.slice(17, 23)}${String(Math.round((((this.#baseMs + at) % 1) + 1) * 1000) % 1000).padStart(3, "0")}`;
    return step < 1000 ? iso.slice(11, 23) : step < 60_000 ? iso.slice(11, 19) : iso.slice(11, 16);
  }

  exact(at: number): string {
    if (!this.known) return `t ${(at / 1000).toFixed(6)} s`;
    const whole = Math.floor(this.#baseMs + at);
    const micros = Math.min(999, Math.floor((this.#baseMs + at - whole) * 1000));
    return `${new Date(whole).toISOString().slice(11, 23)}${String(micros).padStart(3, "0")}`;
  }

  day(): string {
    return this.known ? `${new Date(this.#baseMs).toISOString().slice(0, 10)} UTC` : "the run's own clock";
  }
}

export function countWords(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, " ");
}

export function pluralWords(count: number, one: string, many = `${one}s`): string {
  return `${countWords(count)} ${count === 1 ? one : many}`;
}
