import type { LaneOptions, PathOptions, ProbeOptions } from "@drainprobe/core";

/** A probe's options as this command always gives them: with every path and lane by name. */
export interface PlannedOptions extends Omit<ProbeOptions, "target"> {
  readonly paths: readonly PathOptions[];
  readonly lanes: LaneOptions;
}
