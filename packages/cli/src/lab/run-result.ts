import type { LabExpectation, LabMoment, Tier } from "@drainprobe/testbed";
import type { Lost } from "./seen.js";
import type { Signature } from "./signature.js";

/** What is alike among what was seen, and how often it came. */
export interface SeenKind {
  readonly scope: "connection" | "request";
  readonly type: string | null;
  readonly close: string | null;
  readonly hairpin: boolean | null;
  readonly count: number;
  /** Requests lost with them. */
  readonly requests: number;
  readonly unsafe: number;
  readonly masters: readonly string[];
  /** Was it among what was expected? */
  readonly expected: boolean;
}

/** One run of the lab, as `--json` prints it. */
export interface LabRun {
  readonly schema: "drainprobe.lab/1";
  readonly scenario: string;
  readonly fixed: boolean;
  readonly tier: Tier;
  readonly seed: number;
  readonly speed: number;
  readonly expected: readonly (LabExpectation & { readonly seen: number; readonly met: boolean })[];
  readonly seen: readonly SeenKind[];
  /** What each lane saw, how often and when, at speed 1: what one tier is held against another by. */
  readonly signature: Signature;
  /** How long each instance took from SIGTERM to its end, ms. */
  readonly exits: readonly { readonly master: string; readonly afterMs: number; readonly met: boolean }[];
  /** What must come has come, and nothing else. */
  readonly reproduced: boolean;
  /** How late this machine was at worst in the lab's own process, ms: where that is much, differences may be the machine's. */
  readonly lateMs: number;
  /** The longest time one of the probes stood still while servers were rolled out, ms. */
  readonly probeLateMs: number;
  /** Each contradiction to the scenario, in words. */
  readonly differs: readonly string[];
  /** What did not come and need not come in every run, each with its chance: no contradiction, unless it happens too often. */
  readonly missed: readonly { readonly what: string; readonly chance: number }[];
  readonly lost: Lost;
  /** Longest time on a master in which no new connection to the VIP worked. */
  readonly newConnectionGapMs: number;
  readonly requests: number;
  readonly rolloutMs: number;
  readonly moments: readonly LabMoment[];
  /** Kept logs, one for each master; empty where they were thrown away. */
  readonly logs: readonly string[];
}
