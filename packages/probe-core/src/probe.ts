import type { Incident, Verdict } from "./classify/verdict-types.js";
import type { Clock } from "./clock/clock.js";
import { DrainprobeError } from "./errors.js";
import {
  type ConnectionId,
  type Instant,
  type KubeEvent,
  type LogRecord,
  NANOS_PER_MS,
  type RunFooter,
  type RunHeader,
} from "./events/index.js";
import { EvidenceKeeper } from "./evidence-keeper.js";
import { afterThisTurn } from "./io/after-this-turn.js";
import { resolveOptions } from "./options/resolve-options.js";
import type { Probe, StopOptions, WaitOptions } from "./probe-contract.js";
import type { ProbeOptions, StopReason } from "./probe-options.js";
import { RecordReaders } from "./record-readers.js";
import { Run } from "./run.js";
import { runHeader } from "./run-header.js";
import { type JsonlSink, type JsonlSinkResult, openJsonlSink } from "./sinks/jsonl-sink.js";
import type { RunSink } from "./sinks/run-sink.js";
import type { Fold, FoldSnapshot } from "./verdict/contract.js";
import { DROPS, joinDrops } from "./verdict/drops.js";
import { createFold } from "./verdict/fold.js";
import type { SelfTestResult, Summary } from "./verdict/summary-types.js";

/** Longest name of a mark that is kept, in characters. */
const MARK_CHARS = 256;

const WAIT_MS = 3_000;

/** Open connections that a message names. */
const SHOWN_OPEN = 5;

/** What ended a run, as its footer says. */
type EndReason = "duration" | "signal" | "stopped";

/**
 * Starts a probe. It observes until `stop()` is called, `durationMs` has passed or `signal` is aborted.
 *
 * Rejects for misuse only: `OPTIONS_INVALID` (one line for each fault), `CREDENTIALS_UNREADABLE`, `LOG_UNWRITABLE`, and
 * `PROBE_STOPPED` where the signal was aborted already. A target that cannot be reached is a result and no error.
 */
export async function createProbe(options: ProbeOptions): Promise<Probe> {
  const resolved = resolveOptions(options);
  if (options.signal?.aborted === true) throw stopped("the signal was aborted before the probe began");
  const sink =
    options.log === undefined
      ? null
      : await openJsonlSink(options.log, {
          overwrite: options.overwriteLog ?? false,
          ...(options.maxLogBytes === undefined ? {} : { maxBytes: options.maxLogBytes }),
        });
  try {
    return new LiveProbe(options, new Run(resolved), sink, (run) => runHeader(options, resolved, run));
  } catch (error) {
    await sink?.close();
    throw error;
  }
}

class LiveProbe implements Probe {
  readonly header: RunHeader;
  readonly finished: Promise<Summary>;
  readonly #options: ProbeOptions;
  readonly #run: Run;
  readonly #sink: JsonlSink | null;
  readonly #sinks: readonly RunSink[];
  readonly #fold: Fold;
  readonly #readers = new RecordReaders();
  readonly #evidence = new EvidenceKeeper();
  /** Established connections, and what the server has said on them. */
  readonly #open = new Map<ConnectionId, string>();
  readonly #drains = new Set<(closed: ConnectionId) => void>();
  readonly #unsettled = new Set<string>();
  /** What to do for those who wait for something, when the probe ends instead. */
  readonly #waiting = new Set<() => void>();
  readonly #onAbort = (): void => void this.#end("aborted", "signal");
  #ending: Promise<Summary> | null = null;
  /** Nothing more may be recorded. */
  #complete = false;
  #announce: (summary: Promise<Summary>) => void = () => {};

  constructor(options: ProbeOptions, run: Run, sink: JsonlSink | null, header: (run: Run) => RunHeader) {
    this.#options = options;
    this.#run = run;
    this.#sink = sink;
    this.#sinks = options.sinks ?? [];
    this.#fold = createFold({
      ...(options.thresholds === undefined ? {} : { thresholds: options.thresholds }),
      onVerdict: (verdict) => this.#onVerdict(verdict),
      onIncident: (incident) => this.#onIncident(incident),
    });
    this.finished = new Promise((resolve) => {
      this.#announce = resolve;
    });
    this.header = header(run);
    this.#publish(this.header);
    run.recorder.subscribe((event) => this.#publish(event));
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    for (const lane of run.lanes) {
      const name = `${lane.path}/${lane.lane}`;
      this.#unsettled.add(name);
      void lane.settled.then(() => this.#unsettled.delete(name));
    }
    run.start(() => void this.#end("run.ended", "duration"));
    // Who awaits `createProbe` gets the probe in this turn, and has until its end to open readers that miss nothing.
    afterThisTurn(() => this.#readers.forgetFirst());
  }

  records(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<LogRecord> {
    return this.#readers.open(options.signal);
  }

  mark(name: string): void {
    if (this.#ending !== null) throw stopped("a mark after the end of the run would be on no timeline");
    if (typeof name !== "string" || name === "") {
      throw new DrainprobeError("OPTIONS_INVALID", "mark: the name must be a string that is not empty");
    }
    this.#run.recorder.record({ kind: "run.mark", name: name.slice(0, MARK_CHARS) });
  }

  record(fact: KubeEvent, at?: Instant): void {
    if (!this.#complete) this.#run.recorder.record(fact, at);
  }

  get clock(): Clock {
    return this.#run.clock;
  }

  async settled({ timeoutMs = WAIT_MS, signal }: WaitOptions = {}): Promise<void> {
    const waiting = this.#until("every lane had worked once", signal, timeoutMs, () => this.#notSettled(timeoutMs));
    this.#run.settled().then(waiting.resolve, waiting.reject);
    await waiting.done;
  }

  drained(options: WaitOptions = {}): Promise<void> {
    const drained = this.#drained(options);
    // Who calls it before the server is told to go may await other things first.
    drained.catch(() => {});
    return drained;
  }

  async #drained({ timeoutMs = WAIT_MS, signal }: WaitOptions): Promise<void> {
    const left = new Set(this.#open.keys());
    const waiting = this.#until("its connections had ended", signal, timeoutMs, () =>
      this.#notDrained(timeoutMs, left),
    );
    const closed = (conn: ConnectionId): void => {
      left.delete(conn);
      if (left.size === 0) waiting.resolve();
    };
    this.#drains.add(closed);
    if (left.size === 0) waiting.resolve();
    await waiting.done.finally(() => this.#drains.delete(closed));
  }

  snapshot(): FoldSnapshot {
    const snapshot = this.#fold.snapshot();
    const drops = joinDrops(snapshot.drops, {
      [DROPS.logEvents]: this.#sink?.droppedEvents ?? 0,
      [DROPS.verdicts]: this.#sink?.droppedVerdicts ?? 0,
      [DROPS.records]: this.#readers.dropped,
    });
    return { ...snapshot, drops };
  }

  stop(options: StopOptions = {}): Promise<Summary> {
    const reason = options.reason ?? "run.ended";
    const bySignal = options.bySignal ?? reason === "aborted";
    return this.#end(reason, bySignal ? "signal" : "stopped", options.selfTest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** A promise to be settled by hand, which its deadline, the end of the probe and `signal` reject. */
  #until(what: string, signal: AbortSignal | undefined, timeoutMs: number, late: () => DrainprobeError): Waiting {
    let resolve = (): void => {};
    let reject = (_: unknown): void => {};
    const promise = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    const abort = (): void => reject(signal?.reason);
    const end = (): void => reject(stopped(`the probe ended before ${what}`));
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY
        ? null
        : this.#run.clock.setTimer(timeoutMs * NANOS_PER_MS, () => reject(late()));
    if (signal?.aborted === true) abort();
    else if (this.#ending !== null) end();
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.add(end);
    const done = promise.finally(() => {
      timer?.cancel();
      signal?.removeEventListener("abort", abort);
      this.#waiting.delete(end);
    });
    return { done, resolve, reject };
  }

  #notSettled(timeoutMs: number): DrainprobeError {
    const last = this.#fold.snapshot().lastIncident;
    const why =
      last === null
        ? "no attempt has failed; the server may be slow to answer"
        : `the last failure: ${last.type} on path ${last.path}${last.remote === null ? "" : `, ${last.remote}`}`;
    const lanes = [...this.#unsettled].join(", ");
    return new DrainprobeError("NOT_SETTLED", `after ${timeoutMs} ms ${lanes} had not worked once: ${why}`);
  }

  #notDrained(timeoutMs: number, left: ReadonlySet<ConnectionId>): DrainprobeError {
    const named = [...left].slice(0, SHOWN_OPEN).map((conn) => `connection ${conn} (${this.#open.get(conn)})`);
    const more = left.size > SHOWN_OPEN ? `, and ${left.size - SHOWN_OPEN} more` : "";
    return new DrainprobeError("NOT_DRAINED", `still open after ${timeoutMs} ms: ${named.join(", ")}${more}`);
  }

  #publish(record: LogRecord): void {
    this.#evidence.push(record);
    if (record.kind === "tcp.connect.complete") this.#open.set(record.conn, "no GOAWAY");
    else if (record.kind === "h2.goaway.received") this.#open.set(record.conn, "GOAWAY received");
    else if (record.kind === "tcp.closed") this.#open.delete(record.conn);
    this.#sink?.write(record);
    for (const sink of this.#sinks) callUser((each) => sink.write(each), record);
    this.#fold.push(record);
    this.#readers.push(record);
    if (record.kind === "tcp.closed") for (const closed of this.#drains) closed(record.conn);
  }

  #onVerdict(verdict: Verdict): void {
    this.#sink?.appendVerdict(verdict);
    for (const sink of this.#sinks) callUser((each) => sink.appendVerdict(each), verdict);
    callUser(this.#options.onVerdict, verdict);
  }

  #onIncident(incident: Incident): void {
    for (const sink of this.#sinks) callUser((each) => sink.appendIncident?.(each), incident);
    callUser(this.#options.onIncident, incident);
  }

  #end(reason: StopReason, why: EndReason, selfTest?: SelfTestResult): Promise<Summary> {
    if (this.#ending === null) {
      this.#ending = this.#finish(reason, why, selfTest);
      this.#announce(this.#ending);
      // After the summary, so that who waits in vain and who waits for the summary hear of it in this order.
      void this.#ending.then(() => {
        for (const end of this.#waiting) end();
      });
    }
    return this.#ending;
  }

  async #finish(reason: StopReason, why: EndReason, selfTest: SelfTestResult | undefined): Promise<Summary> {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    // Whoever stops it may do so from within a callback of ours, in the middle of a fact.
    await Promise.resolve();
    const unclosed = await this.#run.stop(reason);
    await this.#options.beforeFooter?.();
    this.#complete = true;
    const footer: RunFooter = {
      kind: "run.footer",
      t: this.#run.clock.now(),
      events: this.#run.recorder.recorded,
      scheduled: this.#run.scheduled,
      drops: nonZero({
        [DROPS.logEvents]: this.#sink?.droppedEvents ?? 0,
        [DROPS.verdicts]: this.#sink?.droppedVerdicts ?? 0,
        "connections that did not close": unclosed,
      }),
      reason: why,
    };
    this.#publish(footer);
    const proof = selfTest ?? this.#options.selfTest;
    const summary = this.#fold.finish({
      ...(proof === undefined ? {} : { selfTest: proof }),
      drops: nonZero({ [DROPS.records]: this.#readers.dropped }),
    });
    this.#readers.end();
    this.#evidence.file(summary.incidents);
    return this.#sink === null ? summary : withLogLosses(summary, footer, await this.#sink.close());
  }
}

interface Waiting {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (why: unknown) => void;
}

function stopped(message: string): DrainprobeError {
  return new DrainprobeError("PROBE_STOPPED", message);
}

/** What became of the log after the footer was written: the verdicts stand, and their evidence is not all in the log. */
function withLogLosses(summary: Summary, footer: RunFooter, log: JsonlSinkResult): Summary {
  const events = log.droppedEvents - (footer.drops[DROPS.logEvents] ?? 0);
  if (log.removedParts > 0) {
    const drops = { ...summary.drops, [DROPS.logParts]: log.removedParts };
    return withLogLosses({ ...summary, drops }, footer, { ...log, removedParts: 0 });
  }
  const reasons: string[] = [];
  if (events > 0 || log.lostBytes > 0) {
    reasons.push(`the end of the log could not be written (${log.failed ?? "unknown"}): ${log.lostBytes} bytes lost`);
  }
  if (log.failed === "ESTALE") reasons.push("somebody removed, cut or replaced the log while it was written (ESTALE)");
  if (reasons.length === 0) return summary;
  const { coverage } = summary;
  return {
    ...summary,
    verdict: summary.verdict === "pass" ? "inconclusive" : summary.verdict,
    coverage: { ...coverage, insufficient: [...coverage.insufficient, ...reasons] },
    drops: { ...summary.drops, ...nonZero({ [DROPS.logEvents]: log.droppedEvents, "log bytes": log.lostBytes }) },
  };
}

function nonZero(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** A caller's own bug must reach the caller, and must not reach the sockets. */
function callUser<T>(callback: ((value: T) => void) | undefined, value: T): void {
  try {
    callback?.(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
