import type { Nanos } from "../../events/index.js";
import type { BackendNames } from "./backend-names.js";
import type { BackendTrack } from "./backend-track.js";
import { backendOf, type Connection } from "./connection-book.js";
import type { Phase, Placement } from "./rollout-types.js";

const NOWHERE: Placement = { backend: null, phase: null, sinceT0Ns: null, by: null };
/** Phases in which a server is to take and answer whatever comes. */
export const WELL: ReadonlySet<Phase> = new Set<Phase>(["serving", "ready"]);

/**
 * Puts a failure into the phase of its backend; where that is not known, into the phase of the only one that was under way. It came about between
 * `from` and `t`: a server that answers with an error decided that at some time since it was asked.
 */
export function place(
  { from, t }: { readonly from: Nanos; readonly t: Nanos },
  connection: Connection | null,
  names: BackendNames,
  tracks: ReadonlyMap<string, BackendTrack>,
): Placement {
  const backend = connection === null ? null : backendOf(connection, names);
  if (backend !== null) {
    const track = tracks.get(backend);
    return track === undefined
      ? { backend, phase: null, sinceT0Ns: null, by: "connection" }
      : { ...inTrack(from, t, track), by: "connection" };
  }
  const going = [...tracks.values()].filter((track) => !WELL.has(track.phaseAt(t)));
  const [only] = going;
  return only === undefined || going.length > 1 ? NOWHERE : { ...inTrack(from, t, only), by: "time" };
}

function inTrack(from: Nanos, t: Nanos, track: BackendTrack): Omit<Placement, "by"> {
  const { phase, cycle } = track.phaseWithin(from, t);
  const t0 = cycle?.timeline.t0 ?? null;
  return { backend: track.name, phase, sinceT0Ns: t0 === null ? null : Math.max(0, t - t0.t) };
}
