/**
 * `@drainprobe/core/witness`: one connection, and what each of its layers did.
 *
 * @module core/witness
 */
export type { Clock, Timer, WallReading } from "../clock/clock.js";
export { SystemClock } from "../clock/system-clock.js";
export type * from "../events/index.js";
export type {
  ConnectionListener,
  OpenOptions,
  Recorder,
  Target,
  TargetTls,
  WitnessedConnection,
} from "../io/contract.js";
export { type OpenDeps, openConnection } from "../io/open-connection.js";
export { type EventListener, EventRecorder } from "../io/recorder.js";
export { type Resolver, roundRobinResolver, systemResolver } from "../io/resolver.js";
export { type WitnessedSession, type WitnessOptions, witness } from "../witness.js";
