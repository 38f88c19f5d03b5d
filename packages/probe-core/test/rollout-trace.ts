import type { IdentifiedBy, Lane, Marker, MarkerSource, RolloutMarker } from "../src/events/index.js";
import type { BackendRollout, RolloutSummary } from "../src/verdict/rollout/rollout-types.js";
import { closing, foldAll, Trace } from "./trace-builder.js";

export const S = 1e9;

/** The wall clock at `t`, as the header of these traces has it. */
export function wall(t: number): string {
  const ns = String(Math.round(t % 1e6)).padStart(6, "0");
  return `${new Date(Date.UTC(2026, 0, 1) + Math.floor(t / 1e6)).toISOString().slice(0, -1)}${ns}Z`;
}

/** A log with markers, by hand. Times are in seconds of the run. */
export class RolloutTrace extends Trace {
  #request = 0;
  #conn = 0;

  /** `at`: when it is seen. `said`: when its source says it was (default: the same moment, by a log with microseconds). */
  marker(
    at: number,
    marker: Marker,
    options: { source?: MarkerSource; backend?: string; said?: number | null; resolution?: number } = {},
  ): this {
    const source = options.source ?? "termination.log";
    const polled = source === "readyz" || source === "process";
    const said = options.said === undefined ? (polled ? null : at) : options.said;
    const fact: RolloutMarker = {
      kind: "rollout.marker",
      source,
      backend: options.backend ?? "m0",
      marker,
      saidAt: said === null ? null : wall(said * S),
      resolutionNs: (options.resolution ?? (said === null ? 0.1 : polled ? 0.02 : 0)) * S,
      detail: null,
    };
    return this.at(at * S).add(fact);
  }

  /** A connection that is opened at `at`, served by `backend`. Returns its number by {@link last}. */
  open(at: number, backend: string | null, lane: Lane = "held", path = "vip", by: IdentifiedBy = "api"): this {
    this.#conn += 1;
    const conn = this.#conn;
    this.step(0)
      .at(at * S)
      .ready(conn, lane, path)
      .step(1e6);
    return backend === null ? this : this.add({ kind: "backend.identified", conn, backend, by });
  }

  /** The same, closed by us at once: a fresh lane's. */
  fresh(at: number, backend: string | null, path = "vip"): this {
    this.open(at, backend, "fresh.h2", path);
    return this.add(closing("lane.complete", this.#conn)).closed(this.#conn);
  }

  /** Number of the connection opened last. */
  get last(): number {
    return this.#conn;
  }

  /** Sends a request at `at`; returns its number. */
  ask(at: number, conn: number, method = "GET", path = "vip"): number {
    this.#request += 1;
    this.at(at * S).send(this.#request, { conn, method, path });
    return this.#request;
  }

  reply(at: number, request: number, conn: number): this {
    return this.at(at * S)
      .headers(request, { conn })
      .end(request, 10, conn);
  }

  /** The markers of a rollout as the log and /readyz of the host tell them. */
  rollout(t0: number, d: number, more: { backend?: string; down?: number; up?: number; ready?: number } = {}): this {
    const backend = more.backend ?? "m0";
    const stop = t0 + d;
    const gone = more.down ?? stop + 1.1;
    const up = more.up ?? gone + 2;
    const ready = more.ready ?? up + 3;
    const all: [number, Marker, MarkerSource, number | null][] = [
      [t0 + 0.05, "termination.started", "termination.log", t0],
      [t0 + 0.08, "readyz.red", "readyz", null],
      [stop + 0.04, "delay.finished", "termination.log", stop],
      [stop + 0.05, "not.accepting", "termination.log", stop + 0.001],
      [stop + 0.06, "listener.stopped", "termination.log", stop + 0.002],
      [stop + 0.07, "readyz.unreachable", "readyz", null],
      [gone + 0.05, "process.gone", "process", null],
      [up + 0.08, "process.started", "process", up],
      [up + 1, "readyz.red", "readyz", null],
      [ready + 0.04, "readyz.green", "readyz", null],
    ];
    this.#planned.push(
      ...all.map((one) => ({
        at: one[0],
        run: () => this.marker(one[0], one[1], { source: one[2], backend, said: one[3] }),
      })),
    );
    return this;
  }

  readonly #planned: { at: number; run: () => void }[] = [];

  /** What clients do, between the planned markers. */
  plan(at: number, run: () => void): this {
    this.#planned.push({ at, run });
    return this;
  }

  /** Writes all that was planned, in order. */
  play(): this {
    for (const { run } of this.#planned.splice(0).sort((a, b) => a.at - b.at)) run();
    return this;
  }
}

export function rolloutOf(trace: Trace): RolloutSummary {
  const { rollout } = foldAll(trace).summary;
  if (rollout === null || rollout === undefined) throw new Error("no rollout in the summary");
  return rollout;
}

export function only(trace: Trace): BackendRollout {
  const { rollouts } = rolloutOf(trace);
  if (rollouts.length !== 1) throw new Error(`${rollouts.length} rollouts where one was to be`);
  return rollouts[0] as BackendRollout;
}

/** Ten connections a second through the balancer: to m0 until `removed`, to m1 otherwise, to m0 again from `added`. */
export function traffic(trace: RolloutTrace, until: number, removed: number, added: number): RolloutTrace {
  for (let n = 1; n < until * 2; n += 1) {
    const at = n / 2 + 0.013;
    const backend = n % 2 === 0 && (at < removed || at >= added) ? "m0" : "m1";
    trace.plan(at, () => trace.fresh(at, backend));
  }
  return trace;
}
