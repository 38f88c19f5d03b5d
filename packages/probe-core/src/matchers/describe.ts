import type { Close, Incident } from "../classify/verdict-types.js";
import { h2ErrorName, type Nanos, type ProbeEvent, printableText } from "../events/index.js";
import { evidenceOf } from "../evidence-keeper.js";
import type { Summary } from "../verdict/summary-types.js";

const SHOWN_INCIDENTS = 5;
const SHOWN_SEQS = 8;
const SHOWN_CHARS = 160;

const CLOSE_WORDS: Readonly<Record<Close, string>> = {
  graceful: "said GOAWAY and left requests unserved",
  "broken-promise": "said GOAWAY, then cut streams it had promised to finish",
  abrupt: "ended by FIN without GOAWAY",
  reset: "ended by RST without GOAWAY",
  silent: "fell silent",
  local: "was ended by us",
  alive: "was still open at the end",
};

/** The first incidents, each with what it rests on; how many more there are. */
export function describeIncidents(incidents: readonly Incident[]): string[] {
  const lines = incidents.slice(0, SHOWN_INCIDENTS).flatMap((incident, index) => describeIncident(incident, index + 1));
  const more = incidents.length - SHOWN_INCIDENTS;
  if (more > 0) lines.push(`  … and ${more} more: ${countBy(incidents.slice(SHOWN_INCIDENTS))}`);
  return lines;
}

function describeIncident(incident: Incident, number: number): string[] {
  const { type, close, lane, path, conn, local, remote, goaways } = incident;
  const name = close === null ? type : `${type} / ${close}`;
  const how = close === null ? "never worked" : CLOSE_WORDS[close];
  const ends = remote === null ? "" : `, ${local === null ? "" : `${local} -> `}${remote}`;
  const indent = "     ";
  return [
    `${String(number).padStart(3)}. ${name}: connection ${conn} ${how}${closeNotify(incident)}`,
    `${indent}${lane} lane, path ${path}${ends}`,
    `${indent}at ${time(incident.t)} (or up to ${duration(incident.u)} earlier); ${lost(incident)}`,
    ...goaways.map(
      (goaway) =>
        `${indent}GOAWAY ${h2ErrorName(goaway.errorCode)}, last stream ${goaway.lastStreamId}${goaway.debug === "" ? "" : `, "${goaway.debug}"`}`,
    ),
    ...evidence(incident, indent),
  ];
}

function closeNotify({ closeNotify: said }: Incident): string {
  if (said === null) return "";
  return said ? ", with TLS close_notify" : ", without TLS close_notify";
}

function lost({ requestsFailed, unsafeToRetry }: Incident): string {
  if (requestsFailed === 0) return "no request lost with it";
  const unsafe = unsafeToRetry === 0 ? "all safe to send again" : `${unsafeToRetry} UNSAFE to send again`;
  return `${plural(requestsFailed, "request")} lost with it, ${unsafe}`;
}

/** The events themselves where this process has seen them, or their numbers in the log. */
function evidence(incident: Incident, indent: string): string[] {
  const events = evidenceOf(incident);
  const { evidence: seqs } = incident;
  if (events.length === 0) {
    const more = seqs.length > SHOWN_SEQS ? ` and ${seqs.length - SHOWN_SEQS} more` : "";
    return [`${indent}evidence: events ${seqs.slice(0, SHOWN_SEQS).join(", ")}${more} of the log`];
  }
  const left = seqs.length - events.length;
  return [
    `${indent}evidence:`,
    ...events.map((event) => `${indent}  ${time(event.t).padStart(10)}  ${describeEvent(event)}`),
    ...(left > 0 ? [`${indent}  and ${plural(left, "more event")}`] : []),
  ];
}

/** `#12 tcp.rst.received code=ECONNRESET seenBy=read …`. */
export function describeEvent(event: ProbeEvent): string {
  const { kind, seq, t: _t, u: _u, ...fields } = event;
  const words = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== "" && typeof value !== "object")
    .map(([name, value]) => `${name}=${value}`);
  // Hosts, codes and debug data are a peer's words.
  return printableText(`#${seq} ${kind} ${words.join(" ")}`.trimEnd(), SHOWN_CHARS);
}

/** What was seen at all, in two lines. */
export function describeCounts({ requests, connections, coverage }: Summary): string[] {
  const closed = Object.entries(connections.closed)
    .filter(([, count]) => count > 0)
    .map(([close, count]) => `${count} ${close}`);
  return [
    `seen in ${duration(coverage.durationNs)}: ${plural(requests.total, "request")} (${requests.ok} ok, ${requests.failed} failed, ` +
      `${requests.abandoned} given up by us), ${plural(connections.opened, "connection")} (${closed.join(", ") || "none ended"})`,
    ...coverage.insufficient.map((reason) => `coverage: ${reason}`),
  ];
}

/** `tcp.reset 3, tcp.closed 1`. */
export function countBy(incidents: readonly Incident[]): string {
  const counts = new Map<string, number>();
  for (const { type } of incidents) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${type} ${count}`).join(", ");
}

export function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

function time(t: Nanos): string {
  return `${(t / 1e9).toFixed(3)} s`;
}

export function duration(ns: Nanos): string {
  if (ns < 1e6) return `${Math.round(ns / 1e3)} µs`;
  return ns < 1e9 ? `${(ns / 1e6).toFixed(1)} ms` : `${(ns / 1e9).toFixed(2)} s`;
}
