import type { Row } from "./report.js";
import type { Spread } from "./stats.js";

/** How a bench is to run. */
export interface BenchOptions {
  readonly repetitions: number;
  /** About a tenth of the work: enough for ratios, not for claims. */
  readonly quick: boolean;
  readonly seed: number;
  /** Nobody but these contenders, and nothing but what goals are made of. Default: everybody. */
  readonly only?: readonly string[];
  readonly tell: (line: string) => void;
}

/** A goal and what became of it. `measured` is the median. */
export interface Goal {
  readonly what: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly measured: Spread | null;
}

/** One table of a bench, as it is printed and kept. */
export interface Section {
  readonly title: string;
  /** What one must know to compare fairly: FACTS that hold for every row. */
  readonly facts: readonly string[];
  readonly rows?: readonly Row[];
  /** Lines under the table, where rows of CPU and rate do not fit. */
  readonly table?: readonly (readonly string[])[];
  /** The same as numbers. */
  readonly values?: Readonly<Record<string, number | null>>;
  readonly operation?: string;
  readonly goals: readonly Goal[];
}

/** One of the things that `npm run bench` can measure. */
export interface Bench {
  readonly name: string;
  readonly what: string;
  run(options: BenchOptions): Promise<Section[]>;
}

export function isMet({ atMost, atLeast, measured }: Goal): boolean | null {
  if (measured === null || !Number.isFinite(measured.median)) return null;
  return measured.median <= (atMost ?? Number.POSITIVE_INFINITY) && measured.median >= (atLeast ?? 0);
}

/** For goals that are one number. */
export function exactly(value: number): Spread {
  return { median: value, min: value, max: value };
}
