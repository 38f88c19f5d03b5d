import type { LaneOptions } from "./probe-options.js";

/** What {@link held} takes. */
export interface HeldOptions {
  /** Connections. Default 2. */
  readonly sessions?: number;
  /** Requests open at once on each. Default 4. */
  readonly streams?: number;
  /** Requests a second in all, on each path. Default 50. */
  readonly ratePerSecond?: number;
}

/** What {@link fresh} takes. */
export interface FreshOptions {
  /**
   * How far each new connection goes: `tcp` connects, `tls` shakes hands too, `h2` sends one request as well. Each then closes.
   * Default `h2`.
   */
  readonly kind?: "tcp" | "hello" | "tls" | "h2";
  /** New connections a second on each path, whatever becomes of the others. Default 10. */
  readonly ratePerSecond?: number;
  /** Instead of a rate: as many at once, the next when one is closed. For benchmarks; it slows down with the server. */
  readonly concurrency?: number;
}

/**
 * Long-lived connections with requests on them: what a client with a connection pool has. Implies that a session that ends is
 * reopened at once. Does not prove that new connections work for others: that is {@link fresh}.
 */
export function held({ sessions = 2, streams = 4, ratePerSecond = 50 }: HeldOptions = {}): LaneOptions {
  return { held: { sessions, streams, ratePerSecond } };
}

/** New connections at a steady rate, each closed at once: shows for how long none worked, and which servers still take any. */
export function fresh({ kind = "h2", ratePerSecond, concurrency }: FreshOptions = {}): LaneOptions {
  // Both given is a misuse that `createProbe` tells.
  const pace = (
    concurrency === undefined
      ? { ratePerSecond: ratePerSecond ?? 10 }
      : { concurrency, ...(ratePerSecond === undefined ? {} : { ratePerSecond }) }
  ) as NonNullable<LaneOptions["freshTcp"]>;
  switch (kind) {
    case "tcp":
      return { freshTcp: pace };
    case "hello":
      return { freshHello: pace };
    case "tls":
      return { freshTls: pace };
    case "h2":
      return { freshH2: pace };
    default:
      // From JavaScript. Told as an unknown option by `createProbe`, with the ones there are.
      return { [`fresh.${String(kind satisfies never)}`]: pace };
  }
}

/** Long-lived connections that carry nothing but PING. `sessions`: default 1. */
export function idle({ sessions = 1 }: { readonly sessions?: number } = {}): LaneOptions {
  return { idle: { sessions } };
}

/** One long-running GET for each path, without a deadline, reopened when it ends: watches, event streams. */
export function watch({ paths }: { readonly paths: readonly string[] }): LaneOptions {
  return { watch: { paths } };
}

/**
 * One long request at a time for each path, meant to be in flight when the server is told to stop. The next begins when it has ended,
 * or `everyMs` after its start if that is later.
 */
export function slow({
  paths,
  everyMs,
}: {
  readonly paths: readonly string[];
  readonly everyMs?: number;
}): LaneOptions {
  return { slow: { paths, ...(everyMs === undefined ? {} : { everyMs }) } };
}
