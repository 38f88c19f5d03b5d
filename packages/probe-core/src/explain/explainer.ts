import { EXPLAIN_BOUNDS } from "./bounds.js";
import type {
  ExplainedAttempts,
  ExplainedConnection,
  ExplainedRequests,
  Explainer,
  ExplainOptions,
  Explanation,
} from "./explain-types.js";
import { findingsOf, limitsOf } from "./findings.js";
import { isHairpin, readGoError } from "./go-error.js";
import { type Group, Groups } from "./groups.js";
import { Calendar, isoMicros } from "./line-time.js";
import { readLogLine } from "./log-line.js";
import { Markers } from "./markers.js";
import { Parts } from "./parts.js";

/**
 * Explains logs of programs written in Go that speak to an API server: klog (text and JSON), zap, what a container runtime or a
 * journal wraps around them, and reports that quote such lines. Gives the failures in this project's words, by connection.
 *
 * It proves less than a run: a log line is what a library said afterwards. What the texts leave open is listed in `limits`.
 */
export function createExplainer(options: ExplainOptions): Explainer {
  return new LogExplainer(options);
}

class LogExplainer implements Explainer {
  readonly #calendar: Calendar;
  readonly #referenceMs: number;
  readonly #parts = new Parts();
  readonly #groups = new Groups();
  readonly #markers = new Markers();
  readonly #files: { file: string; firstLine: number; lines: number }[] = [];
  #total = 0;
  #parsed = 0;
  #failures = 0;
  #longLines = 0;

  constructor({ year, referenceMs }: ExplainOptions) {
    this.#calendar = new Calendar(year, referenceMs);
    this.#referenceMs = referenceMs;
  }

  startFile(file: string, referenceMs: number = this.#referenceMs): void {
    this.#files.push({ file, firstLine: this.#total + 1, lines: 0 });
    this.#parts.startFile(file);
    this.#calendar.restart(referenceMs);
  }

  push(whole: string): void {
    this.#total += 1;
    const file = this.#files.at(-1);
    if (file !== undefined) file.lines += 1;
    const isLong = whole.length > EXPLAIN_BOUNDS.lineChars;
    if (isLong) this.#longLines += 1;
    const text = isLong ? whole.slice(0, EXPLAIN_BOUNDS.lineChars) : whole;
    const line = readLogLine(text);
    const micros = line === null ? null : this.#calendar.place(line.time);
    if (line === null || micros === null) {
      this.#parts.pushProse(text);
      return;
    }
    this.#parsed += 1;
    const part = this.#parts.partOf(this.#total);
    if (this.#markers.push(line.message, micros, this.#total, part)) return;
    const error = readGoError(line.message);
    if (error === null) return;
    this.#failures += 1;
    this.#groups.push(error, micros, this.#total, part);
  }

  finish(): Explanation {
    const groups = [...this.#groups.all].sort((a, b) => a.firstMicros - b.firstMicros);
    const markers = this.#markers.told(groups);
    const input = { groups, markers, parts: this.#parts.all };
    return {
      schema: "drainprobe.explain/1",
      lines: {
        total: this.#total,
        parsed: this.#parsed,
        ignored: this.#total - this.#parsed,
        failures: this.#failures,
      },
      connections: groups.filter(({ kind }) => kind === "connection").map(connection),
      attempts: groups.filter(({ kind }) => kind === "attempt").map(attempts),
      requests: groups.filter(({ kind }) => kind === "request").map(requests),
      markers,
      findings: findingsOf(input),
      limits: limitsOf(input),
      parts: this.#parts.all,
      files: this.#files,
      dating: this.#calendar.dating,
      drops: this.#drops(),
    };
  }

  #drops(): Readonly<Record<string, number>> {
    const drops = {
      "lines.cut": this.#longLines,
      "failures.ungrouped": this.#groups.dropped,
      markers: this.#markers.dropped,
      parts: this.#parts.dropped,
    };
    return Object.fromEntries(Object.entries(drops).filter(([, dropped]) => dropped > 0));
  }
}

function when({ firstMicros, lastMicros }: Group): { firstAt: string; lastAt: string } {
  return { firstAt: isoMicros(firstMicros), lastAt: isoMicros(lastMicros) };
}

function connection(group: Group): ExplainedConnection {
  const { local, remote } = group;
  return {
    local,
    remote,
    hairpin: local === null || remote === null ? null : isHairpin(local, remote),
    ...when(group),
    failures: group.failures,
    byType: Object.fromEntries(group.byType),
    byVerb: Object.fromEntries(group.byVerb),
    unsafeToRetry: group.unsafe,
    grouping: group.grouping,
    hosts: [...group.hosts],
    goaways: [...group.goaways.values()],
    part: group.part,
    evidence: group.evidence,
  };
}

function attempts(group: Group): ExplainedAttempts {
  const { remote, failures, part, evidence } = group;
  return { remote, type: group.first.type, failures, ...when(group), part, evidence };
}

function requests(group: Group): ExplainedRequests {
  const { failures, unsafe, part, evidence } = group;
  const { type, processed, verb } = group.first;
  return { type, processed, verb, failures, unsafeToRetry: unsafe, ...when(group), part, evidence };
}
