import type { Marker, MarkerSource } from "../../events/index.js";

/** A marker of one source. */
export type Preference = readonly [Marker, MarkerSource];

/**
 * Which marker of which source dates each step of a rollout, best first. The server's own log comes first: microseconds, on this
 * host's clock. Then what was asked on this host many times a second. The API's whole seconds, by another host's clock, come last.
 */
export const BOUNDARIES = {
  t0: [
    ["termination.started", "termination.log"],
    ["readyz.red", "readyz"],
    ["termination.started", "api.event"],
    ["termination.started", "pod"],
    ["readyz.red", "pod"],
    ["redirect.off", "switch.file"],
  ],
  late: [
    ["late.connections", "termination.log"],
    ["late.connections", "api.event"],
  ],
  stop: [
    ["not.accepting", "termination.log"],
    ["delay.finished", "termination.log"],
    ["listener.stopped", "termination.log"],
    ["not.accepting", "api.event"],
    ["delay.finished", "api.event"],
    ["listener.stopped", "api.event"],
  ],
  gone: [
    ["process.gone", "process"],
    ["terminated", "termination.log"],
    ["process.gone", "pod"],
    ["terminated", "api.event"],
    ["readyz.unreachable", "readyz"],
  ],
  started: [
    ["process.started", "process"],
    ["process.started", "pod"],
  ],
  ready: [
    ["readyz.green", "readyz"],
    ["readyz.green", "pod"],
    ["redirect.on", "switch.file"],
  ],
} as const satisfies Record<string, readonly Preference[]>;

/** The same, once an end was seen: then a /readyz that answers is the next process's. */
export const STARTED_AFTER_END: readonly Preference[] = [...BOUNDARIES.started, ["readyz.red", "readyz"]];

/** When the shutdown delay was over: the only word for D itself. */
export const DELAY_FINISHED: readonly Preference[] = [
  ["delay.finished", "termination.log"],
  ["delay.finished", "api.event"],
];

/** Markers that only a process which ends or begins can cause. */
export const CONFIRMING: ReadonlySet<Marker> = new Set([
  "termination.started",
  "late.connections",
  "delay.finished",
  "not.accepting",
  "drained",
  "listener.stopped",
  "terminated",
  "process.gone",
  "process.started",
]);

/** Markers of a backend that is well: without a rollout under way they begin none. */
export const WELL: ReadonlySet<Marker> = new Set(["readyz.green", "redirect.on"]);
