import type { FoldSnapshot, Incident } from "@drainprobe/core";
import type { PlannedOptions } from "../config/planned-options.js";
import type { Palette } from "../text/colour.js";
import { formatClock, formatCount, plural } from "../text/format.js";
import { table } from "../text/layout.js";
import { printable } from "../text/printable.js";
import { unverifiedOn } from "../text/unverified.js";
import { incidentWords } from "./incident-words.js";
import { unverifiedNames } from "./plan-words.js";

const MAX_LANES = 16;

/** Operations per second of each lane, by `path/lane`; missing until there is something to divide. */
export type Rates = ReadonlyMap<string, number>;

/** The live view as lines no wider than `width`, so that it can be drawn over itself. */
export function liveLines(
  { paths, durationMs }: PlannedOptions,
  snapshot: FoldSnapshot,
  rates: Rates,
  width: number,
  palette: Palette,
): string[] {
  const { t, requests, connections, incidents, lastIncident } = snapshot;
  const total = durationMs === undefined ? "" : ` / ${formatClock(durationMs * 1e6)}`;
  const targets = paths.map(({ name, url }) => `${name} ${url}`).join(", ");
  const lanes = snapshot.lanes.slice(0, MAX_LANES);
  const unverified = unverifiedOn(unverifiedNames(paths));
  const rows = lanes.map((lane) => [
    paths.length > 1 ? `${printable(lane.path)}/${lane.lane}` : lane.lane,
    formatCount(lane.sent),
    rateWords(rates.get(`${lane.path}/${lane.lane}`)),
    formatCount(lane.open),
    formatCount(lane.failed),
  ]);
  const [head = "", ...body] = table([["lane", "sent", "per s", "open", "failed"], ...rows], "lrrrr", 2);
  const hidden = snapshot.lanes.length - lanes.length;
  const counts =
    `  ${plural(requests.ok, "request")} ok, ${requests.failed} failed, ${requests.inFlight} in flight; ` +
    `${plural(connections.opened, "connection")}, ${connections.failed} failed, ${connections.open} open`;
  return [
    palette.bold(cut(`drainprobe ${formatClock(t)}${total}  ${targets}`, width)),
    palette.dim(cut(head, width)),
    ...body.map((line, index) => paintLane(cut(line, width), lanes[index]?.failed ?? 0, palette)),
    ...(hidden > 0 ? [cut(`  and ${hidden} more lanes`, width)] : []),
    cut(counts, width),
    ...(unverified === null ? [] : [palette.yellow(cut(`  ${unverified}`, width))]),
    lastLine(incidents, lastIncident, width, palette),
  ];
}

function rateWords(rate: number | undefined): string {
  return rate === undefined ? "-" : rate.toFixed(1);
}

function paintLane(line: string, failed: number, palette: Palette): string {
  return failed > 0 ? palette.red(line) : line;
}

function lastLine(incidents: number, last: Incident | null, width: number, palette: Palette): string {
  if (last === null) return palette.green(cut("  no incident", width));
  return palette.red(
    cut(`  ${plural(incidents, "incident")}, the last at ${formatClock(last.t)}: ${incidentWords(last)}`, width),
  );
}

function cut(line: string, width: number): string {
  const shown = printable(line);
  return shown.length <= width ? shown : `${shown.slice(0, Math.max(0, width - 1))}…`;
}
