/**
 * `@drainprobe/core`: a probe with its lanes, its records and its verdicts.
 *
 * @module core
 */
export type { SignatureMatch } from "./catalogue/catalogue-types.js";
export type { ObservedRun, RunsMatch } from "./catalogue/index.js";
export { signaturesOfExplanation, signaturesOfRuns } from "./catalogue/index.js";
export {
  CLIENT_GO_FATES,
  type ClientGoCaller,
  type ClientGoFate,
  type ClientGoSummary,
} from "./classify/client-go-types.js";
export { encodeVerdict } from "./classify/encode-verdict.js";
export type {
  Close,
  ConnectionVerdict,
  GoawaySeen,
  Incident,
  Processed,
  RequestVerdict,
  Verdict,
  VerdictType,
} from "./classify/verdict-types.js";
export { CLOSES, VERDICT_TYPES } from "./classify/verdict-types.js";
export { DrainprobeError, ERROR_CODES, type ErrorCode } from "./errors.js";
export type * from "./events/index.js";
export {
  EVENT_KINDS,
  H2_ERROR_NAMES,
  h2ErrorName,
  LANES,
  LOG_FORMAT,
  MARKER_SOURCES,
  MARKERS,
} from "./events/index.js";
export type * from "./explain/explain-types.js";
export { createExplainer } from "./explain/explainer.js";
export { type FreshOptions, fresh, type HeldOptions, held, idle, slow, watch } from "./lane-builders.js";
export { LIMITS } from "./limits.js";
export { type PlannedLoad, plannedLoad } from "./options/caps.js";
export { createProbe } from "./probe.js";
export type { Probe, StopOptions, WaitOptions } from "./probe-contract.js";
export type { LaneOptions, LoadCaps, PathOptions, ProbeOptions, RequestOptions, StopReason } from "./probe-options.js";
export { type ReplayOptions, type ReplayProblem, type ReplayResult, replay } from "./replay.js";
export { type JsonlSink, type JsonlSinkOptions, type JsonlSinkResult, openJsonlSink } from "./sinks/jsonl-sink.js";
export { MemorySink } from "./sinks/memory-sink.js";
export { type Label, type Metric, type MetricName, PROMETHEUS_METRICS } from "./sinks/prometheus-metrics.js";
export { PrometheusSink } from "./sinks/prometheus-sink.js";
export { PROMETHEUS_CONTENT_TYPE } from "./sinks/prometheus-text.js";
export type { RunSink } from "./sinks/run-sink.js";
export type { Fold, FoldOptions, FoldSnapshot } from "./verdict/contract.js";
export { createFold } from "./verdict/fold.js";
export type * from "./verdict/rollout/rollout-types.js";
export { PHASES } from "./verdict/rollout/rollout-types.js";
export type {
  Coverage,
  LaneCoverage,
  PathSummary,
  RolloutObjectives,
  SelfTestResult,
  Summary,
  ThresholdResult,
  Thresholds,
} from "./verdict/summary-types.js";
