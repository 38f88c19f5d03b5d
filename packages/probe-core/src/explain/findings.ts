import type { VerdictType } from "../classify/verdict-types.js";
import { EXPLAIN_BOUNDS } from "./bounds.js";
import type { ExplainedMarker, Finding, InputPart, LineNumber } from "./explain-types.js";
import { hostPart, isHairpin } from "./go-error.js";
import { TEXT_LIMITS, type TextLimit } from "./go-rules.js";
import type { Group } from "./groups.js";
import { partName } from "./parts.js";

/** Everything a finding may rest on. */
export interface Findable {
  readonly groups: readonly Group[];
  readonly markers: readonly ExplainedMarker[];
  readonly parts: readonly InputPart[];
}

/** The rules, in the order in which a reader wants their findings. */
const RULES: readonly ((input: Findable) => readonly Finding[])[] = [
  oneConnection,
  severalConnections,
  hairpin,
  unsafeToRetry,
  sameInstant,
  twoFaces,
  markersBehind,
  announced,
  newConnectionsFailed,
  newConnectionsNotTested,
  noAddress,
  lastStream,
  toldTwice,
  ownFailures,
];

/** What follows from the lines. */
export function findingsOf(input: Findable): readonly Finding[] {
  return RULES.flatMap((rule) => rule(input).slice(0, EXPLAIN_BOUNDS.findingsOfOneKind));
}

/** What the texts that were there leave open. */
export function limitsOf({ groups }: Findable): readonly Finding[] {
  return (Object.keys(TEXT_LIMITS) as TextLimit[]).flatMap((id) => {
    const concerned = groups.filter(({ leavesOpen }) => leavesOpen.has(id));
    return concerned.length === 0 ? [] : [{ id, text: TEXT_LIMITS[id], evidence: evidenceOf(concerned) }];
  });
}

function oneConnection({ groups, parts }: Findable): readonly Finding[] {
  return byPart(groups).flatMap(([part, own]) => {
    const addressed = own.filter(({ grouping }) => grouping === "address");
    const [only] = addressed;
    if (only === undefined || addressed.length > 1 || only.failures < 2) return [];
    const rest = sum(own.filter(({ grouping, kind }) => grouping === "burst" && kind === "connection"));
    const others =
      rest === 0
        ? ""
        : ` ${count(rest, "further line")} of lost connections ${rest === 1 ? "names" : "name"} no address.`;
    return [
      {
        id: "one-connection",
        text: `${partName(parts, part)}: ${only.failures === 2 ? "both" : `all ${only.failures}`} failures that name a connection name one, ${ends(only)}. That is one lost connection told ${only.failures} times, not ${only.failures} independent errors.${others}`,
        evidence: evidenceOf([only]),
      },
    ];
  });
}

function severalConnections({ groups, parts }: Findable): readonly Finding[] {
  return byPart(groups).flatMap(([part, own]) => {
    const addressed = own.filter(({ grouping }) => grouping === "address");
    if (addressed.length < 2) return [];
    const spanMs = span(addressed) / 1_000;
    return [
      {
        id: "several-connections",
        text: `${partName(parts, part)}: ${sum(addressed)} failures came from ${addressed.length} connections, the first and the last ${duration(spanMs)} apart.`,
        evidence: evidenceOf(addressed),
      },
    ];
  });
}

function hairpin({ groups }: Findable): readonly Finding[] {
  const looped = groups.filter(({ local, remote }) => local !== null && remote !== null && isHairpin(local, remote));
  if (looped.length === 0) return [];
  const addresses = [...new Set(looped.map(({ remote }) => hostPart(remote ?? "")))];
  return [
    {
      id: "hairpin",
      text: `Hairpin: ${count(looped.length, "connection")} with local IP equal to remote IP (${addresses.join(", ")}). The balancer's address is in the host's own routing table: the packets never left the host, so the backend was the one on the same host, whatever the balancer's health checks said.`,
      evidence: evidenceOf(looped),
    },
  ];
}

function unsafeToRetry({ groups }: Findable): readonly Finding[] {
  const lost = groups.filter(({ unsafe }) => unsafe > 0);
  if (lost.length === 0) {
    const failed = groups.filter(({ ours, kind }) => !ours && kind !== "attempt");
    const named = failed.some(({ byVerb }) => [...byVerb.keys()].some((verb) => verb !== "unknown"));
    return named
      ? [
          {
            id: "safe-to-retry",
            text: "No write is among the lost requests that name a verb: GET and WATCH may be asked again.",
            evidence: evidenceOf(failed),
          },
        ]
      : [];
  }
  const verbs = new Map<string, number>();
  for (const { unsafeByVerb } of lost) {
    for (const [verb, times] of unsafeByVerb) verbs.set(verb, (verbs.get(verb) ?? 0) + times);
  }
  const words = [...verbs].sort(([, a], [, b]) => b - a).map(([verb, times]) => `${verb} ${times}`);
  const hints = [
    verbs.has("POST")
      ? "a POST that was carried out makes a second object when it is repeated, or 409 AlreadyExists if it named it"
      : "",
    verbs.has("DELETE") ? "a DELETE that was carried out answers 404 when it is repeated" : "",
    verbs.has("PUT") || verbs.has("PATCH")
      ? "a PUT or PATCH that was carried out may answer 409 Conflict, or overwrite a change made since"
      : "",
  ].filter((hint) => hint !== "");
  return [
    {
      id: "unsafe-to-retry",
      text: `${count(
        [...verbs.values()].reduce((all, each) => all + each, 0),
        "lost write",
      )} unsafe to retry: ${words.join(", ")}. Nobody can say whether the server carried them out: ${hints.join("; ")}. client-go repeats GET alone by itself.`,
      evidence: evidenceOf(lost),
    },
  ];
}

/** Failures so close on two hosts have one cause behind both. */
const SAME_INSTANT_MICROS = 100_000;

function sameInstant({ groups, parts }: Findable): readonly Finding[] {
  const lost = groups
    .filter(({ kind, ours }) => kind === "connection" && !ours)
    .sort((a, b) => a.firstMicros - b.firstMicros);
  const found: Finding[] = [];
  for (const [index, first] of lost.entries()) {
    const second = lost[index + 1];
    if (second === undefined || second.firstMicros - first.firstMicros > SAME_INSTANT_MICROS) continue;
    if (second.part === first.part || sameHost(first, second)) continue;
    const gapMs = (second.firstMicros - first.firstMicros) / 1_000;
    found.push({
      id: "same-instant",
      text: `${partName(parts, first.part)} and ${partName(parts, second.part)} failed ${duration(gapMs)} apart (${mainType(first)}, then ${mainType(second)}). If these are two hosts with clocks in step, one cause behind both closed the connections: a backend or the balancer, not each host by itself. How far their clocks were apart is not in the logs.`,
      evidence: [first.evidence[0] ?? 0, second.evidence[0] ?? 0],
    });
  }
  return found;
}

function sameHost(a: Group, b: Group): boolean {
  return (
    a.local !== null && b.local !== null && hostPart(a.local) === hostPart(b.local) && !onHairpin(a) && !onHairpin(b)
  );
}

/** On a hairpin every host's local address is the balancer's. */
function onHairpin({ local, remote }: Group): boolean {
  return local !== null && remote !== null && isHairpin(local, remote);
}

function twoFaces({ groups, parts }: Findable): readonly Finding[] {
  return byPart(groups).flatMap(([part, own]) => {
    const pipes = own.filter(({ byType }) => byType.has("tcp.broken_pipe"));
    const goaways = own.filter(({ byType }) => byType.has("h2.goaway"));
    for (const pipe of pipes) {
      const near = goaways.find(({ firstMicros }) => Math.abs(firstMicros - pipe.firstMicros) <= 1_000_000);
      if (near === undefined) continue;
      const gapMs = Math.abs(near.firstMicros - pipe.firstMicros) / 1_000;
      return [
        {
          id: "two-faces",
          text: `${partName(parts, part)}: "broken pipe" and "GOAWAY and closed" ${duration(gapMs)} apart may be two faces of one close, or two connections: the GOAWAY's text names no address.`,
          evidence: evidenceOf([pipe, near]),
        },
      ];
    }
    return [];
  });
}

function markersBehind({ markers, parts }: Findable): readonly Finding[] {
  return markers
    .filter(({ told, lagAfterFailureMs }) => told === "event" && lagAfterFailureMs !== null)
    .map(({ reason, pod, lagAfterFailureMs, part, evidence }) => ({
      id: "marker-on-failing-path",
      text: `${partName(parts, part)}: ${reason}${pod === null ? "" : ` of ${pod}`} was heard of ${duration(lagAfterFailureMs ?? 0)} after the first failure. It rode the failing path: an event that is watched through an address comes when that address works again, and cannot date its failure.`,
      evidence,
    }));
}

function announced({ markers }: Findable): readonly Finding[] {
  return markers
    .filter(({ told, nextFailureAfterMs }) => told === "signal" && nextFailureAfterMs !== null)
    .map(({ reason, at, nextFailureAfterMs, evidence }) => ({
      id: "failure-after-signal",
      text: `The first failure after the API server's ${reason} (${at}) came ${duration(nextFailureAfterMs ?? 0)} later. Logs of two hosts: as far as their clocks agree.`,
      evidence,
    }));
}

function newConnectionsFailed({ groups }: Findable): readonly Finding[] {
  const attempts = groups.filter(({ kind, ours }) => kind === "attempt" && !ours);
  if (attempts.length === 0) return [];
  const words = attempts
    .slice(0, 6)
    .map((group) => `${group.failures} ${mainType(group)} to ${group.remote ?? "an address that is not told"}`);
  return [
    {
      id: "new-connections-failed",
      text: `${count(sum(attempts), "attempt")} to connect failed: ${words.join(", ")}. How many were made, and so how many worked, is not in the logs.`,
      evidence: evidenceOf(attempts),
    },
  ];
}

function newConnectionsNotTested({ groups }: Findable): readonly Finding[] {
  const lost = groups.filter(({ kind, ours }) => kind === "connection" && !ours);
  if (lost.length === 0 || groups.some(({ kind, ours }) => kind === "attempt" && !ours)) return [];
  return [
    {
      id: "new-connections-not-tested",
      text: "New connections were not tested: no line tells of an attempt to connect. client-go's transports share one connection per server, so that any number of workers opens a new one only when it is lost. That none failed here is no evidence that new connections are accepted during a rollout. All these lines are of connections that stood.",
      evidence: evidenceOf(lost),
    },
  ];
}

function noAddress({ groups }: Findable): readonly Finding[] {
  const bursts = groups.filter(({ kind, grouping, ours }) => kind === "connection" && grouping === "burst" && !ours);
  if (bursts.length === 0) return [];
  return [
    {
      id: "no-address",
      text: `${count(sum(bursts), "failure")} in ${count(bursts.length, "burst")} ${sum(bursts) === 1 ? "names" : "name"} no address. Failures of one kind less than a second apart are shown as one burst; whether it was one connection cannot be told.`,
      evidence: evidenceOf(bursts),
    },
  ];
}

function lastStream({ groups }: Findable): readonly Finding[] {
  return groups.flatMap((group) =>
    [...group.goaways.values()].flatMap(({ lastStreamId, errorCode }) => {
      if (lastStreamId === null || lastStreamId === 0) return [];
      const served = (lastStreamId + 1) / 2;
      return [
        {
          id: "last-stream",
          text: `GOAWAY ${errorCode ?? ""} with LastStreamID ${lastStreamId}: ${Number.isInteger(served) ? `about ${served} requests had been read on that one connection` : "an even number, which no client's stream has"}. The requests that failed were at or below it: the server had promised to answer them, and the connection was closed first.`,
          evidence: evidenceOf([group]),
        },
      ];
    }),
  );
}

function toldTwice({ groups }: Findable): readonly Finding[] {
  const again = groups.filter(
    ({ toldAgain, failures, kind }) => kind === "connection" && toldAgain > 0 && failures > toldAgain,
  );
  if (again.length === 0) return [];
  const lines = again.reduce((all, { toldAgain }) => all + toldAgain, 0);
  return [
    {
      id: "lines-not-requests",
      text: `${count(lines, "line")} of these ${lines === 1 ? "names" : "name"} no verb: several layers of a program log the same failure, so lines are not requests. They are not counted as unsafe to retry.`,
      evidence: evidenceOf(again),
    },
  ];
}

function ownFailures({ groups }: Findable): readonly Finding[] {
  const own = groups.filter(({ ours }) => ours);
  if (own.length === 0) return [];
  const types = new Set(own.flatMap(({ byType }) => [...byType.keys()]));
  return [
    {
      id: "given-up-by-the-client",
      text: `${count(sum(own), "line")} ${sum(own) === 1 ? "tells" : "tell"} of requests that the client itself gave up or could not make (${[...types].join(", ")}). That is no failure of the service; an earlier line may say what led to it.`,
      evidence: evidenceOf(own),
    },
  ];
}

function byPart(groups: readonly Group[]): readonly (readonly [number, readonly Group[]])[] {
  const parts = new Map<number, Group[]>();
  for (const group of groups) {
    if (group.ours) continue;
    const own = parts.get(group.part);
    if (own === undefined) parts.set(group.part, [group]);
    else own.push(group);
  }
  return [...parts];
}

function evidenceOf(groups: readonly Group[]): readonly LineNumber[] {
  const lines = groups.flatMap(({ evidence }) => evidence);
  return [...new Set(lines)].sort((a, b) => a - b).slice(0, EXPLAIN_BOUNDS.evidence);
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((all, { failures }) => all + failures, 0);
}

function span(groups: readonly Group[]): number {
  const first = groups.reduce((least, { firstMicros }) => Math.min(least, firstMicros), Number.POSITIVE_INFINITY);
  const last = groups.reduce((most, { lastMicros }) => Math.max(most, lastMicros), Number.NEGATIVE_INFINITY);
  return last - first;
}

function mainType({ byType }: Group): VerdictType {
  return [...byType].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "unknown";
}

function ends({ local, remote }: Group): string {
  return `${local} -> ${remote}`;
}

function count(number: number, one: string): string {
  return `${number} ${number === 1 ? one : `${one}s`}`;
}

/** `9 ms`, `272 ms`, `1.2 s`, `2 m 05 s`. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
}
