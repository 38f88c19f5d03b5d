import { LIMITS } from "../limits.js";

/** The bounds of `explain`, by short names. */
export const EXPLAIN_BOUNDS = {
  lineChars: LIMITS.explainLineChars,
  groups: LIMITS.explainGroups,
  markers: LIMITS.explainMarkers,
  parts: LIMITS.explainParts,
  evidence: LIMITS.explainEvidence,
  /** Headings above a part, and their length. */
  headings: 6,
  headingChars: 120,
  /** Hosts, verbs and GOAWAYs kept of one connection. */
  namesOfOne: 16,
  /** Findings of one kind. */
  findingsOfOneKind: 50,
} as const;
