import type { Incident } from "../classify/verdict-types.js";
import type { Nanos } from "../events/index.js";
import { LIMITS } from "../limits.js";
import type { NodeView } from "./node-view.js";
import { type PlacedOnWall, type SharedInstant, sharedInstants } from "./same-instant.js";
import type { TimeBins } from "./time-bins.js";
import { type Finding, findCulprit, type TruthCell } from "./truth-table.js";
import type { WallSpan } from "./wall-timeline.js";

/** How far the wall clocks of two nodes are taken to be apart, unless told: generous for hosts that keep time by NTP. */
export const DEFAULT_CLOCK_SKEW_NS = 10_000_000;

export interface MergeOptions {
  /** How far the wall clocks of two nodes may be apart: no log can tell. Default {@link DEFAULT_CLOCK_SKEW_NS}. */
  readonly clockSkewNs?: Nanos;
}

/** A log's place on the common axis. */
export interface MergedNode {
  readonly node: string;
  /** `null` where the log has no header, or is another copy of a run that is there already: it is left out. */
  readonly axis: ((t: Nanos) => { readonly at: Nanos; readonly errorNs: Nanos }) | null;
  /** Why it is left out. */
  readonly leftOut: string | null;
  /** How well the log knows its own wall clock, at its worst. */
  readonly wallErrorNs: Nanos;
}

/** A stretch of time in which something failed without notice, the table of all paths in it, and who that names. */
export interface Episode extends Finding {
  readonly span: WallSpan;
  readonly cells: readonly TruthCell[];
  readonly failed: number;
}

/** What several logs, or the paths of one, say together. Times are ns since `base`. */
export interface Merged {
  /** Wall time of 0: the earliest start. `null` for one log without header, whose own clock the axis then is. */
  readonly base: string | null;
  readonly clockSkewNs: Nanos;
  readonly nodes: readonly MergedNode[];
  readonly shared: readonly SharedInstant[];
  /** In the order of time, the first `LIMITS.episodes`. */
  readonly episodes: readonly Episode[];
  readonly droppedEpisodes: number;
}

/** Failures closer together than this belong to one episode. */
const QUIET_NS = 1_000_000_000;
/** A path is good if it answered this close to the failures of others, and none of its own. */
const AROUND_NS = 500_000_000;

/** Puts logs on one axis by their wall clocks, and reads them together. Pure: the same logs give the same answer. */
export function mergeNodes(
  views: readonly NodeView[],
  { clockSkewNs = DEFAULT_CLOCK_SKEW_NS }: MergeOptions = {},
): Merged {
  const base = views.map(({ wall }) => wall).reduce(earlier, null);
  const nodes = views.map((view, index) => placeNode(view, views.slice(0, index), views.length, base));
  const placed = views.flatMap((view, log) => placeIncidents(view, nodes[log]?.axis ?? null, log));
  const stretches = findStretches(views, nodes);
  const episodes = stretches.slice(0, LIMITS.episodes).map((span) => episodeOf(views, nodes, span));
  return {
    base,
    clockSkewNs,
    nodes,
    shared: sharedInstants(placed, clockSkewNs),
    episodes,
    droppedEpisodes: stretches.length - episodes.length,
  };
}

/**
 * Did the balanced path of a log's host lead to its own server at a time of that log: as the paths of all nodes show it. It did not where
 * other nodes lost it too; `null` where the table is about something else.
 */
export function stayedOnHost({ nodes, episodes }: Merged, log: number): (t: Nanos) => boolean | null {
  const place = nodes[log];
  const axis = place?.axis ?? null;
  if (place === undefined || axis === null) return () => null;
  const told = episodes.flatMap(({ span, who, where, cells }) => {
    if (who === "hairpin") return where === place.node ? [{ span, stayed: true }] : [];
    const lost = cells.filter(({ role, state }) => role === "balanced" && state === "bad").map(({ node }) => node);
    return new Set(lost).size > 1 && lost.includes(place.node) ? [{ span, stayed: false }] : [];
  });
  return (t) => {
    const { at, errorNs } = axis(t);
    return told.find(({ span: { from, to } }) => at >= from - errorNs && at <= to + errorNs)?.stayed ?? null;
  };
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function placeNode(view: NodeView, before: readonly NodeView[], count: number, base: string | null): MergedNode {
  const { node, run, timeline, until } = view;
  const out = (leftOut: string): MergedNode => ({ node, axis: null, leftOut, wallErrorNs: 0 });
  if (run !== null && before.some((other) => other.run === run)) return out("the same run as another log");
  const axis = base === null ? null : (timeline?.since(base) ?? null);
  if (axis !== null) return { node, axis, leftOut: null, wallErrorNs: timeline?.worstError(until) ?? 0 };
  if (count > 1) return out("no header: its times cannot be put beside others");
  return { node, axis: (t) => ({ at: t, errorNs: 0 }), leftOut: null, wallErrorNs: 0 };
}

function placeIncidents({ node, incidents }: NodeView, axis: MergedNode["axis"], log: number): PlacedOnWall[] {
  if (axis === null) return [];
  return incidents.map(({ t, u }, incident) => {
    const { at, errorNs } = axis(t);
    return { log, incident, node, span: { from: at - u - errorNs, to: at + errorNs } };
  });
}

interface Stretch {
  from: Nanos;
  to: Nanos;
}

function findStretches(views: readonly NodeView[], nodes: readonly MergedNode[]): Stretch[] {
  const failures: Stretch[] = [];
  for (const [log, { activity }] of views.entries()) {
    const axis = nodes[log]?.axis ?? null;
    if (axis === null) continue;
    for (const { accusing } of activity) {
      for (const [bin, count] of accusing.counts().entries()) {
        if (count > 0)
          failures.push({ from: axis(bin * accusing.widthNs).at, to: axis((bin + 1) * accusing.widthNs - 1).at });
      }
    }
  }
  failures.sort((a, b) => a.from - b.from);
  const stretches: Stretch[] = [];
  for (const { from, to } of failures) {
    const last = stretches.at(-1);
    if (last !== undefined && from <= last.to + QUIET_NS) last.to = Math.max(last.to, to);
    else stretches.push({ from, to });
  }
  return stretches;
}

function episodeOf(views: readonly NodeView[], nodes: readonly MergedNode[], span: Stretch): Episode {
  const cells = views.flatMap((view, log) => cellsOf(view, nodes[log]?.axis ?? null, span));
  return { span, cells, failed: cells.reduce((sum, cell) => sum + cell.failed, 0), ...findCulprit(cells) };
}

function cellsOf(view: NodeView, axis: MergedNode["axis"], span: Stretch): TruthCell[] {
  if (axis === null) return [];
  const [from, to] = [ownTime(axis, span.from), ownTime(axis, span.to)];
  return view.paths.map(({ path, role, remotes }) => {
    const lanes = view.activity.filter((activity) => activity.path === path);
    const failed = lanes.reduce((sum, lane) => sum + lane.accusing.sum(from, to), 0);
    const ok = lanes.reduce((sum, lane) => sum + lane.ok.sum(from - AROUND_NS, to + AROUND_NS), 0);
    const answered = lanes.reduce((sum, lane) => sum + inside(lane.ok, from, to), 0);
    const hairpin = view.incidents.some(
      (incident) => incident.path === path && incident.t >= from && incident.t <= to && loops(incident),
    );
    return {
      node: view.node,
      path,
      role,
      state: failed > 0 ? "bad" : ok > 0 ? "good" : "unseen",
      ok,
      answered,
      failed,
      hairpin,
      remotes,
    };
  });
}

/** What is surely within: bins that touch an edge are left out. */
function inside(bins: TimeBins, from: Nanos, to: Nanos): number {
  const [first, last] = [from + bins.widthNs, to - bins.widthNs];
  return first > last ? 0 : bins.sum(first, last);
}

/** The moment of the run's own clock that lies at `at` on the axis: its wall clock runs so evenly that a few steps find it. */
function ownTime(axis: NonNullable<MergedNode["axis"]>, at: Nanos): Nanos {
  let t = at - axis(0).at;
  for (let step = 0; step < 4; step += 1) t += at - axis(Math.max(0, t)).at;
  return t;
}

function loops({ local, remote }: Incident): boolean {
  if (local === null || remote === null || /^(127\.|\[::1\])/.test(remote)) return false;
  return local.slice(0, local.lastIndexOf(":")) === remote.slice(0, remote.lastIndexOf(":"));
}
