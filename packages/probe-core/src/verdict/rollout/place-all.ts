import type { Close, Processed, RequestVerdict, VerdictType } from "../../classify/verdict-types.js";
import type { BackendName, ConnectionId, Nanos, RequestId } from "../../events/index.js";
import type { BackendNames } from "./backend-names.js";
import type { BackendTrack } from "./backend-track.js";
import { type Connection, isBalanced } from "./connection-book.js";
import { place, WELL } from "./place.js";
import {
  type AllowedFailures,
  PHASES,
  type PhaseCount,
  type PlacedIncident,
  type PlacedRequest,
  type Placement,
} from "./rollout-types.js";

/** An incident, not placed yet. */
export interface IncidentFailure {
  readonly conn: ConnectionId;
  readonly t: Nanos;
  readonly close: Close | null;
  readonly type: VerdictType;
  readonly connection: Connection | null;
}

/** A failed request, not placed yet. */
export interface RequestFailure {
  readonly request: RequestId;
  readonly conn: ConnectionId | null;
  /** When the server was given it, if it failed by itself; one that was lost with its connection failed when that did. */
  readonly from: Nanos;
  readonly t: Nanos;
  readonly type: VerdictType;
  readonly scope: RequestVerdict["scope"];
  readonly processed: Processed;
  readonly connection: Connection | null;
  readonly unsafe: boolean;
  /** Lost with its connection, and perhaps acted on. */
  readonly cut: boolean;
}

/** All failures of a run in their places. */
export interface PlacedFailures {
  readonly incidents: readonly PlacedIncident[];
  readonly requests: readonly PlacedRequest[];
  readonly byPhase: readonly PhaseCount[];
  /** Requests cut while a backend was under way, on connections whose own backend is not known. */
  readonly cutUnplaced: number;
  readonly allowed: AllowedFailures;
}

/** What an attempt to connect meets where a server does not listen any more, or does not serve yet. */
const NOT_LISTENING: ReadonlySet<VerdictType> = new Set<VerdictType>([
  "tcp.refused",
  "tcp.reset",
  "tcp.closed",
  "tcp.timed_out",
  "tcp.unreachable",
  "tls.timed_out",
  "h2.settings.timed_out",
]);

/**
 * A server that goes takes no connection, and may leave requests to be asked elsewhere: how many objectives judge, not thresholds. Of
 * a server without markers (each node sees its own) the GOAWAY that it kept is the word that it goes.
 */
function isAllowedIncident({ close, type, connection }: IncidentFailure, { phase }: Placement): boolean {
  if (phase === null) return close === "graceful" && type === "h2.goaway";
  if (WELL.has(phase)) return false;
  const neverWorked = close === null || connection?.worked === false;
  return close === "graceful" || (neverWorked && NOT_LISTENING.has(type));
}

/**
 * Turned away with the promise that nothing was done, as by 429 and 503 with Retry-After. Or answered with an error by a server that is not
 * ready and that nobody but us asks then: past the balancer.
 */
function isAllowedRequest({ scope, type, processed, connection }: RequestFailure, { phase }: Placement): boolean {
  if (scope !== "request") return false;
  if (type === "http.error")
    return phase === "starting-not-ready" && connection !== null && !isBalanced(connection.path);
  if (processed !== "no") return false;
  return phase === null ? type === "http.retry_after" : !WELL.has(phase);
}

/** Places what was kept. */
export function placeAll(
  incidents: readonly IncidentFailure[],
  requests: readonly RequestFailure[],
  names: BackendNames,
  tracks: ReadonlyMap<BackendName, BackendTrack>,
): PlacedFailures {
  const counts = new Map<string, { -readonly [K in keyof PhaseCount]: PhaseCount[K] }>();
  const countFor = ({ backend, phase }: Placement): { -readonly [K in keyof PhaseCount]: PhaseCount[K] } => {
    const key = `${phase}\n${backend}`;
    const known = counts.get(key) ?? { backend, phase, incidents: 0, requests: 0, unsafeToRetry: 0 };
    counts.set(key, known);
    return known;
  };
  let cutUnplaced = 0;
  const allowed = { incidents: 0, requests: 0 };
  const placedIncidents = incidents.map((incident) => {
    const { conn, t, connection } = incident;
    const placement = place({ from: t, t }, connection, names, tracks);
    if (isAllowedIncident(incident, placement)) allowed.incidents += 1;
    countFor(placement).incidents += 1;
    return { conn, t, ...placement };
  });
  const placedRequests = requests.map((failure) => {
    const { request, conn, t, type, processed, connection, unsafe, cut } = failure;
    const placement = place(failure, connection, names, tracks);
    if (isAllowedRequest(failure, placement)) allowed.requests += 1;
    const count = countFor(placement);
    count.requests += 1;
    if (unsafe) count.unsafeToRetry += 1;
    if (cut && placement.by === "time") cutUnplaced += 1;
    return { request, conn, t, type, processed, ...placement };
  });
  return {
    incidents: placedIncidents,
    requests: placedRequests,
    byPhase: [...counts.values()].sort(byBackendAndPhase),
    cutUnplaced,
    allowed,
  };
}

/** Backends by name, the unknown one last; phases in their order. */
function byBackendAndPhase(a: PhaseCount, b: PhaseCount): number {
  if (a.backend !== b.backend) {
    if (a.backend === null) return 1;
    if (b.backend === null) return -1;
    return a.backend < b.backend ? -1 : 1;
  }
  const order = ({ phase }: PhaseCount): number => (phase === null ? PHASES.length : PHASES.indexOf(phase));
  return order(a) - order(b);
}
