import type { Instant, Lane, Nanos, PathName, RequestId } from "../events/index.js";
import type { ReopenPace } from "../schedule/index.js";
import type { Alarms } from "./alarms.js";
import type { ConnectionTable } from "./connection-table.js";
import type { WireRecorder } from "./contract.js";
import type { EngineFactory } from "./engine.js";
import type { Flusher } from "./flusher.js";

/** All timeouts of a run, in ns. */
export interface Timing {
  readonly requestTimeoutNs: Nanos;
  readonly pingIntervalNs: Nanos;
  readonly pingTimeoutNs: Nanos;
  readonly connectTimeoutNs: Nanos;
  readonly drainTimeoutNs: Nanos;
}

/** What sessions and lanes of one run share. There is no other shared state. */
export interface RunContext {
  /** Now, for what we do ourselves: nobody had it earlier, so its `u` is 0. */
  readonly now: () => Instant;
  readonly recorder: WireRecorder;
  readonly timing: Timing;
  readonly connections: ConnectionTable;
  /** How fast lost sessions are opened anew. Default: each at once. */
  readonly reopening?: ReopenPace;
  readonly flusher: Flusher;
  /** Where sessions say when to look at them again. */
  readonly alarms: Alarms;
  readonly engine: EngineFactory;
  readonly nextRequestId: () => RequestId;
  /** A session sends a request that no schedule asked for: it counts as scheduled, since it counts as sent. */
  readonly onOwnRequest: (path: PathName, lane: Lane) => void;
}
