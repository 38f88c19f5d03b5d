import type {
  BackendRollout,
  ClientGoCaller,
  ClientGoSummary,
  InFlight,
  Moment,
  Objective,
  PhaseCount,
  Placement,
  RolloutSummary,
  Summary,
} from "@drainprobe/core";
import { formatCount, formatDuration, formatT, formatWall, plural } from "../text/format.js";
import { field, wrap } from "../text/layout.js";
import { printable } from "../text/printable.js";
import type { ReportStyle } from "./report-input.js";

const INDENT = 5;
const LABEL = 11;

/** What the rollouts were, and what they did to clients; nothing for a run that knew of none. Ends with an empty line. */
export function rolloutLines(
  { rollout, clientGo, writes }: Summary,
  epochWall: string | null,
  style: ReportStyle,
): string[] {
  const { width, palette } = style;
  const told = rollout ?? null;
  return [
    ...(told === null
      ? []
      : [
          palette.bold(`Rollouts (${formatCount(told.rollouts.length)})`),
          ...told.rollouts.flatMap((each, index) => oneRollout(each, index + 1, told.byPhase, epochWall, style)),
          ...wrap(sourceWords(told), width - 2).map((line) => `  ${palette.dim(line)}`),
          ...headlineLines(told, width),
          "",
          palette.bold("Objectives"),
          ...told.objectives.flatMap((objective) => objectiveLines(objective, style)),
          ...allowedLines(told, style),
          "",
        ]),
    ...(clientGo === null || clientGo === undefined || clientGo.requests === 0 ? [] : clientGoLines(clientGo, style)),
    ...(writes === null || writes === undefined
      ? []
      : [
          ...wrap(
            `lost writes read back: ${formatCount(writes.applied)} had been applied, so that a retry would have been wrong; ${formatCount(writes.notApplied)} had not; ${formatCount(writes.unknown)} could not be told`,
            width,
          ),
          "",
        ]),
  ];
}

function allowedLines({ allowed }: RolloutSummary, { width, palette }: ReportStyle): string[] {
  const { incidents, requests } = allowed;
  if (incidents + requests === 0) return [];
  const text = `no threshold counts ${plural(incidents, "connection")} and ${plural(requests, "request")} that a server which goes cannot spare its clients: refused, or left unprocessed with notice`;
  return wrap(text, width - 2).map((line) => `  ${palette.dim(line)}`);
}

/** `master-0, terminating-not-ready, 1.23 s after T0`; `null` where a failure has no place. */
export function placeWords({ backend, phase, sinceT0Ns, by }: Placement): string | null {
  if (backend === null) return null;
  const since = sinceT0Ns === null ? "" : `, ${formatDuration(sinceT0Ns)} after its T0`;
  const what = phase === null ? "of which no marker tells" : printable(phase) + since;
  return by === "time"
    ? `while ${printable(backend)} was ${what} (who answered is not known)`
    : `${printable(backend)}, ${what}`;
}

function oneRollout(
  rollout: BackendRollout,
  number: number,
  counts: readonly PhaseCount[],
  epochWall: string | null,
  { width, palette }: ReportStyle,
): string[] {
  const line = (label: string, text: string | null): string[] =>
    text === null ? [] : field(label, text, INDENT, LABEL, width);
  return [
    `${String(number).padStart(3)}  ${palette.bold(printable(rollout.backend))}`,
    ...line("T0", rollout.t0 === null ? "not seen: no signal, or nobody told" : momentWords(rollout.t0, epochWall)),
    ...line("phases", phaseWords(rollout)),
    ...line("balancer", balancerWords(rollout)),
    ...line("in flight", inFlightWords(rollout.inFlight)),
    ...line("ended", endedWords(rollout)),
    ...line("failures", failureWords(rollout, counts)),
    ...line("doubt", doubtWords(rollout)),
  ];
}

function momentWords({ t, errorNs, source }: Moment, epochWall: string | null): string {
  const wall = formatWall(epochWall, t);
  return `${wall === null ? "" : `${wall}, `}${formatT(t)}, ± ${formatDuration(errorNs)}, by ${printable(source)}`;
}

function phaseWords({ phases, delayNs }: BackendRollout): string {
  const spans = phases.flatMap(({ phase, from, to }) => {
    if (from === null) return [];
    return [to === null ? `${printable(phase)} from then on` : `${printable(phase)} ${formatDuration(to - from.t)}`];
  });
  const delay = delayNs === null ? "" : `; D was ${formatDuration(delayNs)}`;
  return `${spans.join(", ")}${delay}`;
}

function balancerWords(rollout: BackendRollout): string | null {
  const { removalLagNs, acceptedAfterT0, watchedAfterT0, refusedWhileAway, marginNs, reAddLagNs, beforeReady } =
    rollout;
  const parts: string[] = [];
  if (removalLagNs !== null) {
    const margin =
      marginNs === null ? "" : marginNs < 0 ? ", AFTER the delay" : `, ${formatDuration(marginNs)} before the end of D`;
    const reached = `${acceptedAfterT0 === 0 ? "none" : formatCount(acceptedAfterT0)} of ${plural(watchedAfterT0, "new connection")} reached it after T0`;
    const last = `the last after ${formatDuration(removalLagNs)}${margin}`;
    if (refusedWhileAway > 0)
      parts.push(`${reached}, and ${formatCount(refusedWhileAway)} more were REFUSED while it did not listen, ${last}`);
    else parts.push(acceptedAfterT0 === 0 ? reached : `${reached}, ${last}`);
  }
  if (beforeReady !== null && beforeReady > 0)
    parts.push(`${plural(beforeReady, "connection")} reached it BEFORE it was ready`);
  if (reAddLagNs !== null) parts.push(`the first one came back ${formatDuration(reAddLagNs)} after it was ready`);
  return parts.length === 0 ? null : parts.join("; ");
}

function inFlightWords({ total, completed, turnedAway, cut, abandoned }: InFlight): string | null {
  if (total === 0) return null;
  const others = [
    turnedAway > 0 ? `${formatCount(turnedAway)} turned away unprocessed` : "",
    abandoned > 0 ? `${formatCount(abandoned)} given up by us` : "",
  ].filter((words) => words !== "");
  const rest = others.length === 0 ? "" : `; ${others.join(", ")}`;
  return `${formatCount(completed)} answered, ${formatCount(cut)} ${cut > 0 ? "CUT" : "cut"}, of ${plural(total, "request")}${rest}`;
}

function endedWords({ connectionsEnded, connectionsBroken }: BackendRollout): string | null {
  if (connectionsEnded === 0) return null;
  const broken =
    connectionsBroken === 0 ? "all after a GOAWAY that was kept" : `${formatCount(connectionsBroken)} BROKEN`;
  return `${plural(connectionsEnded, "connection")}, ${broken}`;
}

function failureWords({ backend }: BackendRollout, counts: readonly PhaseCount[]): string | null {
  const own = counts.filter((count) => count.backend === backend && count.phase !== null);
  const words = own.map(
    ({ phase, incidents, requests }) =>
      `${printable(phase ?? "")}: ${plural(incidents, "connection")}, ${plural(requests, "request")}`,
  );
  return words.length === 0 ? null : words.join("; ");
}

function doubtWords({ complete, conflicts, saidLate, ownLateConnections }: BackendRollout): string | null {
  const doubts = [
    complete ? "" : "not seen from T0 to the next green /readyz",
    conflicts > 0 ? `sources disagreed ${plural(conflicts, "time")}` : "",
    saidLate
      ? `the server itself complained of late connections${ownLateConnections === null ? "" : `; at least ${formatCount(ownLateConnections)} of them were ours`}`
      : "",
  ].filter((words) => words !== "");
  return doubts.length === 0 ? null : doubts.join("; ");
}

function sourceWords({ markers, unidentifiedConnections }: RolloutSummary): string {
  const told = Object.entries(markers).map(([source, count]) => `${printable(source)} ${formatCount(count ?? 0)}`);
  const unknown =
    unidentifiedConnections === 0
      ? ""
      : `; of ${plural(unidentifiedConnections, "connection")} nobody knows to which backend`;
  return `markers: ${told.join(", ")}${unknown}`;
}

function headlineLines({ headline }: RolloutSummary, width: number): string[] {
  const { neededDelayArithmetic, longestNewConnectionGapNs: gap, longestNewConnectionGapPath: path } = headline;
  const lines: string[] = [];
  if (gap !== null && path !== null) {
    lines.push(`longest time without a new connection: ${formatDuration(gap)}, path ${printable(path)}`);
  }
  if (neededDelayArithmetic !== null) {
    lines.push(`shutdown delay that this takes: ${printable(neededDelayArithmetic)}`);
  }
  return lines.flatMap((line) => wrap(line, width - 2).map((part) => `  ${part}`));
}

function objectiveLines({ text, result, why }: Objective, { width, palette }: ReportStyle): string[] {
  const paint = { pass: palette.green, fail: palette.red, inconclusive: palette.yellow }[result];
  const [first = "", ...rest] = field(result, `${text}: ${printable(why)}`, 2, 14, width);
  return [first.replace(result, paint(result)), ...rest];
}

function clientGoLines(summary: ClientGoSummary, { width, palette }: ReportStyle): string[] {
  const line = (label: string, caller: ClientGoCaller): string[] => field(label, callerWords(caller), 2, 20, width);
  return [
    palette.bold(`What client-go would have made of ${plural(summary.requests, "failed request")}`),
    ...line("a kubelet's GET", summary.kubeletGet),
    ...line("a controller's POST", summary.controllerPost),
    "",
  ];
}

function callerWords({ fates, retriesExhausted, longestWaitNs }: ClientGoCaller): string {
  const inTime = fates.retried - retriesExhausted;
  const parts = [
    fates.error + retriesExhausted > 0 ? `${plural(fates.error + retriesExhausted, "error")}` : "",
    inTime > 0 ? `${formatCount(inTime)} retried, and only late` : "",
    fates.unseen > 0 ? `${formatCount(fates.unseen)} unseen` : "",
    fates.waits > 0 ? `${formatCount(fates.waits)} that nothing ends` : "",
    fates["not-simulated"] > 0 ? `${formatCount(fates["not-simulated"])} not simulated` : "",
  ].filter((words) => words !== "");
  const wait = longestWaitNs === null ? "" : `; the longest wait ${formatDuration(longestWaitNs)}`;
  return `${parts.join(", ")}${wait}`;
}
