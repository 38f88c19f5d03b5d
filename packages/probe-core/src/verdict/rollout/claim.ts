import type { EventOf, Marker, MarkerSource, Nanos, Seq } from "../../events/index.js";
import type { Moment } from "./rollout-types.js";
import type { WallMap } from "./wall-time.js";

/** What one source says of one moment: it lies in `[from, to]` on the run's clock. */
export interface Claim {
  readonly marker: Marker;
  readonly source: MarkerSource;
  readonly seq: Seq;
  readonly from: Nanos;
  readonly to: Nanos;
  /** It may be from before the run: a state that was found, and no moment that was seen. */
  readonly initial: boolean;
}

/** A marker as a claim. What is said to be later than it was seen is held to when it was seen: clocks of hosts differ. */
export function claimOf(event: EventOf<"rollout.marker">, wall: WallMap): Claim {
  const { marker, source, seq, t, u, resolutionNs } = event;
  const resolution = Math.max(0, resolutionNs);
  const said = event.saidAt === null ? null : wall.toRun(event.saidAt);
  const from = said === null ? t - u - resolution : Math.min(said.t - said.errorNs, t);
  const to = said === null ? t : Math.min(said.t + resolution + said.errorNs, t);
  return { marker, source, seq, from, to, initial: from <= 0 };
}

/** Its middle, and half its width. */
export function momentOf({ marker, source, from, to }: Claim): Moment {
  const errorNs = Math.ceil((to - from) / 2);
  return { t: to - errorNs, errorNs, source, marker };
}
