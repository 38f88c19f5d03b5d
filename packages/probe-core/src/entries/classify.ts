/**
 * `@drainprobe/core/classify`: from records to verdicts, without a socket: rules, the fold, replay of logs.
 *
 * @module core/classify
 */
export * from "../classify/index.js";
export type * from "../events/index.js";
export { EVENT_KINDS, h2ErrorName, LOG_FORMAT } from "../events/index.js";
export { type ReplayOptions, type ReplayProblem, type ReplayResult, replay } from "../replay.js";
export type { Fold, FoldOptions, FoldSnapshot } from "../verdict/contract.js";
export { createFold } from "../verdict/fold.js";
export type * from "../verdict/summary-types.js";
