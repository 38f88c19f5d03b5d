import {
  type ConnectionVerdict,
  type Incident,
  type RequestVerdict,
  type RunHeader,
  replay,
  type Summary,
  type Verdict,
} from "@drainprobe/core";

/** The path that a scenario is judged on: the others are witnesses. */
const JUDGED = "vip";

/** Something that a scenario's expectations may be about. */
export interface Sighting {
  readonly master: string;
  readonly scope: "connection" | "request";
  /** `null`: a connection that ended well. */
  readonly type: string | null;
  readonly close: string | null;
  readonly lane: string;
  /** Local and remote address are the same; `null` for requests, and where one of them is not known. */
  readonly hairpin: boolean | null;
  readonly wallMs: number;
  /** Requests lost with a connection; 1 for a request. */
  readonly requests: number;
  /** Writes of which nobody knows. */
  readonly unsafe: number;
}

/** Requests of the judged path that got no good answer, abandoned ones apart. */
export interface Lost {
  readonly all: number;
  /** Of those, what is left when a client asks again whatever was provably not processed. */
  readonly processed: number;
  /** Of those, what is left when it repeats reads as well: writes of which nobody knows, and answers that say no. */
  readonly unsafe: number;
}

/** What one master's log says. */
export interface MasterLog {
  readonly master: string;
  readonly file: string;
  readonly summary: Summary;
  readonly sightings: readonly Sighting[];
  readonly lost: Lost;
}

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Judges a log anew and picks what a lab looks at. */
export async function readMasterLog(master: string, file: string): Promise<MasterLog> {
  const verdicts: Verdict[] = [];
  const { header, summary } = await replay(file, { onVerdict: (verdict) => verdicts.push(verdict) });
  const epochMs = epochOf(header);
  const incidents = new Map(summary.incidents.map((incident) => [incident.conn, incident]));
  const sightings = verdicts.flatMap((verdict) => {
    if (verdict.path !== JUDGED) return [];
    if ("request" in verdict) return requestSighting(master, epochMs, verdict);
    return connectionSighting(master, epochMs, verdict, incidents.get(verdict.conn));
  });
  return { master, file, summary, sightings, lost: lostIn(verdicts) };
}

function lostIn(verdicts: readonly Verdict[]): Lost {
  const lost = verdicts.filter(
    (verdict): verdict is RequestVerdict =>
      "request" in verdict && verdict.path === JUDGED && verdict.type !== "abandoned",
  );
  const processed = lost.filter((verdict) => verdict.processed !== "no");
  const unsafe = processed.filter(({ method }) => !READS.has(method));
  return { all: lost.length, processed: processed.length, unsafe: unsafe.length };
}

function requestSighting(master: string, epochMs: number, verdict: RequestVerdict): Sighting[] {
  const { scope, type, lane, t, processed, method } = verdict;
  if (scope !== "request" || type === "abandoned") return [];
  const unsafe = processed === "maybe" && !READS.has(method) ? 1 : 0;
  return [{ master, scope, type, close: null, lane, hairpin: null, wallMs: epochMs + t / 1e6, requests: 1, unsafe }];
}

function connectionSighting(
  master: string,
  epochMs: number,
  { t, lane, close, local, remote, type }: ConnectionVerdict,
  incident: Incident | undefined,
): Sighting[] {
  // Connections that we ended, or that outlived the run, say nothing.
  if (incident === undefined && (type !== null || close !== "graceful")) return [];
  return [
    {
      master,
      scope: "connection",
      type: incident?.type ?? null,
      close,
      lane,
      hairpin: local === null || remote === null ? null : ipOf(local) === ipOf(remote),
      wallMs: epochMs + (incident?.t ?? t) / 1e6,
      requests: incident?.requestsFailed ?? 0,
      unsafe: incident?.unsafeToRetry ?? 0,
    },
  ];
}

function epochOf(header: RunHeader | null): number {
  const wall = header?.reference.wall;
  if (wall === undefined) throw new TypeError("the log of a lab's probe has no header");
  return Date.parse(wall);
}

/** `10.0.0.2` of `10.0.0.2:6443`. */
function ipOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}
