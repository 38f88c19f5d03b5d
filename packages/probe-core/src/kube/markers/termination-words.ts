import type { Marker } from "../../events/index.js";

/** How a line or an event names a moment of termination: klog's structured lines say the signal, events say a reason. */
export interface TerminationWord {
  readonly form: "signal" | "event";
  readonly name: string;
  /** The pod that an event is about, where it says so. */
  readonly pod: string | null;
}

/** `"[graceful-termination] shutdown event" name="ShutdownInitiated"`, also as klog wrote it before it quoted messages. */
const SIGNAL =
  /\[graceful-termination\] (?:shutdown event|RunPreShutdownHooks has completed|pre-shutdown hooks completed)/g;
const SIGNAL_NAME = /\bname="?(\w+)/g;
const EXITING = "[graceful-termination] apiserver is exiting";
/** An event as client-go's recorder logs it: this, fields up to a brace, and then the rest. */
const RECORDED = "Event(v1.ObjectReference{";
const RECORDED_REST = /\}\): type: '\w+' reason: '(\w+)'/y;
const POD = /Kind:"Pod"/g;
const POD_NAME = /\bName:"([^"]+)"/g;
/** The same as structured logging has it. */
const STRUCTURED = /Event occurred/g;
const STRUCTURED_OBJECT = /\bobject="([^"]*)"/g;
const STRUCTURED_REASON = /\breason="(\w+)"/g;
/** An event as the Go test of the seed's report prints it. */
const ROLLOUT_TEST = /roll out event: event=(\w+) pod=(\S+)/;

/** The word in a klog message, or `null`: most lines are about something else. Each line is read once, however long it is. */
export function terminationWord(message: string): TerminationWord | null {
  const signal = valuesInTurn(message, SIGNAL, SIGNAL_NAME);
  if (signal !== null) return { form: "signal", name: signal[1] ?? "", pod: null };
  if (message.includes(EXITING)) return { form: "signal", name: "Exiting", pod: null };
  const recorded = recordedEvent(message);
  if (recorded !== null) {
    const pod = valuesInTurn(recorded.object, POD, POD_NAME);
    return { form: "event", name: recorded.reason, pod: pod?.[1] ?? null };
  }
  const structured = valuesInTurn(message, STRUCTURED, STRUCTURED_OBJECT, STRUCTURED_REASON);
  if (structured !== null) {
    const [, object = "", name = ""] = structured;
    return { form: "event", name, pod: object.slice(object.lastIndexOf("/") + 1) || null };
  }
  const test = ROLLOUT_TEST.exec(message);
  return test === null ? null : { form: "event", name: test[1] ?? "", pod: test[2] ?? null };
}

/**
 * What each of the patterns catches, the first match of each being looked for behind the one before; `null` if one is missing.
 * One pattern with `.*?` between them says the same, and takes time with the square or the cube of a line that almost matches.
 */
function valuesInTurn(text: string, ...patterns: readonly RegExp[]): string[] | null {
  const values: string[] = [];
  let from = 0;
  for (const pattern of patterns) {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match === null) return null;
    values.push(match[1] ?? "");
    from = pattern.lastIndex;
  }
  return values;
}

function recordedEvent(message: string): { readonly object: string; readonly reason: string } | null {
  for (let at = message.indexOf(RECORDED); at >= 0; ) {
    const brace = message.indexOf("}", at);
    if (brace < 0) return null;
    RECORDED_REST.lastIndex = brace;
    const reason = RECORDED_REST.exec(message)?.[1];
    if (reason !== undefined) return { object: message.slice(at + RECORDED.length, brace), reason };
    at = message.indexOf(RECORDED, brace);
  }
  return null;
}

/** Names of today, and those of the releases around 4.5, by the moment they tell. */
const MARKERS: Readonly<Record<string, Marker>> = {
  ShutdownInitiated: "termination.started",
  TerminationStart: "termination.started",
  LateConnections: "late.connections",
  AfterShutdownDelayDuration: "delay.finished",
  TerminationMinimalShutdownDurationFinished: "delay.finished",
  NotAcceptingNewRequest: "not.accepting",
  InFlightRequestsDrained: "drained",
  HTTPServerStoppedListening: "listener.stopped",
  TerminationStoppedServing: "listener.stopped",
  TerminationGracefulTerminationFinished: "terminated",
  Exiting: "terminated",
};

/** One moment, named rightly. */
export interface TerminationMoment {
  readonly marker: Marker;
  readonly detail: string;
}

/**
 * Turns the words of one API server into markers, in the order in which they were said.
 *
 * OpenShift records its event `InFlightRequestsDrained` when the server stops taking new requests, and none when they are drained;
 * klog's signal of the same name is right. Order and form tell them apart: as a signal it means what it says; as an event, within
 * one termination, the first one means `not.accepting` if no word for that came before it, and `drained` otherwise.
 *
 * Each marker is told once in a termination, by the first word for it. A termination ends where the next `termination.started`
 * follows any later word.
 */
export class TerminationReader {
  readonly #told = new Set<Marker>();
  #lastAtMs = Number.NEGATIVE_INFINITY;

  /** `null`: no word of ours, or said before. `atMs`: when it was said. */
  read(word: TerminationWord, atMs: number): TerminationMoment | null {
    const known = Object.hasOwn(MARKERS, word.name) ? MARKERS[word.name] : undefined;
    if (known === undefined) return null;
    if (known === "termination.started" && this.#begunAnew(atMs)) this.#told.clear();
    this.#lastAtMs = Math.max(this.#lastAtMs, atMs);
    const misnamed = word.form === "event" && known === "drained" && !this.#told.has("not.accepting");
    const marker = misnamed ? "not.accepting" : known;
    if (this.#told.has(marker)) return null;
    this.#told.add(marker);
    return { marker, detail: misnamed ? `${word.name}, said when no new request is accepted` : word.name };
  }

  /** A second word for the same signal follows within a second; a second termination comes after all the rest of the first. */
  #begunAnew(atMs: number): boolean {
    const later = [...this.#told].some((marker) => marker !== "termination.started");
    return later || atMs - this.#lastAtMs > 5_000;
  }
}
