/** All that the page shows. Made by `../report-data.ts`; every time is in ms on the report's axis, unless its name says otherwise. */
export interface ReportData {
  readonly schema: "drainprobe.html/1";
  readonly version: string;
  /** Wall time of 0 on the axis; `null` where no log tells. */
  readonly base: string | null;
  readonly from: number;
  readonly to: number;
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly headline: readonly Headline[];
  readonly nodes: readonly NodeData[];
  /** Worst first. */
  readonly incidents: readonly IncidentData[];
  readonly shared: readonly SharedData[];
  readonly episodes: readonly EpisodeData[];
  /** How far the clocks of two nodes are taken to be apart; `null` for one node. */
  readonly skewMs: number | null;
  readonly matches: readonly MatchData[];
  /** What had no room here, in words. */
  readonly leftOut: readonly string[];
}

export interface Headline {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly bad: boolean;
}

export interface Judged {
  readonly result: "pass" | "fail" | "inconclusive";
  readonly text: string;
  readonly why: string;
}

export interface NodeData {
  readonly node: string;
  readonly file: string;
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly sentence: string;
  readonly about: string;
  /** Objectives and thresholds, in sentences. */
  readonly judged: readonly Judged[];
  /** What makes the result weaker. */
  readonly warnings: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly wallErrorMs: number;
  readonly lanes: readonly LaneData[];
  readonly conns: readonly ConnData[];
  readonly casualties: readonly CasualtyData[];
  readonly errors: readonly { readonly type: string; readonly binMs: number; readonly counts: readonly number[] }[];
  readonly backends: readonly BackendData[];
  readonly markers: readonly MarkerData[];
  readonly stalls: readonly (readonly [from: number, to: number])[];
  /** Evidence, by sequence number. */
  readonly events: Readonly<Record<string, EventData>>;
}

export interface LaneData {
  readonly path: string;
  readonly lane: string;
  readonly role: string;
  readonly binMs: number;
  readonly ok: readonly number[];
  readonly failed: readonly number[];
}

/** What is drawn on a lifeline. */
export const MARKS = [
  "GOAWAY",
  "FIN",
  "RST",
  "close_notify",
  "PING lost",
  "connect failed",
  "TLS failed",
  "protocol error",
] as const;

export type MarkData = readonly [mark: number, at: number, uMs: number, seq: number];

export interface ConnData {
  readonly id: number;
  /** Index in the node's lanes. */
  readonly lane: number;
  readonly slot: number | null;
  readonly from: number;
  /** When it was established; `null` where it never was. */
  readonly up: number | null;
  /** `null`: still open at the end. */
  readonly to: number | null;
  readonly close: string | null;
  readonly type: string | null;
  readonly ends: string;
  readonly backend: string | null;
  readonly marks: readonly MarkData[];
}

export interface CasualtyData {
  /** When it was judged. */
  readonly at: number;
  /** When it was sent; `null` where nothing of it was. */
  readonly sent: number | null;
  readonly uMs: number;
  readonly conn: number | null;
  readonly lane: number;
  readonly type: string;
  readonly scope: "connection" | "request";
  readonly processed: string;
  readonly unsafe: boolean;
  readonly what: string;
  readonly request: number;
  readonly evidence: readonly number[];
}

export interface BackendData {
  readonly backend: string;
  readonly phases: readonly {
    readonly phase: string;
    readonly from: number;
    readonly to: number;
    readonly errorMs: number;
  }[];
}

export interface MarkerData {
  readonly at: number;
  readonly uMs: number;
  readonly backend: string;
  readonly marker: string;
  readonly source: string;
}

export type EventData = readonly [at: number, uMs: number, kind: string, text: string];

export interface IncidentData {
  readonly node: number;
  readonly conn: number;
  readonly path: string;
  readonly lane: string;
  readonly type: string;
  readonly close: string | null;
  readonly title: string;
  readonly who: string;
  readonly lost: string;
  readonly after: string;
  readonly phase: string | null;
  readonly goaways: readonly string[];
  readonly failed: number;
  readonly unsafe: number;
  readonly at: number;
  readonly uMs: number;
  readonly evidence: readonly number[];
}

export interface SharedData {
  readonly from: number;
  readonly to: number;
  readonly nodes: readonly string[];
  /** Indices of incidents. */
  readonly incidents: readonly number[];
}

export interface EpisodeData {
  readonly from: number;
  readonly to: number;
  readonly who: string;
  readonly where: string | null;
  readonly reason: string;
  readonly cells: readonly {
    readonly node: string;
    readonly path: string;
    readonly state: string;
    readonly ok: number;
    readonly failed: number;
  }[];
}

export interface MatchData {
  readonly title: string;
  readonly cause: string;
  readonly fix: string;
  readonly reference: string;
  /** `fits in part, 3 of 4 conditions`. */
  readonly how: string;
  /** What was seen, what cannot be told from here, and on which nodes. */
  readonly fits: string;
  readonly harmless: boolean;
}
