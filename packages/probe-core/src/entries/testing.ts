/**
 * `@drainprobe/core/testing`: a clock that is told what time it is, and logs written by hand.
 *
 * @module core/testing
 */
export type { Clock, Timer, WallReading } from "../clock/clock.js";
export { FakeClock } from "../clock/fake-clock.js";
export { MemorySink } from "../sinks/memory-sink.js";
export { type Folded, foldTrace } from "../testing/fold-trace.js";
export {
  closing,
  fin,
  type OnConnection,
  rst,
  TRACE_HEADER,
  Trace,
  type TracedRequest,
} from "../testing/trace.js";
