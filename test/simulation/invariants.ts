import { encodeVerdict } from "../../packages/probe-core/src/classify/encode-verdict.js";
import type { Verdict } from "../../packages/probe-core/src/classify/verdict-types.js";
import type { LogRecord, ProbeEvent } from "../../packages/probe-core/src/events/index.js";
import { parseLogLine } from "../../packages/probe-core/src/events/log-format.js";
import { createFold } from "../../packages/probe-core/src/verdict/fold.js";
import type { Summary } from "../../packages/probe-core/src/verdict/summary-types.js";
import type { Chance } from "../../packages/probe-core/test/connection-simulator.js";
import { HEADER } from "../../packages/probe-core/test/trace-builder.js";
import type { SimulatedRun } from "./world.js";

/** What must hold for any run whatever. Each breach in words; none when all is well. */
export function breaches(run: SimulatedRun, chance: Chance): string[] {
  const found: string[] = [];
  const must = (holds: boolean, what: () => string): void => {
    if (!holds) found.push(what());
  };
  const log = logOf(run);
  const live = fold(log);
  orderly(run.events, must);
  oneVerdictEach(run.events, live, must);
  balanced(live.summary, live.verdicts, must);

  // Replay: from the text, as it stands in a file.
  const replayed = fold(log.map(reread));
  must(replayed.text === live.text, () => "replay gives other verdicts than live");
  must(JSON.stringify(replayed.summary) === JSON.stringify(live.summary), () => "replay gives another summary");

  // Any prefix folds, and what was judged in it stays judged.
  const prefix = log.slice(0, 1 + chance.below(log.length));
  const early = fold(prefix);
  balanced(early.summary, early.verdicts, must);
  must(live.text.startsWith(early.final), () => "a verdict of a prefix was taken back");
  must(prefix.length === log.length || early.summary.verdict !== "pass", () => "a log that was cut off passes");

  told(run, live, must);
  must(run.left === 0, () => `${run.left} connections outlived the run`);
  must(run.timersLeft === 0, () => `${run.timersLeft} timers outlived the run`);
  return found;
}

/** Every type that the run's verdicts have. */
export function verdictTypes(run: SimulatedRun): string[] {
  return fold(logOf(run)).verdicts.flatMap(({ type }) => (type === null ? [] : [type]));
}

type Must = (holds: boolean, what: () => string) => void;

interface Folded {
  readonly summary: Summary;
  readonly verdicts: readonly Verdict[];
  readonly text: string;
  /** Of those that were final before the end of the log. */
  readonly final: string;
}

function fold(log: readonly LogRecord[]): Folded {
  const verdicts: Verdict[] = [];
  const folding = createFold({ onVerdict: (verdict) => verdicts.push(verdict) });
  for (const record of log) folding.push(record);
  const final = verdicts.map(encodeVerdict).join("\n");
  const summary = folding.finish();
  return { summary, verdicts, text: verdicts.map(encodeVerdict).join("\n"), final };
}

function logOf({ events, scheduled, durationNs }: SimulatedRun): LogRecord[] {
  const t = Math.max(durationNs, events.at(-1)?.t ?? 0);
  return [
    HEADER,
    ...events,
    { kind: "run.footer", t, events: events.length, scheduled, drops: {}, reason: "duration" },
  ];
}

function reread(record: LogRecord): LogRecord {
  const line = parseLogLine(JSON.stringify(record));
  if (line.is !== "record") throw new Error(`what was written is not read: ${JSON.stringify(record)}`);
  return line.record;
}

/** Numbers without a gap, times that never run backwards, bounds that begin after the run. */
function orderly(events: readonly ProbeEvent[], must: Must): void {
  let last = 0;
  events.forEach((event, index) => {
    must(event.seq === index + 1, () => `seq ${event.seq} at place ${index + 1}`);
    must(event.t >= last, () => `time runs backwards at ${event.seq}`);
    must(event.u >= 0 && Number.isSafeInteger(event.t), () => `no time at ${event.seq}`);
    last = event.t;
  });
}

function startedRequests(events: readonly ProbeEvent[]): Set<number> {
  const started = new Set<number>();
  for (const event of events)
    if (event.kind === "request.queued" || event.kind === "request.sent") started.add(event.request);
  return started;
}

function oneVerdictEach(events: readonly ProbeEvent[], { summary, verdicts }: Folded, must: Must): void {
  const requests = startedRequests(events);
  const judged = verdicts.flatMap((verdict) => ("request" in verdict ? [verdict.request] : []));
  must(new Set(judged).size === judged.length, () => "a request with two verdicts");
  must(
    judged.every((request) => requests.has(request)),
    () => "a verdict on a request nobody started",
  );
  must(summary.requests.total === requests.size, () => `${summary.requests.total} counted, ${requests.size} started`);
  must(summary.requests.ok + judged.length === requests.size, () => "a request without a verdict");
  const attempts = events.flatMap((event) =>
    event.kind === "tcp.connect.started" || event.kind === "dns.resolve.failed" ? [event.conn] : [],
  );
  const ended = verdicts.flatMap((verdict) => ("request" in verdict ? [] : [verdict.conn]));
  must(new Set(attempts).size === attempts.length, () => "a connection that began twice");
  must(
    [...ended].sort(byNumber).join() === [...attempts].sort(byNumber).join(),
    () => "not one verdict for each connection",
  );
}

function balanced({ requests, connections, paths }: Summary, verdicts: readonly Verdict[], must: Must): void {
  const sum = (counts: object): number => Object.values(counts).reduce((total: number, n: number) => total + n, 0);
  const lost = requests.failed + requests.abandoned;
  must(requests.ok + lost === requests.total, () => "ok, failed and abandoned are not all");
  must(requests.byScope.connection + requests.byScope.request === requests.failed, () => "scopes do not add up");
  must(sum(requests.byType) === lost, () => "types do not add up");
  must(verdicts.filter((verdict) => "request" in verdict).length === lost, () => "verdicts do not add up");
  must(sum(paths.map((path) => path.requests.total)) === requests.total, () => "paths do not add up");
  must(
    sum(connections.byType) - (connections.byType["local.resources"] ?? 0) === connections.failed,
    () => "failed connections do not add up",
  );
}

/** The peers know what they sent: a request is ok only if all of its answer arrived, and the answer was a good one. */
function told({ events, connections, streams }: SimulatedRun, { verdicts }: Folded, must: Must): void {
  const failed = new Set(verdicts.flatMap((verdict) => ("request" in verdict ? [verdict.request] : [])));
  const given = new Set<number>();
  const open = new Map<number, number>();
  for (const event of events) {
    if (event.kind === "request.expired" || event.kind === "request.aborted") given.add(event.request);
    if (event.kind === "request.sent" && event.lane === "held") open.set(event.conn, (open.get(event.conn) ?? 0) + 1);
    if (event.kind === "h2.stream.ended" || event.kind === "request.expired" || event.kind === "h2.rst_stream.received")
      open.set(event.conn, (open.get(event.conn) ?? 0) - 1);
    if (event.kind === "h2.protocol.error") open.set(event.conn, Number.NEGATIVE_INFINITY);
    if (event.kind === "request.sent")
      must((open.get(event.conn) ?? 0) <= streams, () => `more than ${streams} requests open on ${event.conn}`);
  }
  for (const event of events) {
    if (event.kind !== "request.sent") continue;
    const connection = connections[event.conn - 1];
    const answer = connection?.peer.answered.get(event.stream);
    const arrived = answer !== undefined && (connection?.delivered ?? 0) >= answer.sentBytes;
    if (!failed.has(event.request)) {
      must(arrived && answer.good, () => `request ${event.request} is called ok, and its peer never answered it so`);
    }
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}
