import { type GoawaySeen, h2ErrorName, type Incident, type Placement } from "@drainprobe/core";
import { byHarm } from "@drainprobe/core/merge";
import { formatCount, formatDuration, formatT, formatWall, plural } from "../text/format.js";
import { field } from "../text/layout.js";
import { printable, printableCut } from "../text/printable.js";
import { describeEnd } from "../text/words.js";
import type { ReportStyle } from "./report-input.js";
import { placeWords } from "./rollout.js";

const SHOWN_SEQS = 8;
const SHOWN_CONNECTIONS = 8;
const INDENT = 5;
const LABEL = 9;

/** Incidents, the worst shown in full for each kind; those like it are told in one line, with their numbers. */
export function incidentLines(
  incidents: readonly Incident[],
  epochWall: string | null,
  style: ReportStyle,
  places: Places = new Map(),
): string[] {
  return alike(incidents, places).flatMap((group, index) => [
    ...groupLines(group, index + 1, epochWall, style, places.get(group[0].conn)),
    "",
  ]);
}

/** Where incidents belong in rollouts, by their connection. */
export type Places = ReadonlyMap<number, Placement>;

type Group = readonly [Incident, ...Incident[]];

/**
 * Alike: the same end, on the same path, towards the same address, and, of what stood, in the same phase. The worst first: writes unsafe to
 * retry, then connections that broke before attempts that never became one, then requests lost, then what came first.
 */
function alike(incidents: readonly Incident[], places: Places): readonly Group[] {
  const groups = new Map<string, [Incident, ...Incident[]]>();
  for (const incident of [...incidents].sort(byHarm)) {
    const place = places.get(incident.conn);
    const { path, type, close, remote } = incident;
    const key = JSON.stringify([path, type, close, remote, ...(close === null ? [] : [place?.backend, place?.phase])]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [incident]);
    else group.push(incident);
  }
  const sum = (group: Group, of: (incident: Incident) => number): number =>
    group.reduce((total, each) => total + of(each), 0);
  return [...groups.values()].sort(
    (a, b) =>
      sum(b, ({ unsafeToRetry }) => unsafeToRetry) - sum(a, ({ unsafeToRetry }) => unsafeToRetry) ||
      Number(a[0].close === null) - Number(b[0].close === null) ||
      sum(b, ({ requestsFailed }) => requestsFailed) - sum(a, ({ requestsFailed }) => requestsFailed) ||
      a[0].t - b[0].t,
  );
}

function groupLines(
  [first, ...more]: readonly [Incident, ...Incident[]],
  number: number,
  epochWall: string | null,
  { width, palette }: ReportStyle,
  place: Placement | undefined,
): string[] {
  const line = (label: string, text: string): string[] => field(label, text, INDENT, LABEL, width);
  const phase = place === undefined ? null : placeWords(place);
  const type = printable(first.type) + (first.close === null ? "" : ` / ${printable(first.close)}`);
  return [
    `${String(number).padStart(3)}  ${palette.bold(palette.red(describeEnd(first.type, first.close)))}`,
    ...line("verdict", type + closeNotifyWords(first)),
    ...line("who", whoWords(first)),
    ...line("when", whenWords(first, epochWall)),
    ...(phase === null ? [] : line("phase", phase)),
    ...line("lost", lostWords(first)),
    ...goawayWords(first.goaways).flatMap((text) => line("goaway", text)),
    ...line("after", recoveryWords(first)),
    ...line("evidence", seqWords(first.evidence)),
    ...(more.length === 0
      ? []
      : field("", moreWords(first, more, epochWall), INDENT, 0, width).map((text) => palette.bold(text))),
  ];
}

/** An incident in a few phrases, for reports of other forms. */
export function describeIncident(incident: Incident): {
  readonly who: string;
  readonly lost: string;
  readonly after: string;
  readonly goaways: readonly string[];
} {
  return {
    who: whoWords(incident) + closeNotifyWords(incident),
    lost: lostWords(incident),
    after: recoveryWords(incident),
    goaways: goawayWords(incident.goaways),
  };
}

function closeNotifyWords({ closeNotify }: Incident): string {
  if (closeNotify === null) return "";
  return closeNotify ? ", with TLS close_notify" : ", without TLS close_notify";
}

function whoWords(incident: Incident): string {
  const { local, remote, lane, path, conn } = incident;
  const from = local === null ? "" : `${printable(local)} -> `;
  const ends = remote === null ? "" : `${from}${printable(remote)}, `;
  return `${ends}${printable(lane)} lane, path ${printable(path)}, connection ${conn}${sameHostWords(incident)}`;
}

/** Local IP equal to the remote one: on a load balancer's address that is the fingerprint of a hairpin. */
function sameHostWords({ local, remote }: Incident): string {
  if (local === null || remote === null || host(local) !== host(remote)) return "";
  return /^(127\.|\[::1\])/.test(remote)
    ? " (loopback)"
    : " (hairpin: local IP = remote IP, the packets never left this host)";
}

function host(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}

/** `2026-11-22T14:36:21.512Z (t 5.388 s, or at most 0.61 ms earlier)`. */
export function whenWords({ t, u }: { readonly t: number; readonly u: number }, epochWall: string | null): string {
  const wall = formatWall(epochWall, t);
  const own = `${formatT(t)}, or at most ${formatDuration(u)} earlier`;
  return wall === null ? own : `${wall} (${own})`;
}

function lostWords({ close, requestsFailed, requestsInFlight, unsafeToRetry }: Incident): string {
  if (requestsFailed === 0) {
    return requestsInFlight === 0 ? "no request" : `none of ${plural(requestsInFlight, "request")} open on it`;
  }
  const unsafe =
    unsafeToRetry === 0 ? "all safe to retry" : `${unsafeToRetry} of them UNSAFE to retry: writes perhaps carried out`;
  const where = close === null ? "waiting for it" : `${formatCount(requestsInFlight)} open on it at the end`;
  return `${plural(requestsFailed, "request")} (${where}); ${unsafe}`;
}

function goawayWords(goaways: readonly GoawaySeen[]): string[] {
  return goaways.map(({ errorCode, lastStreamId, debug }, index) => {
    const which = goaways.length > 1 ? `${index + 1}. ` : "";
    const text = debug === "" ? "no debug data" : `debug data "${printableCut(debug, 120)}"`;
    return `${which}${h2ErrorName(errorCode)}, last stream ${lastStreamId}, ${text}`;
  });
}

function recoveryWords({ recoveredAfterNs }: Incident): string {
  return recoveredAfterNs === null
    ? "no later connection on this path worked"
    : `${formatDuration(recoveredAfterNs)} the path worked again`;
}

/** `events 12, 15, 18`; a long list is cut, and says so. */
export function seqWords(evidence: readonly number[]): string {
  const shown = evidence.slice(0, SHOWN_SEQS).join(", ");
  const more = evidence.length - SHOWN_SEQS;
  return `${evidence.length === 1 ? "event" : "events"} ${shown}${more > 0 ? ` and ${more} more (--json lists them)` : ""}`;
}

function moreWords(first: Incident, others: readonly Incident[], epochWall: string | null): string {
  const more = [...others].sort((a, b) => a.t - b.t);
  const last = more.at(-1) ?? more[0];
  const failed = more.reduce((sum, incident) => sum + incident.requestsFailed, 0);
  const unsafe = more.reduce((sum, incident) => sum + incident.unsafeToRetry, 0);
  const conns = more
    .slice(0, SHOWN_CONNECTIONS)
    .map((incident) => incident.conn)
    .join(", ");
  const rest = more.length > SHOWN_CONNECTIONS ? ", …" : "";
  const lanes = [...new Set(more.map(({ lane }) => printable(lane)))];
  const where = lanes.some((lane) => lane !== printable(first.lane))
    ? ` on ${lanes.length === 1 ? "lane" : "lanes"} ${lanes.join(", ")}`
    : "";
  const lost =
    failed === 0
      ? "no request lost"
      : `${plural(failed, "request")} lost${unsafe > 0 ? `, ${unsafe} UNSAFE to retry` : ""}`;
  const until = last === undefined ? "" : `, the last at ${formatWall(epochWall, last.t) ?? formatT(last.t)}`;
  return `${more.length} more like it${where}: ${lost}; ${more.length === 1 ? "connection" : "connections"} ${conns}${rest}${until}`;
}
