import { terminationWord } from "../kube/markers/termination-words.js";
import { EXPLAIN_BOUNDS } from "./bounds.js";
import type { ExplainedMarker, LineNumber } from "./explain-types.js";
import type { Group } from "./groups.js";
import { isoMicros } from "./line-time.js";

/** A failure so long before a marker has nothing to do with it. */
const LAG_MICROS = 30_000_000;
/** From a marker to the failures that it announces: the longest shutdown delays are 129 s. */
const AHEAD_MICROS = 180_000_000;

interface Seen {
  readonly micros: number;
  readonly line: LineNumber;
  readonly part: number;
  readonly reason: string;
  readonly pod: string | null;
  readonly told: "signal" | "event";
}

/** Reasons of events that are about an API server's rollout, whoever they are about. */
const TERMINATION =
  /^(?:Termination|Shutdown|LateConnections|AfterShutdown|NotAccepting|InFlightRequests|HTTPServer|KubeAPIReadyz)/;

/** Gathers moments of rollouts. */
export class Markers {
  readonly #seen: Seen[] = [];
  dropped = 0;

  /** `true` if the line tells one. */
  push(message: string, micros: number, line: LineNumber, part: number): boolean {
    const from = MAY_TELL.map((text) => message.indexOf(text)).find((at) => at >= 0);
    if (from === undefined) return false;
    const word = terminationWord(message.slice(from, from + WORD_CHARS));
    if (word === null) return false;
    const ofSeed = message.includes("roll out event: ");
    const ofApiServer = word.pod?.includes("kube-apiserver") === true || TERMINATION.test(word.name);
    if (word.form === "event" && !ofSeed && !ofApiServer) return false;
    if (this.#seen.length >= EXPLAIN_BOUNDS.markers) this.dropped += 1;
    else this.#seen.push({ micros, line, part, reason: word.name, pod: word.pod, told: word.form });
    return true;
  }

  /** With what failed before and after each: for an event in its own part, since its writer's clock is the failures' clock. */
  told(groups: readonly Group[]): readonly ExplainedMarker[] {
    return this.#seen.map(({ micros, line, part, reason, pod, told }) => {
      const related = groups.filter((group) => group.kind !== "request" && (told === "signal" || group.part === part));
      const before = related
        .filter(({ firstMicros }) => firstMicros <= micros && micros - firstMicros <= LAG_MICROS)
        .reduce((first, group) => Math.min(first, group.firstMicros), Number.POSITIVE_INFINITY);
      const after = related
        .filter(({ firstMicros }) => firstMicros > micros && firstMicros - micros <= AHEAD_MICROS)
        .reduce((first, group) => Math.min(first, group.firstMicros), Number.POSITIVE_INFINITY);
      return {
        at: isoMicros(micros),
        reason,
        pod,
        lagAfterFailureMs: Number.isFinite(before) ? (micros - before) / 1_000 : null,
        nextFailureAfterMs: Number.isFinite(after) ? (after - micros) / 1_000 : null,
        told,
        part,
        evidence: [line],
      };
    });
  }
}

/** No such line is longer, and what reads it need not be quick on one that is. */
const WORD_CHARS = 2_048;
/** Most lines are about something else, and this is told sooner. */
const MAY_TELL = ["[graceful-termination]", "Event(v1.ObjectReference", "Event occurred", "roll out event: "];
