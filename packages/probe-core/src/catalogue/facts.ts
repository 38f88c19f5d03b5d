import type { Incident } from "../classify/verdict-types.js";
import { type Endpoint, NANOS_PER_SECOND, type Nanos } from "../events/index.js";
import type { Explanation } from "../explain/explain-types.js";
import { isBalanced } from "../verdict/rollout/connection-book.js";
import { WELL } from "../verdict/rollout/place.js";
import type { BackendRollout, PhaseSpan, RolloutSummary } from "../verdict/rollout/rollout-types.js";
import type { Summary } from "../verdict/summary-types.js";
import type { CatalogueFacts, FailureFact } from "./catalogue-types.js";

const NEAR_NS = 5 * NANOS_PER_SECOND;
/** A delay of a few seconds has no five of them at its end. */
const NEAR_SHARE = 0.25;

/** What a run's summary tells the catalogue. `stayed`: did the balanced path lead to the host's own server then, as the logs of all nodes show it. */
export function factsOfSummary(summary: Summary, stayed: (t: Nanos) => boolean | null): CatalogueFacts {
  const rollout = summary.rollout ?? null;
  const { byType } = summary.requests;
  const turnedAway = byType["http.retry_after"] ?? 0;
  return {
    from: "run",
    failures: [
      ...summary.incidents.map((incident) => failureOf(incident, rollout, stayed)),
      ...(turnedAway === 0 ? [] : [requests("http.retry_after", turnedAway)]),
    ],
    paths: summary.paths.map(({ path, newConnections }) => ({
      path,
      balanced: isBalanced(path),
      attempted: newConnections.attempted,
      failed: newConnections.failed,
    })),
    rollout: rollout === null ? null : rolloutFacts(rollout),
  };
}

function requests(type: FailureFact["type"], count: number): FailureFact {
  return {
    of: "request",
    type,
    close: null,
    closeNotify: null,
    hairpin: null,
    path: null,
    balanced: null,
    t: 0,
    sinceT0Ns: null,
    atDelayEnd: null,
    inDelay: null,
    wasWell: null,
    count,
  };
}

function failureOf(
  incident: Incident,
  rollout: RolloutSummary | null,
  stayed: (t: Nanos) => boolean | null,
): FailureFact {
  const { type, close, closeNotify, local, remote, path, t } = incident;
  const placed = rollout?.incidents.find(({ conn }) => conn === incident.conn) ?? null;
  return {
    of: isAttempt(incident) ? "attempt" : "connection",
    type,
    close,
    closeNotify,
    hairpin: (isBalanced(path) ? stayed(t) : null) ?? isHairpin(local, remote),
    path,
    balanced: isBalanced(path),
    t,
    sinceT0Ns: placed?.sinceT0Ns ?? null,
    wasWell: placed?.by === "connection" && placed.phase !== null ? WELL.has(placed.phase) : null,
    ...inItsDelay(t, placed?.backend ?? null, rollout?.rollouts ?? []),
    count: 1,
  };
}

/** An attempt that ends in its TLS handshake has a close too, since TCP stood; but its TLS never did. */
function isAttempt({ close, type, lane, closeNotify }: Incident): boolean {
  const inHandshake = closeNotify === null && (lane === "fresh.tls" || lane === "fresh.h2");
  return close === null || type.startsWith("tls.") || (inHandshake && (type === "tcp.reset" || type === "tcp.closed"));
}

/** `null` where the addresses cannot tell: on loopback all have the same. */
function isHairpin(local: Endpoint | null, remote: Endpoint | null): boolean | null {
  if (local === null || remote === null || /^(?:127\.|\[::1\])/.test(remote)) return null;
  const ip = (endpoint: Endpoint): string => endpoint.slice(0, endpoint.lastIndexOf(":"));
  return ip(local) === ip(remote);
}

/** `null` where no delay's end was seen. */
function inItsDelay(
  t: Nanos,
  backend: string | null,
  rollouts: readonly BackendRollout[],
): Pick<FailureFact, "atDelayEnd" | "inDelay"> {
  const delays = rollouts
    .filter((rollout) => backend === null || rollout.backend === backend)
    .flatMap(({ t0, delayNs }) => (t0 === null || delayNs === null ? [] : [{ from: t0.t, delayNs }]));
  if (delays.length === 0) return { atDelayEnd: null, inDelay: null };
  const near = (delayNs: Nanos): Nanos => Math.min(NEAR_NS, delayNs * NEAR_SHARE);
  return {
    atDelayEnd: delays.some(({ from, delayNs }) => Math.abs(t - from - delayNs) <= near(delayNs)),
    inDelay: delays.some(({ from, delayNs }) => t >= from && t < from + delayNs - near(delayNs)),
  };
}

function rolloutFacts({ headline, rollouts }: RolloutSummary): CatalogueFacts["rollout"] {
  return {
    marginNs: headline.marginNs,
    stoppedWhileChosen: rollouts.some(({ stoppedWhileChosen }) => stoppedWhileChosen),
    beforeReady: headline.beforeReady,
    drainNs: longest(rollouts.flatMap(({ phases }) => phases.flatMap(drainOf))),
    openAtStop: headline.inFlight.total,
  };
}

function drainOf({ phase, from, to }: PhaseSpan): readonly Nanos[] {
  return phase !== "refusing-or-429" || from === null || to === null ? [] : [to - from.t];
}

function longest(times: readonly Nanos[]): Nanos | null {
  return times.length === 0 ? null : Math.max(...times);
}

/** Names of the marker that tells the end of the shutdown delay, today's and those of the seed's time. */
const DELAY_END = new Set(["AfterShutdownDelayDuration", "TerminationMinimalShutdownDurationFinished"]);

/** What explained logs tell the catalogue: no clean ends, no attempts that worked, no phases but by markers that are near. */
export function factsOfExplanation({ connections, attempts, requests, markers }: Explanation): CatalogueFacts {
  const ends = markers.filter(({ reason }) => DELAY_END.has(reason));
  // An event says something of its own part; where none came in a part, nothing is known of its delay.
  const near = (part: number, at: string): boolean | null => {
    const own = ends.filter((end) => end.told === "signal" || end.part === part);
    return own.length === 0 ? null : own.some((end) => Math.abs(nanosOf(end.at) - nanosOf(at)) <= NEAR_NS);
  };
  const rest = {
    closeNotify: null,
    path: null,
    balanced: null,
    sinceT0Ns: null,
    inDelay: null,
    wasWell: null,
  } as const;
  return {
    from: "explanation",
    failures: [
      ...connections.flatMap(({ byType, hairpin, firstAt, part, grouping }) =>
        Object.entries(byType).map(
          ([type, lines]): FailureFact => ({
            ...rest,
            of: "connection",
            type: type as FailureFact["type"],
            close: null,
            hairpin,
            t: nanosOf(firstAt),
            atDelayEnd: near(part, firstAt),
            // Of a connection with an address there is one; of a burst nobody knows, and its lines are what was lost at once.
            count: grouping === "address" ? 1 : lines,
          }),
        ),
      ),
      ...attempts.map(
        ({ type, firstAt, part, failures }): FailureFact => ({
          ...rest,
          of: "attempt",
          type,
          close: null,
          hairpin: null,
          t: nanosOf(firstAt),
          atDelayEnd: near(part, firstAt),
          count: failures,
        }),
      ),
      ...requests.map(
        ({ type, firstAt, failures }): FailureFact => ({
          ...rest,
          of: "request",
          type,
          close: null,
          hairpin: null,
          t: nanosOf(firstAt),
          atDelayEnd: null,
          count: failures,
        }),
      ),
    ],
    paths: [],
    rollout: null,
  };
}

/** Of a time as an explanation writes it: exact to about a microsecond, as far as one number goes. */
function nanosOf(iso: string): Nanos {
  return (Date.parse(`${iso.slice(0, 23)}Z`) * 1_000 + Number(iso.slice(23, 26))) * 1_000;
}
