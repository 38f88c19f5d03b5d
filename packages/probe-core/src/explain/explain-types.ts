import type { Processed, VerdictType } from "../classify/verdict-types.js";
import type { Endpoint, StreamId } from "../events/index.js";

/** Line of the input, from 1. Several files are numbered through; {@link Explanation.files} says where each begins. */
export type LineNumber = number;

/** An HTTP method in capitals, `WATCH` for a watch, or `unknown` where the line names none. */
export type Verb = string;

/** What failed: a connection, one request on it, or an attempt to connect. */
export type FailureScope = "connection" | "request" | "attempt";

/** How the failures of a connection were brought together. */
export type Grouping =
  | "address" // their text names both ends
  | "burst"; //  it names none: the same failure, in the same part of the input, close together. May be several connections

/** A connection of which lines tell failures. */
export interface ExplainedConnection {
  readonly local: Endpoint | null;
  readonly remote: Endpoint | null;
  /** Local IP equal to remote IP, loopback apart: the packets never left the host. `null` where the text has no address. */
  readonly hairpin: boolean | null;
  /** ISO 8601 with microseconds, in the log's own zone (`Z` where it names none). */
  readonly firstAt: string;
  readonly lastAt: string;
  /** Lines that tell a failure. One request may be told by several. */
  readonly failures: number;
  readonly byType: Readonly<Partial<Record<VerdictType, number>>>;
  readonly byVerb: Readonly<Record<Verb, number>>;
  /** Writes (neither GET, HEAD, OPTIONS nor WATCH) that the server may have carried out. */
  readonly unsafeToRetry: number;
  readonly grouping: Grouping;
  /** Hosts of the URLs that were asked for. */
  readonly hosts: readonly string[];
  /** GOAWAY frames that texts tell of. */
  readonly goaways: readonly ToldGoaway[];
  readonly part: number;
  readonly evidence: readonly LineNumber[];
}

/** A GOAWAY as Go tells it. */
export interface ToldGoaway {
  readonly lastStreamId: StreamId | null;
  /** `NO_ERROR`, …; `null` where the text names none. */
  readonly errorCode: string | null;
  readonly debug: string;
}

/** Attempts to connect that failed, by where they went and how. */
export interface ExplainedAttempts {
  readonly remote: string | null;
  readonly type: VerdictType;
  readonly failures: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly part: number;
  readonly evidence: readonly LineNumber[];
}

/** Requests that failed by themselves: an error status, a reset stream, a deadline. */
export interface ExplainedRequests {
  readonly type: VerdictType;
  readonly processed: Processed;
  readonly verb: Verb;
  readonly failures: number;
  readonly unsafeToRetry: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly part: number;
  readonly evidence: readonly LineNumber[];
}

/** A moment of a rollout as the log has it. */
export interface ExplainedMarker {
  readonly at: string;
  /** The event's reason or the signal's name, verbatim. */
  readonly reason: string;
  readonly pod: string | null;
  /** From the first failure before it (of the last 30 s) to the marker; `null` where none came before. */
  readonly lagAfterFailureMs: number | null;
  /** From the marker to the next failure (within 180 s); `null` where none came after. */
  readonly nextFailureAfterMs: number | null;
  /** `signal`: the API server's own log. `event`: somebody who heard of it through the API. */
  readonly told: "signal" | "event";
  readonly part: number;
  readonly evidence: readonly LineNumber[];
}

/** Something that follows from the lines, in words, with the lines it follows from. */
export interface Finding {
  readonly id: string;
  readonly text: string;
  readonly evidence: readonly LineNumber[];
}

/** A stretch of the input that is read as one log: a file, or a block under a heading of a report. */
export interface InputPart {
  readonly file: string | null;
  /** Headings above it, the outermost first: what somebody wrote, not something that was observed. */
  readonly headings: readonly string[];
  readonly firstLine: LineNumber;
}

/** Where the years come from that klog leaves out. */
export interface Dating {
  /** Of the first line that had none; `null` where every line has one, or no line was read. */
  readonly year: number | null;
  readonly from: "option" | "log" | "reference" | null;
  /** Does any line name its time zone? Without one, times are given as if they were UTC. */
  readonly zoneTold: boolean;
}

/** What `explain --json` prints. */
export interface Explanation {
  readonly schema: "drainprobe.explain/1";
  readonly lines: {
    readonly total: number;
    /** Lines of a log, whatever they are about. */
    readonly parsed: number;
    /** Lines that are no log. */
    readonly ignored: number;
    /** Of the parsed ones: those that tell a failure. */
    readonly failures: number;
  };
  readonly connections: readonly ExplainedConnection[];
  readonly attempts: readonly ExplainedAttempts[];
  readonly requests: readonly ExplainedRequests[];
  readonly markers: readonly ExplainedMarker[];
  readonly findings: readonly Finding[];
  /** What the texts cannot tell, each sentence for a text that was there. */
  readonly limits: readonly Finding[];
  readonly parts: readonly InputPart[];
  readonly files: readonly { readonly file: string; readonly firstLine: LineNumber; readonly lines: number }[];
  readonly dating: Dating;
  /** What fell over a bound, by name; without zeros. */
  readonly drops: Readonly<Record<string, number>>;
}

/** Options of {@link createExplainer}. */
export interface ExplainOptions {
  /** Year of the first line that has none. Default: see `referenceMs`. */
  readonly year?: number;
  /** A moment before which the logs were written, ms since 1970: lines without a year get the last one that fits. */
  readonly referenceMs: number;
}

/** Reads a log line by line. Bounded memory, whatever the input. */
export interface Explainer {
  /** The lines that follow are of this file; `referenceMs` replaces that of the options for it. */
  startFile(file: string, referenceMs?: number): void;
  push(line: string): void;
  /** Call once, at the end. */
  finish(): Explanation;
}
