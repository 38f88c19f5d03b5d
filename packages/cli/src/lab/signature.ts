import type { LabExpectation, LabMoment } from "@drainprobe/testbed";
import type { Sighting } from "./seen.js";

/** What one lane saw of one kind in a run, all masters and rollouts together. */
export interface SignatureEntry {
  readonly lane: string;
  readonly kind: SignatureKind;
  readonly count: number;
  /** From the first to the last, ms after the SIGTERM before each, at speed 1; `null`: nothing was told to end before it. */
  readonly when: { readonly fromMs: number; readonly toMs: number } | null;
}

/** What a run looks like from its lanes, in order of time. */
export type Signature = readonly SignatureEntry[];

/**
 * What a client can tell apart and a race cannot change. FIN, RST and broken pipe of one end are faces of it: which one a client sees is
 * decided by what was unread at that instant.
 */
export type SignatureKind =
  | "ended well"
  /** Well or badly. */
  | "ended"
  | "cut"
  | "cut at birth"
  | "broken promise"
  | "crossed GOAWAY"
  | "refused"
  | "no answer"
  | "silent"
  | "told to retry"
  | "answered with an error"
  | "other";

/** What is compared. */
export interface SignatureOptions {
  readonly sightings: readonly Sighting[];
  readonly moments: readonly LabMoment[];
  readonly speed: number;
  /**
   * The server's process does not wait until its GOAWAYs are out (v1.18): whether a connection was told before it ended is chance, and all
   * ends are of one kind.
   */
  readonly goawayRaces?: boolean;
}

/** The signature of a run. */
export function signatureOf({ sightings, moments, speed, goawayRaces = false }: SignatureOptions): Signature {
  const told = moments.filter(({ what }) => what === "sigterm").map(({ wallMs }) => wallMs);
  const entries = new Map<string, { lane: string; kind: SignatureKind; count: number; times: number[] }>();
  for (const sighting of sightings) {
    const { lane, wallMs } = sighting;
    const exact = kindOf(sighting);
    const kind = goawayRaces && ENDS.has(exact) ? "ended" : exact;
    const key = `${lane} ${kind}`;
    const entry = entries.get(key) ?? { lane, kind, count: 0, times: [] };
    entry.count += 1;
    const before = told.findLast((at) => at <= wallMs + CLOCKS_MS);
    if (before !== undefined) entry.times.push((wallMs - before) * speed);
    entries.set(key, entry);
  }
  return [...entries.values()]
    .map(({ lane, kind, count, times }) => ({
      lane,
      kind,
      count,
      when: times.length === 0 ? null : { fromMs: Math.min(...times), toMs: Math.max(...times) },
    }))
    .sort((a, b) => (a.when?.fromMs ?? 0) - (b.when?.fromMs ?? 0) || a.lane.localeCompare(b.lane));
}

/** Ends of connections that had worked. */
const ENDS: ReadonlySet<SignatureKind> = new Set(["ended well", "cut", "broken promise", "crossed GOAWAY"]);

/** A moment is told by one process and seen by another, each with an anchor of its own in one wall clock. */
const CLOCKS_MS = 5;

/** How two signatures may differ. */
export interface SignatureTolerance {
  /** First and last of a kind, at speed 1. */
  readonly timeMs: number;
  /** A kind that came less often than this is chance: it need not come again. */
  readonly steadyFrom: number;
  /** These may be missing on either side, however often they came on the other. */
  readonly optional?: ReadonlySet<SignatureKind>;
  /** From here on, ms after SIGTERM, a process ends and the next one starts: what new attempts meet then ends when the machine is done with that. */
  readonly restartsFromMs?: number;
}

/** How `other` differs from `real`, a line for each difference; none: they are equal within the tolerance. */
export function signatureDifferences(
  realAsSeen: Signature,
  otherAsSeen: Signature,
  tolerance: SignatureTolerance,
): string[] {
  const [real, other] = [withoutCrossing(realAsSeen), withoutCrossing(otherAsSeen)];
  const lines: string[] = [];
  const find = (list: Signature, { lane, kind }: SignatureEntry): SignatureEntry | undefined =>
    list.find((entry) => entry.lane === lane && entry.kind === kind);
  for (const entry of real) {
    const twin = find(other, entry);
    if (twin === undefined) {
      if (mustCome(entry, tolerance)) lines.push(`missing: ${entryWords(entry)}`);
    } else if (isSteady(entry, tolerance) && isSteady(twin, tolerance) && !sameTime(entry, twin, tolerance)) {
      lines.push(`at another time: ${entryWords(twin)}, where it was ${whenWords(entry)}`);
    }
  }
  for (const entry of other)
    if (find(real, entry) === undefined && mustCome(entry, tolerance)) lines.push(`too much: ${entryWords(entry)}`);
  return lines;
}

/** A connection that was told GOAWAY ended in order, whether a request was on its way just then or not: that is luck. */
function withoutCrossing(signature: Signature): Signature {
  const merged = new Map<string, SignatureEntry>();
  for (const { lane, kind: exact, count, when } of signature) {
    const kind = exact === "crossed GOAWAY" ? "ended well" : exact;
    const before = merged.get(`${lane} ${kind}`);
    merged.set(`${lane} ${kind}`, {
      lane,
      kind,
      count: count + (before?.count ?? 0),
      when: span(before?.when ?? null, when),
    });
  }
  return [...merged.values()];
}

type Span = SignatureEntry["when"];

function span(a: Span, b: Span): Span {
  if (a === null || b === null) return a ?? b;
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}

/** Kinds that come by chance, whatever their number: who is in a handshake when the end comes, or asks just then, is luck. */
const CHANCE: ReadonlySet<SignatureKind> = new Set(["cut at birth", "told to retry"]);

const isSteady = ({ kind, count }: SignatureEntry, { steadyFrom }: SignatureTolerance): boolean =>
  !CHANCE.has(kind) && count >= steadyFrom;

const mustCome = (entry: SignatureEntry, tolerance: SignatureTolerance): boolean =>
  isSteady(entry, tolerance) && tolerance.optional?.has(entry.kind) !== true;

/** What new connections, and requests on them, meet. */
const ATTEMPTS: ReadonlySet<SignatureKind> = new Set(["refused", "no answer", "answered with an error"]);

function sameTime(a: SignatureEntry, b: SignatureEntry, { timeMs, restartsFromMs }: SignatureTolerance): boolean {
  if (a.when === null || b.when === null) return a.when === b.when;
  if (Math.abs(a.when.fromMs - b.when.fromMs) > timeMs) return false;
  const last = Math.min(a.when.toMs, b.when.toMs);
  if (ATTEMPTS.has(a.kind) && restartsFromMs !== undefined && last >= restartsFromMs) return true;
  return Math.abs(a.when.toMs - b.when.toMs) <= timeMs;
}

/** The kinds that an expectation is about, but for ends of connections: of those the lane and the close decide. */
export function kindsOf({ scope, type }: LabExpectation): readonly SignatureKind[] {
  const types = typeof type === "string" ? [type] : (type ?? []);
  return types.map((each) => kindOf({ scope, type: each, close: null, lane: "" }));
}

/** `held: cut, 12 times, T0+10.0 s to T0+10.1 s`. */
export function entryWords(entry: SignatureEntry): string {
  return `${entry.lane}: ${entry.kind}, ${entry.count} times, ${whenWords(entry)}`;
}

function whenWords({ when }: SignatureEntry): string {
  if (when === null) return "at no rollout";
  const seconds = (ms: number): string => `T0+${(ms / 1_000).toFixed(1)} s`;
  return `${seconds(when.fromMs)} to ${seconds(when.toMs)}`;
}

function kindOf({ scope, type, close, lane }: Pick<Sighting, "scope" | "type" | "close" | "lane">): SignatureKind {
  if (type === null) return "ended well";
  if (scope === "request") return type === "http.retry_after" ? "told to retry" : "answered with an error";
  if (close === "broken-promise") return "broken promise";
  switch (type) {
    case "h2.goaway":
      return "crossed GOAWAY";
    case "tcp.refused":
      return "refused";
    case "tcp.timed_out":
    case "tls.timed_out":
    case "h2.settings.timed_out":
      return "no answer";
    case "h2.ping.timed_out":
      return "silent";
    case "tcp.closed":
    case "tcp.reset":
    case "tcp.broken_pipe":
      // These live for milliseconds: what cuts them is chance.
      return close === null || lane.startsWith("fresh.") ? "cut at birth" : "cut";
    default:
      return "other";
  }
}
