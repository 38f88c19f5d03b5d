/** What one repetition of one contender yielded. */
export interface Sample {
  /** Operations that worked. */
  readonly ops: number;
  readonly failed: number;
  readonly wallMs: number;
  /** CPU of the contender's process in that time: user and system apart. */
  readonly userMs: number;
  readonly systemMs: number;
  /** Whatever else a bench wants to show; by name. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** Somebody who can do the operation that is measured. */
export interface Contender {
  readonly name: string;
  /** What the reader must know to compare it fairly. */
  readonly note: string;
  /** Version of whoever does the work. */
  readonly version: string;
  /** One repetition, in a process of its own. */
  run(): Promise<Sample>;
  /** After the last one. */
  end?(): Promise<void>;
}

/** CPU per operation, in µs: user and system together. */
export function cpuPerOpUs({ userMs, systemMs, ops }: Sample): number {
  return ((userMs + systemMs) * 1000) / ops;
}

export function opsPerSecond({ ops, wallMs }: Sample): number {
  return (ops * 1000) / wallMs;
}
