export {
  DEFAULT_CLOCK_SKEW_NS,
  type Episode,
  type Merged,
  type MergedNode,
  type MergeOptions,
  mergeNodes,
  stayedOnHost,
} from "./merge-nodes.js";
export { byHarm, type LaneActivity, NodeRecorder, type NodeView } from "./node-view.js";
export type { PathRole } from "./path-role.js";
export type { PlacedOnWall, SharedInstant } from "./same-instant.js";
export { TimeBins } from "./time-bins.js";
export type { CellState, Culprit, Finding, TruthCell } from "./truth-table.js";
export { orderOf, type WallSpan, WallTimeline } from "./wall-timeline.js";
