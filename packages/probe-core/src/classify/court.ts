import type { Attribution } from "../attribute/attribution.js";
import type { OpenConnection } from "../attribute/open-connection.js";
import type { OpenRequest } from "../attribute/open-request.js";
import type { Outage } from "../attribute/path-reach.js";
import type { ConnectionId, Lane, PathName, Stamp } from "../events/index.js";
import { LIMITS } from "../limits.js";
import { type ConnectionEnd, endedByRun, fails, judgeConnection } from "./connection-end.js";
import { ascending, type Evidence, evidenceOf } from "./evidence.js";
import { IncidentLedger } from "./incident-ledger.js";
import { Casualties, IncidentRecord } from "./incident-record.js";
import { type RequestEnd, requestRuleFor } from "./request-rules.js";
import type { ConnectionVerdict, Incident, RequestVerdict } from "./verdict-types.js";

/** Who hears the judgements, in an order that depends on the log alone. */
export interface CourtListener {
  onRequestOk(path: PathName, lane: Lane): void;
  /** `worstU`: the largest `u` of the events it rests on. */
  onRequestVerdict(verdict: RequestVerdict, worstU: number): void;
  onConnectionVerdict(verdict: ConnectionVerdict, worstU: number): void;
  /** Complete as far as the log went when the next instant began. */
  onIncident(incident: Incident): void;
}

/** What is held of an open connection beyond the facts. */
interface Docket {
  end: ConnectionEnd | null;
  readonly casualties: Casualties;
  outage: Outage | null;
}

/** What is remembered of a connection whose verdict was given. */
interface EndedConnection {
  readonly verdict: ConnectionVerdict;
  readonly deciding: Evidence;
  incident: IncidentRecord | null;
}

/** Gives each request and each connection its one verdict, and joins casualties and connections to incidents. */
export class Court {
  readonly incidents: IncidentLedger;
  /** Sequence numbers that found no place in an incident's evidence. */
  droppedEvidence = 0;
  readonly #attribution: Attribution;
  readonly #listener: CourtListener;
  readonly #dockets = new Map<ConnectionId, Docket>();
  readonly #ended = new Map<ConnectionId, EndedConnection>();

  constructor(attribution: Attribution, listener: CourtListener) {
    this.#attribution = attribution;
    this.#listener = listener;
    this.incidents = new IncidentLedger((incident) => listener.onIncident(incident));
  }

  /** The first terminal fact of an open connection; `null` before it. */
  endOf(id: ConnectionId): ConnectionEnd | null {
    return this.#dockets.get(id)?.end ?? null;
  }

  /** Was its verdict given, as far as we remember? */
  hasJudged(id: ConnectionId): boolean {
    return this.#ended.has(id);
  }

  /** Files a connection's end. Its verdict waits until nothing can follow. */
  fileEnd(conn: OpenConnection, end: ConnectionEnd): void {
    const docket = this.#docket(conn);
    docket.end = end;
    if (fails(conn, end)) docket.outage ??= this.#attribution.path(conn.path).failureSeen(end.at.t);
  }

  /** Nothing of the connection can follow: judges it, and then the requests it takes along, in the order they were sent. */
  judgeConnection(conn: OpenConnection, end: ConnectionEnd, now: Stamp): void {
    const path = this.#attribution.path(conn.path);
    const { verdict, deciding, worstU } = judgeConnection(conn, end);
    const { close, type } = verdict;
    const itsOwnFailure = type !== "local.resources" && type !== "unknown" && !endedByRun(end);
    if (!conn.worked && itsOwnFailure) path.attemptFailed(conn.epoch, conn.startedAt);
    this.#listener.onConnectionVerdict(verdict, worstU);

    const lost = [...conn.streams.values(), ...conn.waiting];
    for (const request of lost) this.judgeRequest(request, { kind: "connection.ended", close, type }, end.at, deciding);
    const ended: EndedConnection = { verdict, deciding, incident: null };
    const docket = this.#dockets.get(conn.id);
    const casualties = docket?.casualties ?? new Casualties();
    const incidentType = type ?? casualties.type;
    if (incidentType !== null && incidentType !== "local.resources") {
      const outage = docket?.outage ?? path.failureSeen(verdict.t);
      ended.incident = this.incidents.open(new IncidentRecord(verdict, incidentType, casualties, outage), now);
      this.droppedEvidence += casualties.droppedEvidence;
    }
    this.#dockets.delete(conn.id);
    this.#attribution.forgetConnection(conn);
    this.#remember(ended);
  }

  /**
   * Judges a request by what ended it, if that ends it. Decided at `at`; cites `deciding` (default: `at` alone) beside the
   * request's own events.
   */
  judgeRequest(
    request: OpenRequest,
    end: RequestEnd,
    at: Stamp,
    deciding: Evidence = evidenceOf([at]),
  ): RequestVerdict | null {
    const rule = requestRuleFor(end, request);
    if (rule === undefined) return null;
    this.#attribution.forgetRequest(request);
    if (rule.outcome === "ok") {
      this.#listener.onRequestOk(request.path, request.lane);
      return null;
    }
    const { scope, processed, type } = rule.outcome;
    const ofConnection = end.kind === "connection.ended" ? end.type : null;
    const verdict: RequestVerdict = {
      kind: "verdict",
      scope,
      type: type === "connection" ? (ofConnection ?? "unknown") : type,
      processed,
      conn: request.conn,
      stream: request.stream,
      request: request.id,
      path: request.path,
      lane: request.lane,
      method: request.method,
      url: request.url,
      status: request.status,
      t: at.t,
      u: at.u,
      evidence: ascending([...request.evidence, ...deciding.seqs]),
    };
    this.#listener.onRequestVerdict(verdict, Math.max(request.worstU, deciding.worstU));
    const conn = request.conn === null ? undefined : this.#attribution.connections.get(request.conn);
    if (scope === "connection" && conn !== undefined) {
      const docket = this.#docket(conn);
      docket.casualties.add(verdict);
      docket.outage ??= this.#attribution.path(conn.path).failureSeen(at.t);
    }
    return verdict;
  }

  /** Judges a request given up with an attempt that was judged before it ({@link hasJudged}). */
  judgeLate(request: OpenRequest, conn: ConnectionId, at: Stamp): void {
    const ended = this.#ended.get(conn);
    if (ended === undefined) return;
    const { close, type } = ended.verdict;
    const verdict = this.judgeRequest(request, { kind: "connection.ended", close, type }, at, ended.deciding);
    if (verdict !== null && verdict.scope === "connection" && verdict.type !== "local.resources") {
      ended.incident ??= this.#openLate(ended.verdict, verdict, at);
      ended.incident.casualties.add(verdict);
    }
  }

  #openLate(ended: ConnectionVerdict, first: RequestVerdict, at: Stamp): IncidentRecord {
    const outage = this.#attribution.path(first.path).failureSeen(at.t);
    return this.incidents.open(new IncidentRecord(ended, first.type, new Casualties(), outage), at);
  }

  #docket(conn: OpenConnection): Docket {
    let docket = this.#dockets.get(conn.id);
    if (docket === undefined) {
      docket = { end: null, casualties: new Casualties(), outage: null };
      this.#dockets.set(conn.id, docket);
    }
    return docket;
  }

  #remember(ended: EndedConnection): void {
    this.#ended.set(ended.verdict.conn, ended);
    if (this.#ended.size <= LIMITS.endedConnectionsRemembered) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }
}
